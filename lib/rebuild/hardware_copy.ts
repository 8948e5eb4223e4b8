import { ExitCode } from "../machine/exit_code.ts";
import { readMachineFile } from "../machine/files/machine_files.ts";
import { places } from "../machine/places.ts";
import { ToolError } from "../machine/tool_error.ts";
import type { Context } from "../machine/context.ts";
import { isInstalledTree, type Target } from "./target.ts";

/**
 * The host of a published tree reads a copy of the hardware file, because a pure flake sees its own folder
 * alone. When the machine's own file changed since (nixos-generate-config after a new disk), the next boot
 * would be made for the old disks.
 * @throws ToolError exit 6 when the two differ
 */
export function requireHardwareCopy(ctx: Context, { flake }: Target): void {
  if (!flake.pure || !isInstalledTree(ctx, flake)) return;
  const copy = `${places.host}/hardware-configuration.nix`;
  const own = textOf(ctx, places.hardwareConfiguration);
  // A machine without the file has its disks from the copy alone.
  if (own === undefined || own === textOf(ctx, copy)) return;
  const [from, to] = [ctx.root.host(places.hardwareConfiguration), ctx.root.host(copy)];
  throw new ToolError(`${from} is not what the host is built with: ${to} is another`, {
    code: ExitCode.Configuration,
    hint:
      `compare them (diff ${to} ${from}) and copy the right one over the other, for a new disk: ` +
      `cp ${from} ${to}`,
  });
}

function textOf(ctx: Context, path: string): string | undefined {
  const content = readMachineFile(ctx, path);
  return content.kind === "read" ? new TextDecoder().decode(content.bytes) : undefined;
}
