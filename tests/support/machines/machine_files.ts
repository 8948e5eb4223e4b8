/**
 * Writes the files of a scratch machine with the modes and owners of a real one. Paths are machine
 * paths; owners are set when the tests run as root.
 */
import { createHash } from "node:crypto";

const encoder = new TextEncoder();

/** Mode and owner; 0644 (files) or 0755 (folders) of root by default. */
export interface Attributes {
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
}

export class MachineFiles {
  readonly #root: string;
  readonly #devices: string[][] = [];

  constructor(root: string) {
    this.#root = root;
  }

  /** The host path of a machine path; links are not looked at. */
  host(path: string): string {
    return this.#root + path;
  }

  /** Makes a folder and those above it. */
  folder(path: string, attributes: Attributes = {}): void {
    Deno.mkdirSync(this.host(path), { recursive: true, mode: 0o755 });
    this.#set(path, attributes, 0o755);
  }

  /** Writes a file; the folders above it are made. */
  file(path: string, text: string, attributes: Attributes = {}): void {
    this.#parent(path);
    this.#makeWritable(path);
    Deno.writeFileSync(this.host(path), encoder.encode(text));
    this.#set(path, attributes, 0o644);
  }

  /** Writes several small files into one folder, as /sys has them: each ends in a newline. */
  values(folder: string, values: Readonly<Record<string, string | number>>): void {
    for (const [name, value] of Object.entries(values)) {
      this.file(`${folder}/${name}`, `${value}\n`, { mode: 0o444 });
    }
  }

  link(path: string, target: string): void {
    this.#parent(path);
    Deno.symlinkSync(target, this.host(path));
  }

  /** A device node; made by {@link makeDevices}. */
  device(path: string, kind: "b" | "c", major: number, minor: number, mode = 0o660): void {
    this.#parent(path);
    this.#devices.push([this.host(path), mode.toString(8), kind, `${major}`, `${minor}`]);
  }

  /** Makes the device nodes, all at once; where the tests may not, plain files, and links to /dev/null, which may be bound. */
  makeDevices(): void {
    const made = Deno.uid() === 0 && new Deno.Command("sh", {
      args: [
        "-c",
        'while [ $# -gt 0 ]; do mknod -m "$2" "$1" "$3" "$4" "$5" || exit; shift 5; done',
        "sh",
        ...this.#devices.flat(),
      ],
      stderr: "null",
    }).outputSync().success;
    if (made) return;
    for (const [path, , kind, major] of this.#devices) {
      if (kind === "c" && Number(major) >= 200) Deno.symlinkSync("/dev/null", path!);
      else Deno.writeFileSync(path!, new Uint8Array());
    }
  }

  /** Puts a text into the machine's store and returns its path there. */
  store(name: string, text: string, mode = 0o444): string {
    const path = storePath(name, text);
    this.file(path, text, { mode });
    return path;
  }

  #parent(path: string): void {
    const parent = this.host(path.slice(0, path.lastIndexOf("/")));
    Deno.mkdirSync(parent, { recursive: true, mode: 0o755 });
  }

  /** Without root, a file that was written read-only cannot be written again. */
  #makeWritable(path: string): void {
    if (Deno.uid() === 0) return;
    try {
      Deno.chmodSync(this.host(path), 0o600);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }

  #set(path: string, { mode, uid, gid }: Attributes, fallback: number): void {
    if (Deno.uid() === 0 && (uid !== undefined || gid !== undefined)) {
      Deno.chownSync(this.host(path), uid ?? 0, gid ?? 0);
    }
    Deno.chmodSync(this.host(path), mode ?? fallback);
  }
}

/** A store path as Nix writes them: 32 characters of its base 32, then the name. */
export function storePath(name: string, content: string): string {
  const letters = "0123456789abcdfghijklmnpqrsvwxyz";
  const digest = createHash("sha256").update(`${name}\0${content}`).digest();
  const hash = [...digest].map((byte) => letters[byte % 32]).join("");
  return `/nix/store/${hash}-${name}`;
}
