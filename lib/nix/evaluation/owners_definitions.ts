import * as v from "valibot";
import type { Context } from "../../machine/context.ts";
import { type PlainDefinition, PlainSchema } from "./configuration_facts.ts";
import { applyToSource, type ConfigurationSource } from "./configuration_source.ts";
import { evaluateApart, type Place } from "./evaluate_apart.ts";
import type { Expression } from "../expressions/expression.ts";
import { printExpression } from "../expressions/expression_layout.ts";
import { ownersDefinitionsExpression } from "./owners_definitions_expression.ts";
import { isOfConfiguration } from "./evaluation_failure.ts";

const DefinitionSchema = v.object({
  /** The option's name, part by part. */
  option: v.array(v.string()),
  /** The files outside nixpkgs that define it, as the module system names them; none where that fails. */
  files: v.array(v.string()),
  /** What these files say, as JSON: packages by name; `CANNOT_BE_SHOWN` for what is no data, or a secret. */
  value: v.unknown(),
  /** The value that the option has in the end, as {@link valuesOfDefinitions} has it; not to be shown. */
  result: v.unknown(),
});

/** An option that files of the owner's define. */
export type OwnersDefinition = v.InferOutput<typeof DefinitionSchema>;

/** Everything that the owner's files define, and the parts of the options' tree that cannot be read. */
export interface OwnersDefinitions {
  readonly definitions: readonly OwnersDefinition[];
  /** Options, with dots, of which it could not be told. */
  readonly unreadable: readonly string[];
}

const Found = v.array(v.array(DefinitionSchema));

/**
 * Lists every option that a file outside nixpkgs defines. No list of known options decides what is seen.
 * One evaluation, about as long as that of a system; where a part fails in a way that Nix cannot catch, the
 * others are evaluated without it.
 * @param whose `tree`: only what files of a source tree of the published layout say
 * @throws ToolError as `applyToSource`
 */
export async function ownersDefinitions(
  ctx: Context,
  source: ConfigurationSource,
  whose: "owner" | "tree" = "owner",
): Promise<OwnersDefinitions> {
  const apply = (name: string, argument: Expression) => applyPart(ctx, source, name, argument);
  const part = whose === "owner" ? "values" : "treeValues";
  const values = async (places: readonly Place[]) => v.parse(Found, await apply(part, places));
  const names = async (place: Place) => v.parse(v.array(v.string()), await apply("names", place));
  try {
    return { definitions: (await values([[]])).flat(), unreadable: [] };
  } catch (error) {
    if (!isOfConfiguration(error)) throw error;
    const { found, failed } = await evaluateApart({ values, names });
    // Not even the names of the options: nothing is known.
    if (found.length === 0) throw error;
    return {
      definitions: found.flatMap(([, value]) => value as OwnersDefinition[]),
      unreadable: failed.map((place) => place.join(".")),
    };
  }
}

/**
 * What the owner's files set of some options, as they set it. Options that hold what is no data (a
 * package, a function) are left out. Not to be shown: it may hold secrets.
 * @throws ToolError as `applyToSource`
 */
export async function plainDefinitions(
  ctx: Context,
  source: ConfigurationSource,
  options: readonly (readonly string[])[],
): Promise<readonly PlainDefinition[]> {
  return v.parse(v.array(PlainSchema), await applyPart(ctx, source, "plain", options));
}

/** Bytes of one argument that a process may be given are limited (execve(2)); the code takes some of them. */
const MOST_SHAPE = 50_000;

/**
 * The values that options have in the end in an evaluated configuration, as JSON: of sets only the members
 * that the definitions have. Null for an option that is not there. Not to be shown: it holds hashes of
 * secrets.
 * @throws ToolError as `applyToSource`
 */
export async function valuesOfDefinitions(
  ctx: Context,
  source: ConfigurationSource,
  definitions: readonly OwnersDefinition[],
): Promise<readonly unknown[]> {
  const values: unknown[] = [];
  let batch: Expression[] = [];
  let size = 0;
  const evaluate = async () => {
    if (batch.length === 0) return;
    const found = await applyPart(ctx, source, "project", batch);
    values.push(...v.parse(v.array(v.unknown()), found));
    [batch, size] = [[], 0];
  };
  for (const entry of definitions.map(entryOf)) {
    const length = JSON.stringify(entry).length;
    if (size + length > MOST_SHAPE) await evaluate();
    batch.push(entry);
    size += length;
  }
  await evaluate();
  return values;
}

/**
 * {@link valuesOfDefinitions}, and in the same evaluation {@link plainDefinitions} of some options.
 * @returns `plain` is undefined where they cannot be told at once: too much to ask, or a part fails in a way
 *   that Nix cannot catch
 * @throws ToolError as `applyToSource`
 */
export async function valuesAndPlain(
  ctx: Context,
  source: ConfigurationSource,
  definitions: readonly OwnersDefinition[],
  options: readonly (readonly string[])[],
): Promise<{
  readonly values: readonly unknown[];
  readonly plain: readonly PlainDefinition[] | undefined;
}> {
  const entries = definitions.map(entryOf);
  if (JSON.stringify([entries, options]).length <= MOST_SHAPE) {
    try {
      const found = await applyPart(ctx, source, "both", { entries, options });
      return v.parse(Both, found);
    } catch (error) {
      if (!isOfConfiguration(error)) throw error;
      ctx.log.debug(error.message);
    }
  }
  return { values: await valuesOfDefinitions(ctx, source, definitions), plain: undefined };
}

const Both = v.object({ values: v.array(v.unknown()), plain: v.array(PlainSchema) });

/** What is asked of an option: its name, and which members of its value. */
function entryOf({ option, value }: OwnersDefinition) {
  return { option, shape: shapeOf(value) };
}

/** The members of a value, without what they are. */
function shapeOf(value: unknown): Expression {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return true;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, shapeOf(one)]));
}

function applyPart(
  ctx: Context,
  source: ConfigurationSource,
  name: string,
  argument: Expression,
): Promise<unknown> {
  const code = `((${ownersDefinitionsExpression}) nixos).${name} ${printExpression(argument)}`;
  return applyToSource(ctx, source, `nixos: ${code}`);
}
