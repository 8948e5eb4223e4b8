import { ToolError } from "../../machine/tool_error.ts";
import type { ConfigurationSource } from "../../nix/evaluation/configuration_source.ts";
import { changedDefinitions } from "../../nix/evaluation/changed_definitions.ts";
import {
  type OwnersDefinition,
  ownersDefinitions,
  valuesOfDefinitions,
} from "../../nix/evaluation/owners_definitions.ts";
import { CANNOT_BE_SHOWN } from "../../nix/evaluation/owners_definitions_expression.ts";
import type { Context } from "../../machine/context.ts";
import { withoutSecrets } from "../../rebuild/comparison_text.ts";
import type { Setting } from "./setting.ts";

/** What an owner's configuration says and a host without it does not. */
export interface NotCarried {
  /** Each with the files that say it. */
  readonly settings: readonly OwnersDefinition[];
  /** Options of which it could not be told. */
  readonly unreadable: readonly string[];
}

/**
 * Lists what the owner's files say and the new host has otherwise or not at all, for an installation that
 * does not keep the configuration. No list of known options decides what is seen. Three evaluations.
 * @param owners the configuration as it is
 * @param host the new host, without it
 * @returns the reason where one of them cannot be evaluated
 */
export async function findNotCarried(
  ctx: Context,
  owners: ConfigurationSource,
  host: ConfigurationSource,
): Promise<NotCarried | { readonly unknown: string }> {
  const progress = ctx.ui.progress("Looking for what is not carried over");
  try {
    const { definitions, unreadable } = await ownersDefinitions(ctx, owners);
    const before = await valuesOfDefinitions(ctx, owners, definitions);
    const after = await valuesOfDefinitions(ctx, host, definitions);
    const settings = changedDefinitions(definitions, before, after);
    progress.done("looked for what is not carried over");
    return { settings, unreadable };
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    progress.done(`what is not carried over could not be listed: ${error.message}`);
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

/** What is left of a list when what other settings say in its place is taken out. Pure. */
export function withoutCarried(
  { settings, unreadable }: NotCarried,
  carried: readonly Setting[],
): NotCarried {
  const names = new Set(carried.map(({ option }) => JSON.stringify(option)));
  const isCarried = ({ option }: OwnersDefinition) => {
    const other = CARRIED_AS[option.at(-1) ?? ""];
    return other !== undefined && names.has(JSON.stringify([...option.slice(0, -1), other]));
  };
  return { settings: settings.filter((one) => !isCarried(one)), unreadable };
}

/** A value that a file says, as JSON, without what may be a secret. */
export function definitionText(value: unknown): string {
  return value === CANNOT_BE_SHOWN ? CANNOT_BE_SHOWN : withoutSecrets(JSON.stringify(value));
}
