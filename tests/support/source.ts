/**
 * A source of Hyper-NixOS for installations in tests: this repository's own flake and modules, with the
 * stand-in nixpkgs in the lock file in place of the real one, which no test can reach.
 */
import { OFFLINE_NIX_CONFIG } from "./context.ts";
import { STAND_IN_NIXPKGS } from "./scratch_machine.ts";

const REPOSITORY = new URL("../..", import.meta.url).pathname.replace(/\/$/, "");
/** What the flake is made of. */
const PARTS = ["cmd", "lib", "nix", "deno.json", "deno.lock", "flake.lock", "flake.nix"];

/** Makes the folder `path`; takes a second, most of it to lock the stand-in. */
export function makeSource(path: string): void {
  Deno.mkdirSync(path, { mode: 0o755 });
  Deno.chmodSync(path, 0o755);
  for (const part of PARTS) run("cp", ["-r", `${REPOSITORY}/${part}`, `${path}/${part}`]);
  run("chmod", ["-R", "go-w", path]);
  const nixpkgs = ["--override-input", "nixpkgs", `path:${STAND_IN_NIXPKGS}`];
  run("nix", ["flake", "lock", `path:${path}`, ...nixpkgs]);
}

function run(command: string, args: string[]): void {
  const { success, stderr } = new Deno.Command(command, {
    args,
    env: { NIX_CONFIG: OFFLINE_NIX_CONFIG },
  }).outputSync();
  if (!success) {
    throw new Error(`${command} ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
  }
}
