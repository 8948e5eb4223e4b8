/** A machine with a source of the published layout beside it, for the end-to-end tests of such trees. */
import assert from "node:assert/strict";
import { Root } from "../../lib/machine/root.ts";
import { runTool, type RunToolOptions, type ToolResult } from "../support/executable.ts";
import { Host } from "../support/host.ts";
import type { MachineKind } from "../support/machines/description.ts";
import { makePublishedSource } from "../support/published_source.ts";
import type { ScratchMachine } from "../support/scratch_machine.ts";

/** Switches without questions and without a network. */
export const SWITCH: readonly string[] = ["--action", "switch", "--skip-update-check"];
/** The flake that composes tree and machine. */
export const HOST = "/etc/hypervisor/host";

/** A machine with such a source beside it. */
export class PublishedHost extends Host {
  readonly #folder = Deno.makeTempDirSync({ prefix: "published-" });
  readonly path = `${this.#folder}/Hyper-NixOS`;

  /** @param machine its kind, or one to make a copy of */
  constructor(machine: MachineKind | ScratchMachine) {
    super(machine);
    Deno.chmodSync(this.#folder, 0o755);
    makePublishedSource(this.path);
  }

  install(args: readonly string[]): Promise<ToolResult> {
    return this.tool("system-installer", [...args, "--source", this.path]);
  }

  tool(
    name: string,
    args: readonly string[],
    options: RunToolOptions = {},
  ): Promise<ToolResult> {
    return runTool(name, args, { ...this.launch, ...options });
  }

  async installed(): Promise<void> {
    const { code, stdout, stderr } = await this.install(SWITCH);
    assert.equal(code, 0, stdout + stderr);
  }

  /** What the stand-in says of the system that boots next. */
  system(): { readonly path: string; readonly facts: Record<string, unknown> } {
    const path = new Root(this.machine.root).realPath("/nix/var/nix/profiles/system");
    return { path, facts: JSON.parse(this.machine.read(`${path}/facts.json`)) };
  }

  override [Symbol.dispose](): void {
    Deno.removeSync(this.#folder, { recursive: true });
    super[Symbol.dispose]();
  }
}
