/** What the tests of the flake share: a copy of the tree, and Nix with the stand-in nixpkgs. */
import { OFFLINE_NIX_CONFIG } from "../support/context.ts";

/** This repository. */
export const REPOSITORY = new URL("../..", import.meta.url).pathname.replace(/\/$/, "");
/** The stand-in for nixpkgs. */
export const NIXPKGS = `${REPOSITORY}/tests/support/nixpkgs`;
/** What the flake is made of; everything else of the tree is only carried along. */
const PARTS = ["cmd", "lib", "nix", "deno.json", "deno.lock", "flake.nix", "flake.lock"];

/** How a Nix command ended. */
export interface NixResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder that is removed when the test ends. */
export interface ScratchFolder extends Disposable {
  readonly path: string;
}

export function scratchFolder(): ScratchFolder {
  const path = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "flake-" }));
  return { path, [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }) };
}

/** The flake in a folder of its own, so that a file edited meanwhile changes no test. */
export function copyOfFlake(): ScratchFolder {
  const folder = scratchFolder();
  for (const name of PARTS) copy(`${REPOSITORY}/${name}`, `${folder.path}/${name}`);
  return folder;
}

/** Copies a file or a folder, links as links. */
export function copy(from: string, to: string): void {
  const info = Deno.lstatSync(from);
  if (info.isSymlink) Deno.symlinkSync(Deno.readLinkSync(from), to);
  else if (info.isFile) Deno.copyFileSync(from, to);
  else if (info.isDirectory) {
    Deno.mkdirSync(to);
    for (const entry of Deno.readDirSync(from)) {
      copy(`${from}/${entry.name}`, `${to}/${entry.name}`);
    }
  }
}

/** Runs a Nix command without network. */
export async function nix(
  command: "nix" | "nix-instantiate" | "nix-store" | "nix-build",
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<NixResult> {
  const { code, stdout, stderr } = await new Deno.Command(command, {
    args: [...args],
    cwd: "/",
    env: { NIX_CONFIG: OFFLINE_NIX_CONFIG, HYPERVISOR_ROOT: "", ...env },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

/** The same; fails the test with Nix's words when Nix fails. Returns what it printed. */
export async function nixOutput(...given: Parameters<typeof nix>): Promise<string> {
  const result = await nix(...given);
  if (result.code === 0) return result.stdout.trim();
  throw new Error(`${given[0]} ${given[1].join(" ")}\n${result.stderr}`);
}

/** Options of `nix` that put the stand-in in the place of nixpkgs. */
export const WITH_STAND_IN = [
  "--override-input",
  "nixpkgs",
  `path:${NIXPKGS}`,
  "--no-write-lock-file",
];

/**
 * Evaluates a NixOS of the stand-in, with our module and these ones.
 * @param modules Nix code: the elements of a list of modules
 * @param read Nix code: what to return of `nixos` (`{ config, options, pkgs }`) and `lib`
 */
export async function evaluateModule(modules: string, read: string): Promise<unknown> {
  return JSON.parse(await nixOutput("nix-instantiate", moduleArguments(modules, read)));
}

/** The message with which the same evaluation fails. */
export async function evaluationError(modules: string, read: string): Promise<string> {
  const result = await nix("nix-instantiate", moduleArguments(modules, read));
  if (result.code === 0) throw new Error(`evaluated to ${result.stdout}`);
  return result.stderr;
}

function moduleArguments(modules: string, read: string): string[] {
  const expression = `
    let
      lib = import ${NIXPKGS}/lib;
      nixos = import ${NIXPKGS}/nixos/lib/eval-config.nix {
        system = "x86_64-linux";
        modules = [ ${REPOSITORY}/nix/module ${BOOTABLE} ${modules} ];
      };
    in ${read}`;
  return ["--eval", "--strict", "--json", "--expr", expression];
}

/** The least that NixOS asks of a machine. */
const BOOTABLE = `{
  boot.loader.grub.device = "/dev/vda";
  fileSystems."/".device = "/dev/vda1";
  system.stateVersion = "24.05";
}`;
