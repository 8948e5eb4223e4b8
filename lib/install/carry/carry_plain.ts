import type {
  ConfigurationFacts,
  PlainDefinition,
} from "../../nix/evaluation/configuration_facts.ts";
import {
  type AttributeSet,
  type Expression,
  isAttributeSet,
  membersOf,
} from "../../nix/expressions/expression.ts";
import { EVALUATED, merge, override, type Setting } from "./setting.ts";

/**
 * What the owner set of `PLAIN_OPTIONS`, as they set it. A set is carried member by member, so that
 * what the new system says of other members stays.
 */
export function carryPlain({ plain = [] }: ConfigurationFacts): Setting[] {
  return plainSettings(plain.flatMap(({ said }) => said), EVALUATED);
}

/** Options as an owner set them, as settings. */
export function plainSettings(
  definitions: readonly PlainDefinition[],
  source: string,
): Setting[] {
  return definitions.flatMap(({ option, merges, value }): Setting[] => {
    const data = asExpression(value);
    if (data === undefined) return [];
    const make = merges ? merge : override;
    return isAttributeSet(data)
      ? membersOf(data).map(([name, member]) => make([...option, name], member, source))
      : [make(option, data, source)];
  });
}

/** JSON as a Nix expression; members that are null are left out, their options have no other default. */
export function asExpression(value: unknown, depth = 0): Expression | undefined {
  if (typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number") return Number.isSafeInteger(value) ? value : undefined;
  // `boot.initrd.secrets` names a file by null: what stands directly in an option's set stays.
  if (value === null) return depth === 1 ? null : undefined;
  if (Array.isArray(value)) {
    return value.map((item) => asExpression(item, depth + 2)).filter((item) => item !== undefined);
  }
  if (typeof value !== "object") return undefined;
  const members = Object.entries(value).flatMap(([name, member]) => {
    const data = asExpression(member, depth + 1);
    return data === undefined ? [] : [[name, data] as const];
  });
  return Object.fromEntries(members) as AttributeSet;
}
