import { lstatIfExists } from "../../machine/files/files.ts";
import { printableLine } from "../../layout/printable.ts";
import { spawn } from "../../machine/spawn.ts";
import { ToolError } from "../../machine/tool_error.ts";
import type { Context } from "../../machine/context.ts";

/**
 * The transient unit's name: the one nixos-rebuild uses, so that systemd refuses a second activation,
 * whoever starts it.
 */
export const ACTIVATION_UNIT = "nixos-rebuild-switch-to-configuration";

/** POSIX's shell; NixOS has it as well, whichever system is activated. */
export const SHELL = "/bin/sh";

/** Whether systemd runs this machine and can be asked to start a unit (sd_booted(3)). */
export function hasSystemd(ctx: Context): boolean {
  return lstatIfExists(ctx.root.host("/run/systemd/system")) !== undefined &&
    ctx.run.which("systemd-run") !== undefined;
}

/**
 * `--service-type=exec` makes systemd-run wait until the script really runs, no longer.
 * @param goBackWithin for an activation that must be confirmed: how long going back may take, in
 *   seconds
 * @returns false when systemd cannot be reached, as in a chroot
 */
export async function startUnit(
  ctx: Context,
  script: string,
  environment: Readonly<Record<string, string>>,
  goBackWithin: number | undefined,
): Promise<boolean> {
  // The unit may go back for as long as an activation takes, also while it is being stopped.
  const recovery = [
    `--property=ExecStopPost=${SHELL} ${script} recover`,
    `--property=TimeoutStopSec=${goBackWithin}`,
  ];
  const result = await ctx.run("systemd-run", [
    `--unit=${ACTIVATION_UNIT}`,
    "--description=Hyper-NixOS activation",
    "--collect",
    "--no-ask-password",
    "--quiet",
    "--service-type=exec",
    ...(goBackWithin === undefined ? [] : recovery),
    ...Object.entries(environment).map(([name, value]) => `--setenv=${name}=${value}`),
    SHELL,
    script,
  ], { accept: "any", signal: null });
  if (result.code === 0) return true;
  // "bus", and since systemd 256 "system scope bus via local transport".
  if (/failed to (connect to|create) (system )?(scope )?bus/i.test(result.stderr)) {
    ctx.log.debug(`systemd cannot be reached: ${printableLine(result.stderr.trim())}`);
    return false;
  }
  const busy = /already (loaded|exists)|was already/.test(result.stderr);
  throw new ToolError(
    busy
      ? "another activation is running on this machine"
      : `systemd could not start the activation: ${printableLine(result.stderr.trim())}`,
    {
      hint: busy
        ? `wait for it: systemctl status ${ACTIVATION_UNIT}`
        : "nothing was activated; see journalctl -b for the reason",
    },
  );
}

/**
 * Its own session (setsid(2)): no terminal can hang it up, no Ctrl-C reaches it. Returns when it has
 * recorded its first step, or has ended without.
 */
export async function startSession(
  script: string,
  environment: Readonly<Record<string, string>>,
  status: string,
): Promise<void> {
  const child = spawn(SHELL, {
    args: [script],
    env: { ...environment },
    clearEnv: true,
    cwd: "/",
    stdin: "null",
    stdout: "null",
    stderr: "null",
    detached: true,
  });
  child.unref();
  let ended = false;
  child.status.then(() => ended = true);
  while (!ended && lstatIfExists(status) === undefined) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
