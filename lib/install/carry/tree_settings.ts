import { ToolError } from "../../machine/tool_error.ts";
import type { Context } from "../../machine/context.ts";
import { changedDefinitions, holdsIn } from "../../nix/evaluation/changed_definitions.ts";
import type { ConfigurationSource } from "../../nix/evaluation/configuration_source.ts";
import {
  type OwnersDefinition,
  type OwnersDefinitions,
  ownersDefinitions,
  plainDefinitions,
  valuesAndPlain,
} from "../../nix/evaluation/owners_definitions.ts";
import { CANNOT_BE_SHOWN } from "../../nix/evaluation/owners_definitions_expression.ts";
import { plainSettings } from "./carry_plain.ts";
import { override, type Setting } from "./setting.ts";

/** What a source tree of the published layout says otherwise than the machine that it is to run. */
export interface TreeSettings {
  /** What the owner's files say. */
  readonly owners: OwnersDefinitions;
  /** What the tree's files say, where nothing of the machine's stands above them. */
  readonly definitions: readonly OwnersDefinition[];
  /** Of these what the machine has otherwise, member by member. */
  readonly conflicts: readonly Conflict[];
  /** What the owner's files say of them and no list of ours carries, to be carried over. */
  readonly found: readonly Setting[];
}

/** A setting of which the machine has another value than a tree's files say. */
export interface Conflict {
  readonly option: readonly string[];
  readonly machine: unknown;
  readonly tree: unknown;
  /** The value that the option has in the end: on the machine, and with the tree alone. */
  readonly results: { readonly machine: unknown; readonly tree: unknown };
  /** The place of the tree's definition in {@link TreeSettings.definitions}. */
  readonly index: number;
  /** Whether our list of what is carried has it, the owner's files say it, or only NixOS's defaults. */
  readonly saidBy: "carried" | "owner" | "default";
}

/** A {@link Conflict}, with what the new host has. */
export interface Disagreement extends Pick<Conflict, "option" | "machine" | "tree"> {
  readonly result: unknown;
  /** `both` where lists and lines are joined, `neither` where something else stands above both. */
  readonly wins: "machine" | "tree" | "both" | "neither";
  readonly why: string;
}

/**
 * Left to the tree, by the beginning of their names, with the reason. The rest of what the owner's files
 * say is carried over where the tree says something else.
 */
const LEFT_TO_THE_TREE: readonly (readonly [option: string, why: string])[] = [
  ["hypervisor", "it is the tree's own"],
  ["virtualisation", "how guests run is what the tree is for"],
  ["security.sudo", "sudo without a password is kept only for who has none to type"],
  ["environment.systemPackages", "programs are not carried over"],
  ["users", "accounts are carried over as they are in /etc/passwd"],
];

/** Where a found setting comes from, in plans. */
const YOURS = "your files: the tree says otherwise";

const NOBODY = "nobody is logged in without a password here";

/** Options that name a user who is logged in without being asked for a password. */
const LOGS_IN = /auto_?log[io]n[._]?user$/i;

/**
 * Finds what a tree and a machine say differently, by evaluation: no list of what a tree sets decides what
 * is seen. Three evaluations.
 * @param owners the configuration as it is
 * @param alone the host of the tree without anything that is carried over
 * @param carried what is carried over in any case
 * @returns the reason where one of them cannot be evaluated
 */
export async function readTreeSettings(
  ctx: Context,
  owners: ConfigurationSource,
  alone: ConfigurationSource,
  carried: readonly Setting[],
): Promise<TreeSettings | { readonly unknown: string }> {
  const progress = ctx.ui.progress("Looking for what this machine and the tree say differently");
  try {
    const own = await ownersDefinitions(ctx, owners);
    const { definitions } = await ownersDefinitions(ctx, alone, "tree");
    const both = own.definitions.map(({ option }) => option)
      .filter((option) => definitions.some((tree) => isAt(tree.option, option)));
    const { values: machine, plain: found } = await valuesAndPlain(ctx, owners, definitions, both);
    const conflicts = conflictsOf(own.definitions, definitions, machine, carried);
    const wanted = conflicts.filter((one) => one.saidBy === "owner" && leftWhy(one) === undefined);
    const options = own.definitions.map(({ option }) => option)
      .filter((option) => wanted.some((one) => isAt(option, one.option)));
    const plain = found ??
      (options.length === 0 ? [] : await plainDefinitions(ctx, owners, options));
    const settings = plainSettings(plain, YOURS)
      .filter(({ option }) => wanted.some((one) => isAt(option, one.option)))
      // Of the members of a set, lists are joined with the tree's.
      .map((one) => Array.isArray(one.value) ? { ...one, how: "merge" as const } : one);
    progress.done("looked for what this machine and the tree say differently");
    return {
      owners: own,
      definitions,
      conflicts,
      found: [
        ...settings,
        // A text or a number beside what is no data (a file of /etc and its store path).
        ...wanted.filter(({ option }) => !settings.some((one) => isAt(one.option, option)))
          .flatMap(({ option, machine }) =>
            isPlain(machine) ? [override(option, machine, YOURS)] : []
          ),
        ...conflicts.filter((one) => one.machine === null).map(({ option }) =>
          override(option, null, NOBODY)
        ),
      ],
    };
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    // The plan says why.
    progress.done("what this machine and the tree say differently is not known");
    ctx.log.debug(error.message);
    return { unknown: error.message };
  }
}

/** Pure. @param machine `valuesOfDefinitions` of the owner's configuration for the tree's definitions */
export function conflictsOf(
  own: readonly OwnersDefinition[],
  definitions: readonly OwnersDefinition[],
  machine: readonly unknown[],
  carried: readonly Setting[],
): Conflict[] {
  return definitions.flatMap((definition, index) =>
    changedDefinitions([definition], [machine[index]]).flatMap(({ option, value }): Conflict[] => {
      const member = option.slice(definition.option.length);
      const results = {
        machine: below(machine[index], member),
        tree: below(definition.result, member),
      };
      // What is not there is what NixOS does without being told.
      if (isNothing(value)) return [];
      if (isNothing(results.machine)) {
        const opens = results.machine === null && LOGS_IN.test(option.join("."));
        return opens
          ? [{ option, machine: null, tree: value, results, index, saidBy: "default" }]
          : [];
      }
      const owner = own.find((one) => isAt(one.option, option));
      const said = owner && below(owner.value, option.slice(owner.option.length));
      const saidBy = carried.some((one) => isAt(one.option, option) || isAt(option, one.option))
        ? "carried"
        : said === undefined || isHidden(said)
        ? "default"
        : "owner";
      // NixOS adds entries of its own to lists.
      const here = saidBy !== "default" && Array.isArray(said) ? said : results.machine;
      return [{ option, machine: here, tree: value, results, index, saidBy }];
    })
  );
}

/**
 * Who wins where a machine and a tree disagree. What only NixOS's defaults say on the machine, and the tree
 * decides, is no disagreement. Pure.
 * @param results `valuesOfDefinitions` of the new host for the tree's definitions
 */
export function disagreements(
  { definitions, conflicts, found }: TreeSettings,
  results: readonly unknown[],
): Disagreement[] {
  return conflicts.flatMap((conflict): Disagreement[] => {
    const { option, machine, tree, index, saidBy } = conflict;
    const result = below(results[index], option.slice(definitions[index]!.option.length));
    const keeps = holdsIn(machine, conflict.results.machine, result);
    const takes = holdsIn(tree, conflict.results.tree, result);
    const wins = keeps ? (takes ? "both" : "machine") : takes ? "tree" : "neither";
    if (saidBy === "default" && wins !== "machine") return [];
    const isFound = found.some((one) => isAt(one.option, option) || isAt(option, one.option));
    const why = {
      both: "what both say is joined",
      machine: machine === null ? NOBODY : isFound ? "your files say it" : "it is carried over",
      tree: leftWhy(conflict) ??
        (isFound || saidBy === "carried"
          ? "the tree forces it"
          : "it is no plain data that could be carried over"),
      neither: "something else stands above both",
    }[wins];
    return [{ option, machine, tree, result, wins, why }];
  });
}

/** Why a setting is left to the tree; undefined for one that is carried over. */
function leftWhy({ option }: Pick<Conflict, "option">): string | undefined {
  return LEFT_TO_THE_TREE.find(([name]) => isAt(name.split("."), option))?.[1];
}

/** Whether an option is another one, or a member of it. */
function isAt(option: readonly string[], member: readonly string[]): boolean {
  return option.every((part, index) => member[index] === part);
}

function below(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inner, name) =>
      typeof inner === "object" && inner !== null && Object.hasOwn(inner, name)
        ? (inner as Record<string, unknown>)[name]
        : undefined,
    value,
  );
}

function isNothing(value: unknown): boolean {
  return value === null || value === undefined || isHidden(value) ||
    Array.isArray(value) && value.length === 0;
}

/** A value that is the same in another system; a path, a package or a kernel is none (`show` names them). */
function isPlain(value: unknown): value is string | number | boolean {
  return typeof value === "boolean" || Number.isSafeInteger(value) ||
    typeof value === "string" && !/^(\/|package |kernel )|\/nix\/store\//.test(value);
}

/** Also the hash of a secret. */
function isHidden(value: unknown): boolean {
  return typeof value === "string" && value.startsWith(CANNOT_BE_SHOWN);
}
