import type { Context } from "../../machine/context.ts";
import type { Account } from "../../machine/accounts/accounts.ts";
import { ExitCode } from "../../machine/exit_code.ts";
import { isNixosHostName } from "../../machine/host_name.ts";
import { usableHostRecord } from "../../machine/host_record.ts";
import { isBuildUser, loginUsers } from "../../machine/accounts/login_users.ts";
import { ToolError } from "../../machine/tool_error.ts";
import { someOf } from "../../layout/counted.ts";
import { nearestName } from "../../layout/nearest_name.ts";
import type { MachineReading } from "./machine_reading.ts";
import { hostNameProblem, type InstallOptions, stateVersionProblem } from "../options.ts";
import { EVALUATED, firstFound, type Found } from "../carry/setting.ts";

/** Which accounts are carried over, or, with a base, who is to run virtual machines. */
export interface ChosenUsers {
  /** In the order of /etc/passwd; root is always among them. */
  readonly users: readonly Account[];
  /** People's accounts that stay behind. */
  readonly leftBehind: readonly { readonly name: string; readonly reason: string }[];
}

/**
 * The host name: the option, or the current one without its domain, kept or changed.
 * @throws ToolError exit 4 when the current one cannot be used and nobody can be asked
 */
export async function decideHostName(
  ctx: Context,
  options: InstallOptions,
  { facts, hostName }: MachineReading,
): Promise<Found<string>> {
  if (options.hostname !== undefined) return { value: options.hostname, source: "--hostname" };
  // An installation that is there already may have given the machine another name than its owner's
  // configuration has.
  const found = firstFound(
    [usableHostRecord(ctx)?.hostName, "host.json"],
    [facts?.hostName, EVALUATED],
    [hostName?.name, hostName?.source ?? ""],
  );
  const own = found?.value.split(".")[0] ?? "";
  const usable = isNixosHostName(own);
  const answer = await ctx.ui.text({
    message: "Host name",
    option: "--hostname",
    ...(usable ? { default: own } : {}),
    validate: (name) => usable && name === own ? undefined : hostNameProblem(name),
  });
  return found !== undefined && usable && answer === own
    ? { ...found, value: own }
    : { value: answer, source: "your answer" };
}

/**
 * The users: the option, or all, or those picked.
 * @throws ToolError exit 4 for an unknown name, or when leaving someone behind is not confirmed
 */
export async function decideUsers(
  ctx: Context,
  options: InstallOptions,
  reading: MachineReading,
): Promise<ChosenUsers> {
  const { migratable, excluded } = loginUsers(reading.accounts);
  const people = migratable.filter((account) => account.uid !== 0);
  const chosen = options.users === undefined
    ? await pickUsers(ctx, options, people, reading.invokingUser?.name)
    : namedUsers(options.users, people, excluded);
  const dropped = people.filter((account) => !chosen.has(account.name));
  // With a base every account stays as it is: who is not chosen gets no groups, no more.
  if (!options.keepConfig) await confirmDropped(ctx, dropped, options.users !== undefined);
  return {
    users: migratable.filter((account) => account.uid === 0 || chosen.has(account.name)),
    leftBehind: [
      ...dropped.map(({ name }) => ({ name, reason: "not chosen" })),
      // System accounts are NixOS's own business; people's accounts that stay behind are not.
      ...excluded.filter(({ name, uid }) => uid >= 1000 && uid < 65534 && !isBuildUser(name))
        .map(({ name, reason }) => ({ name, reason })),
    ],
  };
}

async function pickUsers(
  ctx: Context,
  options: InstallOptions,
  people: readonly Account[],
  invoking: string | undefined,
): Promise<Set<string>> {
  const names = people.map((account) => account.name);
  if (people.length < 2) return new Set(names);
  // The person at the keyboard comes first, and is marked.
  const ordered = people.toSorted((a, b) =>
    Number(b.name === invoking) - Number(a.name === invoking)
  );
  return new Set(
    await ctx.ui.multiselect({
      message: options.keepConfig
        ? "Who runs virtual machines here (all accounts stay as they are)"
        : "Users to carry over (root always is)",
      option: "--users",
      default: names,
      choices: ordered.map((account) => ({
        value: account.name,
        label: account.name === invoking ? `${account.name} (you)` : account.name,
        hint: [account.description, `uid ${account.uid}`].filter((part) => part).join(", "),
      })),
    }),
  );
}

function namedUsers(
  names: readonly string[],
  people: readonly Account[],
  excluded: readonly { readonly name: string; readonly reason: string }[],
): Set<string> {
  const known = people.map((account) => account.name);
  for (const name of names.filter((name) => name !== "root" && !known.includes(name))) {
    const reason = excluded.find((account) => account.name === name)?.reason;
    const nearest = nearestName(name, known);
    throw new ToolError(
      reason ? `user "${name}" cannot be carried over: ${reason}` : `there is no user "${name}"`,
      {
        code: ExitCode.InvalidArguments,
        hint: nearest ? `did you mean ${nearest}?` : `users here: ${someOf(known) || "none"}`,
      },
    );
  }
  return new Set(names);
}

/** Activation removes dropped accounts that were declared; naming users on the command line is consent. */
async function confirmDropped(
  ctx: Context,
  dropped: readonly Account[],
  named: boolean,
): Promise<void> {
  if (dropped.length === 0 || named) return;
  const names = someOf(dropped.map((account) => account.name));
  const go = await ctx.ui.confirm({
    message: `Leave behind ${names}? Declared accounts are removed, home folders stay`,
    option: "--users",
    default: false,
  });
  if (go) return;
  throw new ToolError(`not confirmed: leaving behind ${names}`, {
    code: ExitCode.InvalidArguments,
    hint: "run it again and choose them too, or name the users with --users",
  });
}

/**
 * `system.stateVersion`: the option, or found, or asked for; never guessed.
 * @throws ToolError exit 4 when it cannot be found and nobody can be asked
 */
export async function decideStateVersion(
  ctx: Context,
  options: InstallOptions,
  { facts, writtenStateVersion }: MachineReading,
): Promise<Found<string>> {
  if (options.stateVersion !== undefined) {
    return { value: options.stateVersion, source: "--state-version" };
  }
  const found = firstFound(
    [facts?.stateVersion, EVALUATED],
    [writtenStateVersion, "/etc/nixos/configuration.nix"],
  );
  if (found && stateVersionProblem(found.value) === undefined) return found;
  // Guessing it wrong can make databases unreadable: NixOS migrates them by this value.
  const answer = await ctx.ui.text({
    message: "system.stateVersion: the NixOS release this machine was first installed with",
    option: "--state-version",
    validate: stateVersionProblem,
  });
  return { value: answer, source: "your answer" };
}
