import { ExitCode } from "../../machine/exit_code.ts";
import { ToolError } from "../../machine/tool_error.ts";
import type { Context } from "../../machine/context.ts";
import { evaluateFlake, type EvaluateOptions } from "../evaluation/evaluate.ts";
import type { FlakeReference } from "./flake_reference.ts";
import { nearestName } from "../../layout/nearest_name.ts";

/**
 * The names of a flake's NixOS hosts, sorted; those that need `--impure` included. Empty for a flake
 * without `nixosConfigurations`.
 * @throws ToolError as `evaluateFlake`
 */
export async function hostsOf(
  ctx: Context,
  flake: FlakeReference,
  options: Pick<EvaluateOptions, "timeout"> = {},
): Promise<string[]> {
  try {
    const names = await evaluateFlake(ctx, flake, ["nixosConfigurations"], "builtins.attrNames", {
      ...options,
      what: `the hosts of ${flake.url}`,
    });
    return Array.isArray(names) ? names.map(String) : [];
  } catch (error) {
    const isMissing = error instanceof ToolError &&
      /does not provide attribute/.test(error.message);
    if (isMissing) return [];
    throw error;
  }
}

/**
 * Makes sure that a flake with hosts has this one.
 * @throws ToolError exit 6, with the hosts there are and the nearest name
 */
export function requireHost(flake: FlakeReference, hosts: readonly string[], name: string): void {
  if (hosts.includes(name)) return;
  const nearest = nearestName(name, hosts);
  throw new ToolError(`${flake.url} has no host "${name}" in nixosConfigurations`, {
    code: ExitCode.Configuration,
    hint: nearest === undefined
      ? `it has: ${hosts.join(", ")}`
      : `did you mean ${nearest}? It has: ${hosts.join(", ")}`,
  });
}
