import { ToolError } from "../../machine/tool_error.ts";
import type { ConfigurationSource } from "../../nix/evaluation/configuration_source.ts";
import {
  type ChangedDefinition,
  changedDefinitions,
} from "../../nix/evaluation/changed_definitions.ts";
import { ownersDefinitions, valuesOfDefinitions } from "../../nix/evaluation/owners_definitions.ts";
import { CANNOT_BE_SHOWN } from "../../nix/evaluation/owners_definitions_expression.ts";
import type { Context } from "../../machine/context.ts";
import { hideSecrets } from "../../layout/hidden_secrets.ts";
import type { Setting } from "./setting.ts";
import { type Disagreement, disagreements, type TreeSettings } from "./tree_settings.ts";

/** What an owner's configuration says and a host without it does not. */
export interface NotCarried {
  /** Each with the files that say it. */
  readonly settings: readonly ChangedDefinition[];
  /** Options of which it could not be told. */
  readonly unreadable: readonly string[];
}

/** What a new host makes of an owner's settings. */
export interface ComparedSettings {
  readonly notCarried: NotCarried;
  /** Of a source tree of the published layout, where what it says is known. */
  readonly disagreements?: readonly Disagreement[];
}

/**
 * Lists what the owner's files say and the new host has otherwise or not at all, for an installation that
 * does not keep the configuration; and who wins where a source tree says something else. No list of known
 * options decides what is seen. Two evaluations, or one.
 * @param owners the configuration as it is
 * @param host the new host, without it
 * @param tree what was read of both before, where the source is of the published layout
 * @returns the reason where one of them cannot be evaluated
 */
export async function compareSettings(
  ctx: Context,
  owners: ConfigurationSource,
  host: ConfigurationSource,
  tree?: TreeSettings,
): Promise<ComparedSettings | { readonly unknown: string }> {
  const progress = ctx.ui.progress("Looking for what is not carried over");
  try {
    const { definitions, unreadable } = tree?.owners ?? await ownersDefinitions(ctx, owners);
    const all = [...definitions, ...tree?.definitions ?? []];
    const after = await valuesOfDefinitions(ctx, host, all);
    progress.done("looked for what is not carried over");
    return {
      notCarried: { settings: changedDefinitions(definitions, after), unreadable },
      ...(tree ? { disagreements: disagreements(tree, after.slice(definitions.length)) } : {}),
    };
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    // The plan says why.
    progress.done("what is not carried over could not be listed");
    ctx.log.debug(error.message);
    return { unknown: error.message };
  }
}

/** Options whose value is carried over as another option beside it. */
const CARRIED_AS: Readonly<Record<string, string>> = {
  device: "devices",
  hashedPassword: "hashedPasswordFile",
  initialHashedPassword: "hashedPasswordFile",
  initialPassword: "hashedPasswordFile",
  password: "hashedPasswordFile",
};

/** The files that networkd's options are made into, by the option that holds them. */
const NETWORKD_FILES: Readonly<Record<string, string>> = {
  links: ".link",
  netdevs: ".netdev",
  networks: ".network",
};

/** What is left of a list when what other settings say in its place is taken out. Pure. */
export function withoutCarried(
  { settings, unreadable }: NotCarried,
  carried: readonly Setting[],
): NotCarried {
  const names = new Set(carried.map(({ option }) => JSON.stringify(option)));
  const isCarried = ({ option }: ChangedDefinition) => {
    const [unit, kind = "", name] = [option.slice(0, 2).join("."), option[2], option[3]];
    // networkd's files are carried as they are, not as the options that they are made of.
    const suffix = unit === "systemd.network" && NETWORKD_FILES[kind];
    if (suffix) {
      return names.has(JSON.stringify(["systemd", "network", "units", name + suffix, "text"]));
    }
    const other = CARRIED_AS[option.at(-1) ?? ""];
    return other !== undefined && names.has(JSON.stringify([...option.slice(0, -1), other]));
  };
  return { settings: settings.filter((one) => !isCarried(one)), unreadable };
}

/** A value that a file says, as JSON, without what may be a secret: by its option's name, or its own members'. */
export function definitionText(
  { option, value }: { readonly option: readonly string[]; readonly value?: unknown },
): string {
  if (value === CANNOT_BE_SHOWN) return CANNOT_BE_SHOWN;
  const head = `${option.at(-1) ?? ""} = `;
  return hideSecrets(head + JSON.stringify(value)).slice(head.length);
}
