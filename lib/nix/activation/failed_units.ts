import type { Context } from "../../machine/context.ts";
import { ifItAnswers } from "../../machine/run.ts";

/** The systemd units that have failed; empty where no systemctl or no systemd answers. */
export function failedUnits(ctx: Context): Promise<string[]> {
  return unitsIn(ctx, "failed");
}

/** Those that have ended and that systemd is about to start again (systemd.service(5), Restart=); no logins' ones. */
export async function restartingUnits(ctx: Context): Promise<string[]> {
  return (await unitsIn(ctx, "auto-restart")).filter((unit) => !/^(serial-)?getty@/.test(unit));
}

async function unitsIn(ctx: Context, state: string): Promise<string[]> {
  if (!ctx.run.which("systemctl")) return [];
  const answer = await ifItAnswers(ctx.run("systemctl", [
    "list-units",
    `--state=${state}`,
    "--plain",
    "--no-legend",
    "--no-pager",
    "--full",
  ], { timeout: 20_000 }));
  return (answer?.stdout ?? "").split("\n").flatMap((line) => {
    // systemctl marks failed units with a bullet unless --plain is known.
    const unit = line.replace(/^[\s●*]+/, "").split(/\s+/)[0];
    return unit ? [unit] : [];
  });
}

/** The units named in `warning: the following units failed: a, b` of switch-to-configuration. */
export function unitsNamedAsFailed(output: string): string[] {
  return [...output.matchAll(/the following units failed:(.*)/g)]
    .flatMap((match) => match[1]!.split(","))
    .map((unit) => unit.trim())
    .filter((unit) => /^[\w@:.\\-]+$/.test(unit));
}
