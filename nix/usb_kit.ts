/**
 * Makes the folder to copy to a USB stick (docs/offline.md):
 *
 *     deno run -A nix/usb_kit.ts DIRECTORY [--executables FOLDER] [--commit SHA]
 *       [--with-system HOST] [--with-plan FILE] [-- NIX OPTIONS]
 *
 * `--executables` names a folder of <system>/<name> instead of compiling. `--commit` says which commit
 * this tree is where no `.git` does, so that smart-sync knows it after an installation. `--with-system`
 * builds a host of the flake and adds all it took, and the flake's inputs, as a signed binary cache;
 * `--with-plan` what the system of a machine takes that has no network, from the file that its plan names.
 */
import { ORIGIN_FILE, readCheckout } from "../lib/install/source/checkout_origin.ts";
import { listSource } from "../lib/install/source/source_listing.ts";
import { statIfSeen } from "../lib/machine/files/files.ts";
import { sha256 } from "../lib/machine/files/sha256.ts";
import { filesBelow } from "../lib/machine/tree/files_below.ts";
import { REPOSITORY } from "./bundle.ts";
import { compileAll, TARGETS, toolNames } from "./compile.ts";
import { setInterpreter } from "./elf.ts";
import { addCache, type CacheOptions } from "./kit_cache.ts";

/** The loader that the kit's executables name; the launcher points this link at the machine's own. */
const LOADER_LINK = "/run/hypervisor/ld.so";

/** What a kit is made of. */
export interface KitOptions extends CacheOptions {
  /** Must not exist yet, or be empty. */
  readonly folder: string;
  readonly executables?: string;
  readonly commit?: string;
}

/**
 * @throws Error when the folder is not empty, when there is no executable, or with Nix's words
 */
export async function makeKit(options: KitOptions): Promise<void> {
  const { report } = options;
  Deno.mkdirSync(options.folder, { recursive: true });
  const folder = Deno.realPathSync(options.folder);
  if ([...Deno.readDirSync(folder)].length > 0) throw new Error(`${options.folder} is not empty`);
  const bin = `${folder}/bin`;
  if (options.executables === undefined) {
    const compiled = await compileAll(bin, report);
    for (const { system, problem } of compiled) {
      if (problem) report(`the kit has no executables for ${system}: ${problem}`);
    }
    if (compiled.every(({ problem }) => problem)) throw new Error("nothing could be compiled");
  } else copyExecutables(options.executables, bin);
  nameLoader(bin);
  copySource(`${folder}/source`);
  noteOrigin(`${folder}/${ORIGIN_FILE}`, options.commit);
  const launcher = Deno.readFileSync(`${REPOSITORY}nix/usb_kit_launcher.sh`);
  for (const name of toolNames()) write(`${folder}/${name}`, launcher, 0o755);
  write(`${folder}/README.txt`, Deno.readFileSync(`${REPOSITORY}nix/usb_kit_README.txt`), 0o644);
  if (options.system !== undefined || options.plan !== undefined) {
    await addCache(options);
    for (const path of filesBelow(`${folder}/cache`, "")) {
      Deno.chmodSync(`${folder}/cache/${path}`, 0o644);
    }
  }
  write(`${folder}/SHA256SUMS`, new TextEncoder().encode(checksums(folder)), 0o644);
}

function copyExecutables(from: string, to: string): void {
  for (const system of Object.keys(TARGETS)) {
    for (const name of toolNames()) {
      const file = `${from}/${system}/${name}`;
      if (!statIfSeen(file)?.isFile) continue;
      Deno.mkdirSync(`${to}/${system}`, { recursive: true });
      write(`${to}/${system}/${name}`, Deno.readFileSync(file), 0o755);
    }
  }
  if (!statIfSeen(to)?.isDirectory) {
    throw new Error(`${from} holds no executables as <system>/<name>`);
  }
}

/** Beside each executable lies where its loader's name is, for the launcher without root. */
function nameLoader(bin: string): void {
  for (const path of filesBelow(bin, "")) {
    const bytes = Deno.readFileSync(`${bin}/${path}`);
    const { offset, room } = setInterpreter(bytes, LOADER_LINK);
    write(`${bin}/${path}`, bytes, 0o755);
    write(`${bin}/${path}.loader`, new TextEncoder().encode(`${offset} ${room}\n`), 0o644);
  }
}

/** What an installation would copy, without what was compiled here; FAT has no links to keep. */
function copySource(to: string): void {
  Deno.mkdirSync(to);
  for (const entry of listSource(REPOSITORY.replace(/\/$/, ""), () => true).entries) {
    if (entry.path === "dist" || entry.path.startsWith("dist/")) continue;
    const path = `${to}/${entry.path}`;
    if (entry.kind === "directory") Deno.mkdirSync(path);
    else if (entry.kind === "file") {
      const content = Deno.readFileSync(`${REPOSITORY}${entry.path}`);
      write(path, content, entry.executable ? 0o755 : 0o644);
    } else throw new Error(`${entry.path} is a link, which a stick may not be able to hold`);
  }
}

/** The copy has no `.git` to say it. Nothing is written when nothing is known. */
function noteOrigin(file: string, commit: string | undefined): void {
  if (commit !== undefined && !/^[0-9a-f]{40}$/.test(commit)) {
    throw new Error(`${commit} is not the SHA of a commit`);
  }
  const origin = commit === undefined ? readCheckout(REPOSITORY.replace(/\/$/, "")) : { commit };
  if (origin) write(file, new TextEncoder().encode(JSON.stringify(origin) + "\n"), 0o644);
}

/** In the form of sha256sum(1). */
function checksums(folder: string): string {
  return filesBelow(folder, "")
    .map((path) => `${sha256(Deno.readFileSync(`${folder}/${path}`))}  ${path}\n`).join("");
}

function write(path: string, data: Uint8Array, mode: number): void {
  Deno.writeFileSync(path, data);
  Deno.chmodSync(path, mode);
}

/** The value after an option. */
function valueOf(args: readonly string[], option: string): Record<string, string> {
  const at = args.indexOf(option);
  const value = at < 0 ? undefined : args[at + 1];
  return value === undefined ? {} : { [option.replace(/^--(with-)?/, "")]: value };
}

if (import.meta.main) {
  const print = (line: string) => Deno.stdout.writeSync(new TextEncoder().encode(line + "\n"));
  const args = Deno.args[0] === "--" ? Deno.args.slice(1) : Deno.args;
  const end = args.indexOf("--");
  const own = end < 0 ? args : args.slice(0, end);
  const folder = own[0];
  if (folder === undefined || folder.startsWith("-")) {
    print(
      "usage: DIRECTORY [--executables FOLDER] [--commit SHA] [--with-system HOST] [--with-plan FILE] [-- OPTIONS]",
    );
    Deno.exit(4);
  }
  try {
    await makeKit({
      folder,
      ...valueOf(own, "--executables"),
      ...valueOf(own, "--commit"),
      ...valueOf(own, "--with-system"),
      ...valueOf(own, "--with-plan"),
      nixOptions: end < 0 ? [] : args.slice(end + 1),
      report: print,
    });
  } catch (error) {
    print(`no kit was made: ${error instanceof Error ? error.message : error}`);
    Deno.exit(1);
  }
  print(`made ${folder}: copy all of it to the stick`);
}
