/**
 * A Nix expression as data: JavaScript's own values stand for Nix's (string, whole number, boolean,
 * null, array = list, object = attribute set), the constructors of this file for the rest. Text
 * comes only out of `expression_layout.ts`, so that no value can ever be read as code.
 */
export type Expression =
  | string
  | number
  | boolean
  | null
  | readonly Expression[]
  | AttributeSet
  | Special;

/**
 * An attribute set, printed in the object's order. Members that are undefined are left out. Build
 * one with names from outside by `Object.fromEntries`: assigning to `__proto__` does not add it.
 */
export interface AttributeSet {
  readonly [name: string]: Expression | undefined;
}

/** What JavaScript has no value for; made by the functions of this file. */
export class Special {
  constructor(
    readonly form:
      | { readonly kind: "path"; readonly path: string }
      | { readonly kind: "override"; readonly priority: number; readonly value: Expression },
  ) {}
}

/**
 * A path, absolute or starting with `./` or `../`. Nix copies a file named so to its world-readable
 * store when it becomes part of a derivation: pass names of secret files as strings.
 */
export function path(text: string): Special {
  if (!/^(\/|\.\.?\/)/.test(text)) throw new TypeError(`"${text}" is neither absolute nor ./`);
  return new Special({ kind: "path", path: text });
}

/** `lib.mkOverride`: of several definitions the one with the lowest number is used; plain ones have 100. */
export function mkOverride(priority: number, value: Expression): Special {
  return new Special({ kind: "override", priority, value });
}

/** Narrows an expression that is none of the other forms. */
export function isAttributeSet(expression: Expression): expression is AttributeSet {
  return typeof expression === "object" && expression !== null && !Array.isArray(expression) &&
    !(expression instanceof Special);
}

/** The members of a set that are defined, in its order. */
export function membersOf(set: AttributeSet): [string, Expression][] {
  return Object.entries(set).flatMap(([name, value]) => value === undefined ? [] : [[name, value]]);
}
