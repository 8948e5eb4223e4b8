import { carriedShell } from "../carry/login_shell.ts";
import type { CarriedUser } from "../carry/carry_users.ts";
import type { ChosenUsers } from "./decisions.ts";
import type { MachineReading } from "./machine_reading.ts";
import { ownerOfBase } from "../../machine/host_record.ts";
import type { Source } from "../source/source.ts";
import { optionPath, type Setting } from "../carry/setting.ts";
import { receiptNotes } from "../undo/unfinished.ts";
import type { ConfigurationFacts } from "../../nix/evaluation/configuration_facts.ts";
import type { SshServerConfig } from "../../machine/accounts/ssh_server_config.ts";
import { places } from "../../machine/places.ts";
import { fileSystemOf, VOLATILE } from "../../rebuild/access/password_file.ts";
import { someOf } from "../../layout/counted.ts";
import { isUsable } from "../../nix/store/binary_cache.ts";
import { storePathsIn } from "../../nix/store/store_path.ts";
import type { Context } from "../../machine/context.ts";

/** Settings that name what only the old system keeps from being collected. */
export function storePathWarnings(settings: readonly Setting[]): string[] {
  return settings.flatMap((setting) => {
    const [found] = storePathsIn(JSON.stringify(setting.value) ?? "");
    return found === undefined ? [] : [
      `${optionPath(setting)} names ${found}, which goes away with the old generations; ` +
      "put it into local.nix as it is in your present configuration",
    ];
  });
}

/** What a user should know of a plan, though it stops nothing. */
export function planWarnings(
  ctx: Context,
  reading: MachineReading,
  source: Source | undefined,
  chosen: ChosenUsers,
  keepConfig: boolean,
): string[] {
  const { accounts, facts } = reading;
  // A blocker says why, where nothing at all can be read.
  const unreadable = facts?.problem === undefined ? facts?.unreadable ?? [] : [];
  const passwordless = chosen.users.filter((account) => account.passwordState === "empty");
  return [
    ...accounts.warnings,
    ...(unreadable.length > 0
      ? [`parts of your configuration could not be evaluated: ${unreadable.join(", ")}`]
      : []),
    ...(passwordless.length > 0
      ? [
        `an empty password, with which anyone can log in, is kept: that of ${
          someOf(passwordless.map(({ name }) => name))
        }`,
      ]
      : []),
    ...volatileWarnings(facts),
    ...(keepConfig ? baseWarnings(ctx, reading) : carryWarnings(reading, chosen)),
    ...(source && source.listing.skipped.length > 0
      ? [`not copied, neither file nor link: ${source.listing.skipped.join(", ")}`]
      : []),
    ...(source?.cache && !isUsable(source.cache)
      ? [`the binary cache ${source.cache.folder} is not used: it ${source.cache.problem}`]
      : []),
    ...receiptNotes(ctx),
  ];
}

/** Who could not become root before, and can then. */
export function newAdministrators(users: readonly CarriedUser[]): string[] {
  const names = users.filter(({ added }) => added.includes("wheel")).map(({ account }) =>
    account.name
  );
  if (names.length === 0) return [];
  return [
    `${someOf(names)} ${
      names.length === 1 ? "gets" : "get"
    } wheel, and can then become root with a ` +
    "password; --users names those who shall",
  ];
}

/** Places of ours that the next restart would empty, as on a machine whose root is a tmpfs. */
export function volatileWarnings(facts: ConfigurationFacts | undefined): string[] {
  if (facts === undefined) return [];
  const lost = [places.hypervisor, places.state].filter((path) =>
    VOLATILE.test(fileSystemOf(facts, path)?.fsType ?? "")
  );
  return lost.length === 0 ? [] : [
    `a restart empties ${lost.join(" and ")}: the system stays, but cannot be rebuilt or undone; ` +
    "keep them first, as the rest of your state (environment.persistence, or fileSystems with bind)",
  ];
}

/** What an owner must know who goes on with his own configuration. */
function baseWarnings(ctx: Context, { base, accounts }: MachineReading): string[] {
  if (base === undefined) return [];
  const owner = ownerOfBase(ctx, base.record);
  const name = accounts.accounts.find(({ uid }) => uid === owner)?.name ?? `uid ${owner}`;
  return [
    ...(owner === undefined || owner === 0 ? [] : [
      `${
        base.record.kind === "flake" ? base.record.checkout : "your configuration"
      } belongs to ${name}, who thereby controls root`,
    ]),
    ...(base.record.kind === "flake"
      ? [
        "nixos-rebuild builds Hyper-NixOS from now on; with --flake it builds what that flake " +
        "says, which has no Hyper-NixOS",
      ]
      : []),
  ];
}

/** Of a server's file only what decides who gets in is carried over. */
function sshWarnings(server: SshServerConfig | undefined): string[] {
  const words = (server?.others ?? []).map((line) => line.split(" ", 1)[0]!);
  const lost = [...new Set(words), ...(server?.hasMatchBlocks ? ["Match blocks"] : [])];
  return lost.length === 0 ? [] : [
    `of /etc/ssh/sshd_config these are not carried over; put them into local.nix: ${
      lost.join(", ")
    }`,
  ];
}

/** What is made otherwise without the owner's configuration. */
function carryWarnings(
  { factsProblem, hardwareFile, sshServer }: MachineReading,
  chosen: ChosenUsers,
): string[] {
  const strangers = chosen.users.filter((account) => !carriedShell(account.shell).kept);
  return [
    ...(factsProblem
      ? [
        `your configuration was not evaluated (${factsProblem.message}); values come from ` +
        "the running system, and services, network and firewall are not carried over",
      ]
      : []),
    ...(factsProblem ? sshWarnings(sshServer) : []),
    ...(hardwareFile.state === "unusable"
      ? [`hardware-configuration.nix is generated anew: ${hardwareFile.problem}`]
      : []),
    ...[...Map.groupBy(strangers, ({ shell }) => shell)].map(([shell, list]) =>
      `bash is the shell of ${someOf(list.map(({ name }) => name))}: the new system has no ${shell}`
    ),
  ];
}
