/** What tests of installations without a network share. */
import assert from "node:assert/strict";
import { canCompile, compileTool } from "../support/compile.ts";
import { type Launch, launch } from "../support/launch.ts";
import { hasCommand, hasNix, isRoot, need } from "../support/needs.ts";
import type { ScratchMachine } from "../support/scratch_machine.ts";
import type { StandIns } from "../support/stand_ins.ts";

export const canInstallOffline: boolean = canCompile && hasNix && isRoot && need(
  Deno.build.arch === "x86_64" && hasCommand("unshare"),
  "unshare is missing: no machine is installed without a network",
);

/** As on NixOS, the public cache is asked; there is no network to reach it. */
export const NIX_CONFIG = "sandbox = false\nbuild-users-group =\nconnect-timeout = 1\n" +
  "download-attempts = 1\nextra-experimental-features = nix-command flakes";

/** What a process said, and how it ended. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder of `<system>/system-installer`, compiled, to make a kit of. */
export async function compiledInstaller(scratch: string): Promise<string> {
  const folder = `${scratch}/executables`;
  Deno.mkdirSync(`${folder}/x86_64-linux`, { recursive: true });
  const compiled = await compileTool("system-installer");
  Deno.copyFileSync(compiled, `${folder}/x86_64-linux/system-installer`);
  return folder;
}

/** Runs the launcher of a kit, a read-only stick, inside a machine that has no network. */
export async function runOffline(
  kit: string,
  machine: ScratchMachine,
  programs: StandIns,
  args: readonly string[],
): Promise<Ended> {
  using start = launch(`${kit}/system-installer`, args, {
    inside: machine.root,
    standIns: programs.folder,
    readOnly: [kit],
    env: { NIX_CONFIG },
  });
  return await withoutNetwork(start);
}

/** Runs a command in a network namespace that has no network. */
export async function withoutNetwork(start: Launch): Promise<Ended> {
  const { code, stdout, stderr } = await new Deno.Command("unshare", {
    args: ["-n", "--", start.command, ...start.args],
    env: { ...start.env },
    clearEnv: true,
    cwd: start.cwd,
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

/** @throws AssertionError with all that it said, when it failed */
export function assertWorked({ code, stdout, stderr }: Ended): void {
  assert.equal(code, 0, stdout + stderr);
}
