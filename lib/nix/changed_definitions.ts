import type { OwnersDefinition } from "./owners_definitions.ts";
import { CANNOT_BE_SHOWN } from "./owners_definitions_expression.ts";

/**
 * The definitions of the owner's that have another value in a new host. Lists and lines may have more there,
 * because what Hyper-NixOS says is added to them; what was there has to be. What cannot be shown (a function,
 * a value that fails) cannot be compared, and counts as changed. Pure.
 * @param before `valuesOfDefinitions` of the owner's configuration
 * @param after the same of the new host
 */
export function changedDefinitions(
  definitions: readonly OwnersDefinition[],
  before: readonly unknown[],
  after: readonly unknown[],
): OwnersDefinition[] {
  return definitions.filter(({ value }, index) => !stays(value, before[index], after[index]));
}

/** @param said what the owner says: of a list or of lines, only these are theirs */
function stays(said: unknown, before: unknown, after: unknown): boolean {
  if (before === CANNOT_BE_SHOWN) return false;
  if (Array.isArray(before)) {
    return Array.isArray(after) &&
      allStay(Array.isArray(said) ? said : [], before, after);
  }
  if (typeof before === "object" && before !== null) {
    return typeof after === "object" && after !== null &&
      Object.entries(before).every(([name, value]) =>
        stays(member(said, name), value, member(after, name))
      );
  }
  if (typeof before === "string" && typeof after === "string" && after.includes("\n")) {
    return allStay(linesOf(said), linesOf(before), linesOf(after));
  }
  return JSON.stringify(before) === JSON.stringify(after);
}

/** Where an option's type makes other entries of what is said, all that were there count. */
function allStay(
  said: readonly unknown[],
  before: readonly unknown[],
  after: readonly unknown[],
): boolean {
  const text = (entries: readonly unknown[]) =>
    entries.map((entry) => entry === CANNOT_BE_SHOWN ? "" : JSON.stringify(entry));
  const known = new Set(text(after).filter((entry) => entry !== ""));
  const theirs = new Set(text(said));
  const own = text(before).filter((entry) => theirs.has(entry));
  return (own.length > 0 ? own : text(before)).every((entry) => known.has(entry));
}

function linesOf(value: unknown): string[] {
  return typeof value === "string" ? value.split("\n").filter((line) => line.trim() !== "") : [];
}

function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}
