import * as v from "valibot";
import { ExitCode } from "../machine/exit_code.ts";
import { ToolError } from "../machine/tool_error.ts";
import type { Context } from "../program/context.ts";
import type { ConfigurationFacts } from "./configuration_facts.ts";
import {
  applyToSource,
  type ConfigurationSource,
  type SourceOptions,
} from "./configuration_source.ts";
import { assembleFacts } from "./assemble_facts.ts";
import { readApart } from "./read_apart.ts";
import { FACT_GROUPS, factsExpression } from "./facts_expression.ts";

/** How to read a configuration. */
export interface ReadOptions extends SourceOptions {
  /**
   * Throw Nix's own failure instead of reading what is left: for a configuration that is to be built,
   * which must evaluate as a whole.
   */
  readonly whole?: boolean;
}

/**
 * Evaluates a configuration and returns what the toolkit needs of it, in one evaluation. Only when
 * that fails in a way that Nix cannot catch, the facts are evaluated in parts, so that a broken value does
 * not lose the rest: what is missing is named in `unreadable`.
 * @throws ToolError exit 6 when nothing at all can be evaluated, 5 when something cannot be fetched,
 *   3 when HOME is someone else's, 2 without Nix, 1 when it takes too long
 */
export async function readConfiguration(
  ctx: Context,
  source: ConfigurationSource,
  options: ReadOptions = {},
): Promise<ConfigurationFacts> {
  try {
    const facts = assembleFacts(await readGroups(ctx, source, FACT_GROUPS, options));
    return await withProblem(ctx, source, options, facts);
  } catch (error) {
    const partly = error instanceof ToolError && error.code === ExitCode.Configuration &&
      !options.whole;
    if (!partly) throw error;
    const found = await readApart(ctx, source, options);
    if (Object.keys(found).length === 0) throw error;
    ctx.log.debug(error.message);
    return await withProblem(ctx, source, options, assembleFacts(found));
  }
}

/** Where not even the host's name can be read, Nix's own message says why nothing can. */
async function withProblem(
  ctx: Context,
  source: ConfigurationSource,
  options: SourceOptions,
  facts: ConfigurationFacts,
): Promise<ConfigurationFacts> {
  if (!["hostName", "users", "boot"].every((place) => facts.unreadable?.includes(place))) {
    return facts;
  }
  try {
    await applyToSource(ctx, source, "nixos: nixos.config.networking.hostName", options);
    return facts;
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    return { ...facts, problem: error.message };
  }
}

async function readGroups(
  ctx: Context,
  source: ConfigurationSource,
  groups: readonly string[],
  options: SourceOptions,
): Promise<Record<string, unknown>> {
  const members = groups.map((group) => `facts.${group}`).join(" // ");
  const answer = await applyToSource(
    ctx,
    source,
    `nixos: let facts = (${factsExpression}) nixos; in ${members}`,
    options,
  );
  return v.parse(v.record(v.string(), v.unknown()), answer);
}
