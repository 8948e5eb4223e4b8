import type { OwnersDefinition } from "./owners_definitions.ts";
import { CANNOT_BE_SHOWN } from "./owners_definitions_expression.ts";
import { withoutStoreHashes } from "../store/store_path.ts";

/**
 * What the owner's files say and a new host has not: the definitions, cut down to the members, entries and
 * lines that have another value there. Lists and lines may have more, because what Hyper-NixOS says is added
 * to them. What cannot be shown (a function, a value that fails) cannot be compared, and counts as changed.
 * Pure.
 * @param after `valuesOfDefinitions` of the new host
 */
export function changedDefinitions(
  definitions: readonly OwnersDefinition[],
  after: readonly unknown[],
): ChangedDefinition[] {
  return definitions.flatMap(({ option, files, value, result }, index) =>
    changedParts(option, value, result, after[index])
      .map((part) => ({ files, ...part }))
  );
}

/** A definition, or a member of one, that does not hold in another configuration. */
export type ChangedDefinition = Pick<OwnersDefinition, "option" | "files" | "value">;

/**
 * Whether what is said in one configuration holds in another, which may have more entries or lines. Pure.
 * @param before what the option has in the end in the first
 * @param after the same of the other
 */
export function holdsIn(said: unknown, before: unknown, after: unknown): boolean {
  return changedValue(said, before, after) === undefined;
}

type Part = Pick<OwnersDefinition, "option" | "value">;

/** @param said what the owner says: of a set, a list or of lines, only these are theirs */
function changedParts(option: string[], said: unknown, before: unknown, after: unknown): Part[] {
  if (isSet(said) && isSet(before) && isSet(after)) {
    return Object.entries(said).flatMap(([name, value]) =>
      changedParts([...option, name], value, member(before, name), member(after, name))
    );
  }
  const value = changedValue(said, before, after);
  return value === undefined ? [] : [{ option, value }];
}

/** What is said and is not there any more; undefined where all of it is. */
function changedValue(said: unknown, before: unknown, after: unknown): unknown {
  if (before !== CANNOT_BE_SHOWN) {
    if (Array.isArray(before) && Array.isArray(after)) return missing(asList(said), before, after);
    if (typeof before === "string" && typeof after === "string" && after.includes("\n")) {
      return missing(linesOf(said), linesOf(before), linesOf(after))?.join("\n");
    }
    if (text(before) === text(after)) return undefined;
  }
  return said;
}

/** Where an option's type makes other entries of what is said, all that were there count. */
function missing<T>(
  said: readonly T[],
  before: readonly unknown[],
  after: readonly unknown[],
): readonly T[] | undefined {
  const known = new Set(after.filter((entry) => entry !== CANNOT_BE_SHOWN).map(text));
  const all = new Set(before.map(text));
  const own = said.filter((entry) => all.has(text(entry)));
  if (own.length === 0) return all.isSubsetOf(known) ? undefined : said;
  const gone = own.filter((entry) => !known.has(text(entry)));
  return gone.length === 0 ? undefined : gone;
}

/** Hashes and versions in store paths follow nixpkgs. */
const text = (value: unknown) =>
  withoutStoreHashes(
    JSON.stringify(value) ?? "",
    (name) => name.replaceAll(/-\d[\w.+]*/g, ""),
  );

const asList = (value: unknown): readonly unknown[] => Array.isArray(value) ? value : [value];

function linesOf(value: unknown): string[] {
  return typeof value === "string" ? value.split("\n").filter((line) => line.trim() !== "") : [];
}

function isSet(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function member(set: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(set, name) ? set[name] : undefined;
}
