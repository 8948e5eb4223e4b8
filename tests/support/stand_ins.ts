/**
 * Programs that stand in for NixOS's and systemd's on PATH (the scripts of stand_ins/). They record
 * their calls, really build with Nix and really start processes; what they answer is said by files in
 * `state/`, never by the product.
 */
import { mustRun } from "./must_run.ts";

/** One call, in the order they were made. */
export interface StandInCall {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** A few variables, where set. */
  readonly env: Readonly<Record<string, string>>;
}

export type StandInName =
  | "nixos-enter"
  | "nixos-generate-config"
  | "nixos-install"
  | "nixos-rebuild"
  | "sudo"
  | "systemctl"
  | "systemd-run";

export interface StandInOptions {
  /** Which ones; all but sudo by default. */
  readonly only?: readonly StandInName[];
  /** The old shell script (default), or nixos-rebuild-ng. */
  readonly rebuild?: "shell" | "ng";
  /** sudo, and lets this user (and its group) really become root with it. */
  readonly elevating?: number;
}

export interface StandIns extends Disposable {
  /** Goes first on PATH. */
  readonly folder: string;
  /** All calls so far, or those of one command. */
  calls(command?: StandInName): StandInCall[];
  /** Writes a file below `state/`, for example `nixos-rebuild/fail`; an executable one with `mode`. */
  set(name: string, text: string, mode?: number): void;
  unset(name: string): void;
  /** The text of a file below `state/`. */
  get(name: string): string | undefined;
  /** Forgets the calls. */
  clear(): void;
}

const SCRIPTS = new URL("./stand_ins", import.meta.url).pathname;
const SHARED = ["record.sh", "rebuild.sh"];
const NG = "nixos-rebuild-ng";
const DEFAULT: readonly StandInName[] = [
  "nixos-enter",
  "nixos-generate-config",
  "nixos-install",
  "nixos-rebuild",
  "systemctl",
  "systemd-run",
];

/**
 * Puts stand-ins into a new folder that only root (or who runs the tests) can write, so that it is a
 * trusted one. Without `only`, `nix-env` and the rest of Nix are the real ones.
 */
export function standIns(options: StandInOptions = {}): StandIns {
  const folder = Deno.makeTempDirSync({ prefix: "stand-ins-" });
  const state = `${folder}/state`;
  Deno.chmodSync(folder, 0o755);
  Deno.mkdirSync(state);
  // Other users' processes record their calls too.
  Deno.chmodSync(state, 0o1777);
  const names = new Set(options.only ?? DEFAULT);
  if (options.elevating !== undefined) names.add("sudo");
  const isNg = names.has("nixos-rebuild") && options.rebuild === "ng";
  install([...SHARED, ...names, ...(isNg ? [NG] : [])], folder);
  if (isNg) Deno.renameSync(`${folder}/${NG}`, `${folder}/nixos-rebuild`);
  const calls = `${state}/calls.jsonl`;
  const clear = () => {
    Deno.writeTextFileSync(calls, "");
    Deno.chmodSync(calls, 0o666);
  };
  clear();
  if (options.elevating !== undefined) letBecomeRoot(`${state}/become-root`, options.elevating);
  const host = (name: string) => `${state}/${name}`;
  return {
    folder,
    calls: (command) =>
      Deno.readTextFileSync(calls).split("\n").filter((line) => line !== "")
        .map((line) => JSON.parse(line) as StandInCall)
        .filter((call) => command === undefined || call.command === command),
    set: (name, text, mode = 0o644) => {
      Deno.mkdirSync(host(name).replace(/\/[^/]*$/, ""), { recursive: true });
      Deno.writeTextFileSync(host(name), text);
      Deno.chmodSync(host(name), mode);
    },
    unset: (name) => {
      try {
        Deno.removeSync(host(name), { recursive: true });
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      }
    },
    get: (name) => {
      try {
        return Deno.readTextFileSync(host(name));
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) return undefined;
        throw error;
      }
    },
    clear,
    [Symbol.dispose]: () => Deno.removeSync(folder, { recursive: true }),
  };
}

/**
 * Copies scripts in a process of its own: what this one writes, a child that another test starts at the
 * same moment holds open for an instant, and then it cannot be run (ETXTBSY in execve(2)).
 */
function install(names: readonly string[], folder: string): void {
  const sources = names.map((name) => `${SCRIPTS}/${name}`);
  mustRun("install", ["-m", "0755", "-t", folder, ...sources]);
  // The kernel ignores the bit of a script; who looks for a sudo that works does not.
  if (names.includes("sudo")) mustRun("chmod", ["u+s", `${folder}/sudo`]);
}

/** A set-user-ID copy of setpriv(1) that only this group can start, removed with the folder. */
function letBecomeRoot(path: string, gid: number): void {
  const folders = ["/usr/bin", "/bin", "/run/current-system/sw/bin"];
  const source = folders.map((folder) => `${folder}/setpriv`).find((candidate) => {
    try {
      return Deno.statSync(candidate).isFile;
    } catch {
      return false;
    }
  });
  if (source === undefined) throw new Error("setpriv is not installed");
  Deno.copyFileSync(source, path);
  Deno.chownSync(path, 0, gid);
  Deno.chmodSync(path, 0o4710);
}
