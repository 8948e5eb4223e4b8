/**
 * A source of Hyper-NixOS for installations in tests: this repository's own flake and modules, with the
 * stand-in nixpkgs in the lock file in place of the real one, which no test can reach.
 */
import { dirname } from "node:path";
import { mustRun } from "./must_run.ts";
import { lockToStandIn } from "./stand_in_lock.ts";

const REPOSITORY = new URL("../..", import.meta.url).pathname.replace(/\/$/, "");
/** What the flake is made of. */
const PARTS = ["cmd", "lib", "nix", "deno.json", "deno.lock", "flake.lock", "flake.nix"];
/** Of `lib`, what a small source has: enough for folders in folders. */
const SMALL_LIB = "lib/nix";

/** What goes into a source. */
export interface SourceOptions {
  /**
   * Leaves most of `lib` out. It builds the same hosts, because the stand-in compiles nothing; a third
   * of the files is copied, hashed and compared much faster.
   */
  readonly small?: boolean;
}

/** Makes the folder `path`; takes some tenths of a second, most of it to lock the stand-in. */
export function makeSource(path: string, options: SourceOptions = {}): void {
  Deno.mkdirSync(path, { mode: 0o755 });
  Deno.chmodSync(path, 0o755);
  const parts = options.small ? PARTS.map((part) => part === "lib" ? SMALL_LIB : part) : PARTS;
  for (const part of parts) {
    Deno.mkdirSync(dirname(`${path}/${part}`), { recursive: true });
    mustRun("cp", ["-r", `${REPOSITORY}/${part}`, `${path}/${part}`]);
  }
  mustRun("chmod", ["-R", "go-w", path]);
  lockToStandIn(path);
}
