import {
  type AttributeSet,
  type Expression,
  membersOf,
  mkOverride,
} from "../../nix/expressions/expression.ts";

/**
 * Priorities of the module system (lib/modules.nix): a plain definition has 100, `mkForce` 50,
 * `mkDefault` 1000, an option's own default 1500.
 */
const PRIORITIES = {
  /** Beats plain definitions of the source, loses to the owner's `mkForce`. */
  override: 60,
  /** Beats all that the owner's configuration says. */
  force: 40,
  /** Loses to all that the owner's configuration says. */
  weak: 1200,
} as const;

/** One option of a generated module, with where its value was found. */
export interface Setting {
  /** The option's path, for example `["networking", "hostName"]`. */
  readonly option: readonly string[];
  readonly value: Expression;
  /** `merge`: a plain definition, for lists and sets to which others may add. Else see {@link PRIORITIES}. */
  readonly how: keyof typeof PRIORITIES | "merge";
  /** Where the value comes from, for the plan: `evaluated configuration`, `/etc/locale.conf` … */
  readonly source: string;
}

/** Where the values of an evaluated configuration come from, in plans. */
export const EVALUATED = "evaluated configuration";

/** An option by its name with dots, or part by part where a part may have some of its own. */
type OptionName = string | readonly string[];

/** A value that was found, with where. */
export interface Found<T> {
  readonly value: T;
  readonly source: string;
}

/** A carried setting (see {@link Setting.how}). */
export function override(option: OptionName, value: Expression, source = EVALUATED): Setting {
  return { option: partsOf(option), value, how: "override", source };
}

/** A setting that adds to a list or set. */
export function merge(option: OptionName, value: Expression, source = EVALUATED): Setting {
  return { option: partsOf(option), value, how: "merge", source };
}

/** A setting that beats all others. */
export function force(option: string, value: Expression, source: string): Setting {
  return { option: partsOf(option), value, how: "force", source };
}

/** A setting that stands where nobody says anything else. */
export function weak(option: string, value: Expression, source: string): Setting {
  return { option: partsOf(option), value, how: "weak", source };
}

/**
 * Settings below an option, each by its name there; what says nothing (null, false, an empty list or text)
 * is left out.
 * @param make of what is left
 */
export function said(
  below: OptionName,
  members: AttributeSet,
  make: typeof override | typeof merge = override,
  source = EVALUATED,
): Setting[] {
  return membersOf(members)
    .filter(([, value]) => value !== null && value !== false && value !== "")
    .filter(([, value]) => !(Array.isArray(value) && value.length === 0))
    .map(([name, value]) => make([...partsOf(below), ...name.split(".")], value, source));
}

function partsOf(option: OptionName): readonly string[] {
  return typeof option === "string" ? option.split(".") : option;
}

/** The option's name as people write it; parts that are no identifiers are quoted. */
export function optionPath(setting: Pick<Setting, "option">): string {
  return setting.option.map((part) => /^[A-Za-z_][\w'-]*$/.test(part) ? part : JSON.stringify(part))
    .join(".");
}

/** The first that was found. */
export function firstFound<T>(
  ...candidates: readonly (readonly [value: T | null | undefined | "", source: string])[]
): Found<T> | undefined {
  for (const [value, source] of candidates) {
    if (value !== null && value !== undefined && value !== "") return { value: value as T, source };
  }
  return undefined;
}

/** The settings as one attribute set, in their order. */
export function toAttributeSet(settings: readonly Setting[]): AttributeSet {
  const members = new Map<string, Setting[]>();
  const leaves = new Map<string, Expression>();
  for (const setting of settings) {
    const [head, ...rest] = setting.option as [string, ...string[]];
    if (rest.length === 0) {
      leaves.set(
        head,
        setting.how === "merge"
          ? setting.value
          : mkOverride(PRIORITIES[setting.how], setting.value),
      );
    } else members.set(head, [...(members.get(head) ?? []), { ...setting, option: rest }]);
  }
  return Object.fromEntries([
    ...leaves,
    ...[...members].map(([head, inner]) => [head, toAttributeSet(inner)] as const),
  ]);
}
