import type { Context } from "../../machine/context.ts";
import { ifItAnswers } from "../../machine/run.ts";

/** The units that switch-to-configuration would stop or restart; NixOS does not promise that these are all. */
export interface DryActivation {
  readonly stop: readonly string[];
  readonly restart: readonly string[];
}

/**
 * Asks a built system what its activation would do; changes nothing. Needs root.
 * @param onLine shows the answer while it comes
 * @returns undefined when it could not say: it failed, took minutes, or was refused by a pre-switch check
 */
export async function dryActivate(
  ctx: Context,
  toplevel: string,
  onLine?: (line: string) => void,
): Promise<DryActivation | undefined> {
  const lines: string[] = [];
  const answer = await ifItAnswers(
    ctx.run(`${toplevel}/bin/switch-to-configuration`, ["dry-activate"], {
      timeout: 5 * 60_000,
      env: { NIXOS_INSTALL_BOOTLOADER: "0" },
      onLine: (line) => {
        lines.push(line);
        onLine?.(line);
      },
    }),
  );
  return answer && parseDryActivation(lines.join("\n"));
}

/** Reads `would restart the following units: a.service, b.service` and its like (24.05 to unstable). */
export function parseDryActivation(output: string): DryActivation {
  const units = (verb: string) =>
    [...output.matchAll(new RegExp(`^would ${verb} the following units: (.*)$`, "gm"))]
      .flatMap((match) => match[1]!.split(",").map((unit) => unit.trim()))
      .filter((unit) => unit !== "");
  return { stop: units("stop"), restart: units("restart") };
}
