import { readTextIfExists } from "../../lib/machine/files/files.ts";
import { OFFLINE_NIX_CONFIG } from "./context.ts";
import { mustRun } from "./must_run.ts";
import { STAND_IN_NIXPKGS } from "./scratch_machine.ts";

/** Lock files by the flakes and lock files that they were made of. */
const locks = new Map<string, string>();

/** Locks a flake's nixpkgs to the stand-in. Nix, which takes a tenth of a second, is asked once for equal flakes. */
export function lockToStandIn(folder: string): void {
  const file = `${folder}/flake.lock`;
  const flake = JSON.stringify(["flake.nix", "flake.lock"]
    .map((name) => readTextIfExists(`${folder}/${name}`)));
  const known = locks.get(flake);
  if (known === undefined) {
    const nixpkgs = ["--override-input", "nixpkgs", `path:${STAND_IN_NIXPKGS}`];
    const args = ["flake", "lock", `path:${folder}`, ...nixpkgs];
    mustRun("nix", args, { NIX_CONFIG: OFFLINE_NIX_CONFIG });
    locks.set(flake, Deno.readTextFileSync(file));
  } else Deno.writeTextFileSync(file, known);
  Deno.chmodSync(file, 0o644);
}
