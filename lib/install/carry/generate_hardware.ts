import type { Context } from "../../machine/context.ts";
import { places } from "../../machine/places.ts";
import type { FileStep } from "../step.ts";

/**
 * A new `hardware-configuration.nix`, as nixos-generate-config prints it for this machine's disks. LUKS
 * devices and mounts of the old configuration that it misses are carried over in system-local.nix.
 * @throws ToolError exit 2 without nixos-generate-config, exit 1 when it fails
 */
export async function generateHardwareFile(ctx: Context): Promise<FileStep> {
  const root = ctx.root.isRunning ? [] : ["--root", ctx.root.path];
  const { stdout } = await ctx.run(
    "nixos-generate-config",
    [...root, "--show-hardware-config"],
    { timeout: 120_000 },
  );
  return {
    kind: "file",
    id: "hardware-configuration.nix",
    title: "describe the hardware",
    path: places.hardwareConfiguration,
    why: "there is none that can be used, and the next boot has to know its disks",
    madeOf: "nixos-generate-config --show-hardware-config",
    mode: 0o644,
    content: stdout,
  };
}
