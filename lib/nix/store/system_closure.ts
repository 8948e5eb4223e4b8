import { ExitCode } from "../../machine/exit_code.ts";
import { lstatIfExists } from "../../machine/files/files.ts";
import { machineHas } from "../../machine/files/machine_files.ts";
import { ToolError } from "../../machine/tool_error.ts";
import type { Context } from "../../machine/context.ts";
import { bootedSystem } from "../generations.ts";

/** The files that make a store path a bootable system; nh checks the same before it activates. */
const REQUIRED = ["bin/switch-to-configuration", "nixos-version"];

/** What of a system only a reboot brings into use. */
const BOOT_FILES = ["kernel", "initrd", "kernel-modules"];

/**
 * Checks that a store path is a complete NixOS system before anything is activated.
 * @throws ToolError exit 6 naming what is missing
 */
export function requireSystem(ctx: Context, toplevel: string): void {
  const missing = REQUIRED.filter((name) =>
    lstatIfExists(ctx.root.follow(`${toplevel}/${name}`)) === undefined
  );
  if (missing.length === 0) return;
  throw new ToolError(`${toplevel} is not a complete NixOS system: ${missing.join(", ")} missing`, {
    code: ExitCode.Configuration,
    hint: `check the store: nix-store --verify-path ${toplevel}`,
  });
}

/**
 * The parts of a system that differ from what was booted and need a reboot to take effect: kernel,
 * initrd or kernel modules. Empty when nothing does, or when it cannot be known.
 */
export function needsRebootFor(ctx: Context, toplevel: string): string[] {
  const booted = bootedSystem(ctx);
  if (booted === undefined) return [];
  return BOOT_FILES.filter((name) => {
    const [now, then] = [toplevel, booted].map((system) => ctx.root.realPath(`${system}/${name}`));
    return now !== then && machineHas(ctx, `${toplevel}/${name}`) &&
      machineHas(ctx, `${booted}/${name}`);
  });
}
