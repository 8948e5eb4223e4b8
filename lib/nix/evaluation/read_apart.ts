import * as v from "valibot";
import type { Context } from "../../machine/context.ts";
import {
  applyToSource,
  type ConfigurationSource,
  type SourceOptions,
} from "./configuration_source.ts";
import { evaluateApart, type Place } from "./evaluate_apart.ts";
import type { Expression } from "../expressions/expression.ts";
import { printExpression } from "../expressions/expression_layout.ts";
import { factsExpression } from "./facts_expression.ts";
import { isOfConfiguration } from "./evaluation_failure.ts";

/** Nix code: from the facts to `{ values, names }`, functions of places in them. */
const parts = String.raw`facts: let
  child = value: name:
    if builtins.isList value then builtins.elemAt value (builtins.fromJSON name)
    else builtins.getAttr name value;
  at = builtins.foldl' child facts;
in {
  values = map at;
  names = place: let value = at place; in
    if builtins.isList value then builtins.genList toString (builtins.length value)
    else if builtins.isAttrs value then builtins.attrNames value
    else [ ];
}`;

type Tree = { [name: string]: unknown };

/**
 * Evaluates the facts of a configuration in which something fails in a way that Nix cannot catch: as much
 * of each as can be, and `{ unreadable: true }` in the place of what fails (see `assembleFacts`).
 * @returns none where nothing can be evaluated
 * @throws ToolError as `applyToSource`, but for exit 6
 */
export async function readApart(
  ctx: Context,
  source: ConfigurationSource,
  options: SourceOptions,
): Promise<Record<string, unknown>> {
  const apply = (name: string, argument: Expression) => {
    const code = `((${parts}) ((${factsExpression}) nixos)).${name} ${printExpression(argument)}`;
    return applyToSource(ctx, source, `nixos: ${code}`, options);
  };
  const values = async (places: readonly Place[]) =>
    v.parse(v.array(v.unknown()), await apply("values", places));
  if (!await someEvaluates(values)) return {};
  const { found, failed } = await evaluateApart({
    values,
    names: async (place) => v.parse(v.array(v.string()), await apply("names", place)),
  });
  if (found.length === 0) return {};
  const facts: Tree = {};
  for (const [place, value] of found) put(facts, place, value);
  for (const place of failed) put(facts, place, { unreadable: true });
  return asLists(facts) as Tree;
}

function isUnreadable(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.hasOwn(value, "unreadable");
}

/** Two values that have nothing to do with each other: where both fail, it is the configuration as a whole. */
async function someEvaluates(values: (places: readonly Place[]) => Promise<readonly unknown[]>) {
  for (const place of [["hostName"], ["boot", "timeout"]]) {
    try {
      const [value] = await values([place]);
      if (!isUnreadable(value)) return true;
    } catch (error) {
      if (!isOfConfiguration(error)) throw error;
    }
  }
  return false;
}

function put(tree: Tree, place: Place, value: unknown): void {
  const parent = place.slice(0, -1).reduce<Tree>((inner, name) => {
    inner[name] ??= {};
    return inner[name] as Tree;
  }, tree);
  if (place.length > 0) parent[place.at(-1)!] = value;
}

/** What was put together entry by entry is a list again: no attribute of the facts is named by a number. */
function asLists(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const members = Object.entries(value).map(([name, member]) => [name, asLists(member)] as const);
  const isList = members.length > 0 && members.every(([name]) => /^\d+$/.test(name));
  return isList ? members.map(([, member]) => member) : Object.fromEntries(members);
}
