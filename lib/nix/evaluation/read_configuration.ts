import * as v from "valibot";
import { ToolError } from "../../machine/tool_error.ts";
import type { Context } from "../../machine/context.ts";
import { assembleFacts } from "./assemble_facts.ts";
import type { ConfigurationFacts } from "./configuration_facts.ts";
import {
  applyToSource,
  type ConfigurationSource,
  type SourceOptions,
} from "./configuration_source.ts";
import { factsExpression } from "./facts_expression.ts";
import { type Identity, IdentitySchema } from "./identity.ts";
import { IDENTITY_GROUPS, identityExpression } from "./identity_expression.ts";
import { readApart } from "./read_apart.ts";
import { isOfConfiguration } from "./evaluation_failure.ts";

/** How to read a configuration. */
export interface ReadOptions extends SourceOptions {
  /**
   * Throw Nix's own failure instead of reading what is left: for a configuration that is to be built,
   * which must evaluate as a whole.
   */
  readonly whole?: boolean;
}

/** A configuration, evaluated once: what the toolkit judges, and what the system is made of. */
export interface EvaluatedHost {
  readonly facts: ConfigurationFacts;
  readonly identity: Identity;
}

type Evaluated = Record<string, unknown>;

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
    const facts = await evaluate(ctx, source, FACTS, options);
    return await withProblem(ctx, source, options, assembleFacts(facts));
  } catch (failure) {
    if (!mayBeRead(failure, options)) throw failure;
    const found = await readApart(ctx, source, options);
    if (Object.keys(found).length === 0) throw failure;
    ctx.log.debug(failure.message);
    return await withProblem(ctx, source, options, assembleFacts(found));
  }
}

/**
 * Evaluates a configuration and returns its facts and its identity, in one evaluation where that works.
 * @throws ToolError as {@link readConfiguration}
 */
export async function readHost(
  ctx: Context,
  source: ConfigurationSource,
  options: ReadOptions = {},
): Promise<EvaluatedHost> {
  try {
    const both = `{ facts = ${FACTS}; identity = ${IDENTITY}; }`;
    const answer = await evaluate(ctx, source, both, options);
    const { facts, identity } = v.parse(BothSchema, answer);
    return {
      facts: await withProblem(ctx, source, options, assembleFacts(facts)),
      identity: v.parse(IdentitySchema, identity),
    };
  } catch (failure) {
    if (!mayBeRead(failure, options)) throw failure;
    const facts = await readConfiguration(ctx, source, options);
    return { facts, identity: await readIdentityApart(ctx, source, options) };
  }
}

/** Whether parts may still be read: something fails in a way that Nix cannot catch, and not all is needed. */
function mayBeRead(failure: unknown, { whole }: ReadOptions): failure is ToolError {
  return isOfConfiguration(failure) && !whole;
}

const RecordSchema = v.record(v.string(), v.unknown());
const BothSchema = v.object({ facts: RecordSchema, identity: RecordSchema });

/** Nix code, in which `nixos` is known. */
const FACTS = `((${factsExpression}) nixos)`;
const IDENTITY = `(builtins.foldl' (a: b: a // b) { }
  (builtins.attrValues ((${identityExpression}) nixos)))`;

/** The groups one by one: a kind that is in one that fails is missing. */
async function readIdentityApart(
  ctx: Context,
  source: ConfigurationSource,
  options: SourceOptions,
): Promise<Identity> {
  const found: Evaluated = {};
  for (const group of IDENTITY_GROUPS) {
    try {
      Object.assign(
        found,
        await evaluate(ctx, source, `((${identityExpression}) nixos).${group}`, options),
      );
    } catch (error) {
      if (!isOfConfiguration(error)) throw error;
      ctx.log.debug(`identity, ${group}: ${error.message}`);
    }
  }
  return v.parse(IdentitySchema, found);
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

async function evaluate(
  ctx: Context,
  source: ConfigurationSource,
  code: string,
  options: SourceOptions,
): Promise<Evaluated> {
  return v.parse(RecordSchema, await applyToSource(ctx, source, `nixos: ${code}`, options));
}
