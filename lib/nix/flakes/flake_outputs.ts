import * as v from "valibot";
import type { Context } from "../../machine/context.ts";
import { ExitCode } from "../../machine/exit_code.ts";
import { ToolError } from "../../machine/tool_error.ts";
import { someOf } from "../../layout/counted.ts";
import { evaluateJson } from "../evaluation/evaluate.ts";
import { printExpression } from "../expressions/expression_layout.ts";
import { flakeEnvironment } from "./flake_environment.ts";
import type { FlakeReference } from "./flake_reference.ts";

const OutputsSchema = v.object({
  names: v.array(v.string()),
  /** Names of machines, by the output that has them. */
  machines: v.record(v.string(), v.array(v.string())),
});

/**
 * Where tools keep machines, and what makes hosts of them: colmena (src/nix/hive/eval.nix), clan
 * (lib.clan, before buildClan), deploy-rs (its README).
 */
const KEPT_BY: readonly (readonly [output: string, machines: string, next: string])[] = [
  [
    "colmenaHive",
    "attrNames (flake.colmenaHive.nodes or { })",
    "nixosConfigurations = self.colmenaHive.nodes;",
  ],
  [
    "colmena",
    'attrNames (removeAttrs flake.colmena [ "meta" "network" "defaults" ])',
    "nixosConfigurations = (colmena.lib.makeHive self.colmena).nodes; (colmena is its input)",
  ],
  [
    "clan",
    "attrNames (flake.clan.nixosConfigurations or { })",
    "inherit (self.clan) nixosConfigurations;",
  ],
  [
    "clanInternals",
    "attrNames (flake.clanInternals.machines.${builtins.currentSystem} or { })",
    "inherit (clan) nixosConfigurations; (clan is what buildClan gives)",
  ],
  [
    "deploy",
    "attrNames (flake.deploy.nodes or { })",
    "nixosConfigurations.HOST, the system that deploy.nodes.HOST activates,",
  ],
];

/**
 * The failure of a flake without NixOS hosts: what it has in their place, and what makes hosts of that.
 * @param otherwise what to do where it has nothing of the kind
 */
export async function noHosts(
  ctx: Context,
  flake: FlakeReference,
  otherwise: string,
): Promise<ToolError> {
  const found = await outputsOf(ctx, flake);
  const failure = (has: string, hint: string) =>
    new ToolError(`${flake.url} has no nixosConfigurations${has}`, {
      code: ExitCode.Configuration,
      hint,
    });
  if (found === undefined) return failure("", otherwise);
  const { machines } = found;
  const names = found.names.filter((name) => name !== "nixosConfigurations");
  if (names.length === 0) return failure(": it has nothing at all", otherwise);
  const shown = names.toSorted((a, b) => Number(b in machines) - Number(a in machines))
    .map((name) => machines[name]?.length ? `${name} (${someOf(machines[name])})` : name);
  const next = KEPT_BY.find(([output]) => names.includes(output))?.[2];
  return failure(
    `, but ${someOf(shown)}`,
    next === undefined ? otherwise : `add ${next} to the outputs in its flake.nix, or ${otherwise}`,
  );
}

/** Undefined where that cannot be told: a flake whose lock file is not complete, for example. */
async function outputsOf(
  ctx: Context,
  flake: FlakeReference,
): Promise<v.InferOutput<typeof OutputsSchema> | undefined> {
  const machines = KEPT_BY.map(([output, code]) =>
    `(if flake ? ${output} then { ${output} = ${code}; } else { })`
  );
  const expression = `let
  inherit (builtins) attrNames removeAttrs;
  flake = (builtins.getFlake ${printExpression(flake.url)}).outputs;
in { names = attrNames flake; machines = ${machines.join(" // ")}; }`;
  try {
    const outputs = await evaluateJson(ctx, expression, {
      what: `the outputs of ${flake.url}`,
      env: flakeEnvironment(ctx, flake),
    });
    return v.parse(OutputsSchema, outputs);
  } catch (error) {
    if (!(error instanceof ToolError || error instanceof v.ValiError)) throw error;
    ctx.log.debug(error.message);
    return undefined;
  }
}
