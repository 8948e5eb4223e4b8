import * as v from "valibot";
import { hideSecrets } from "../../layout/hidden_secrets.ts";
import { isBuildUser } from "../../machine/accounts/login_users.ts";
import { machineFolder, machineHas, machineText } from "../../machine/files/machine_files.ts";
import { parsedAs } from "../../machine/parsed_as.ts";
import { places } from "../../machine/places.ts";
import type { ConfigurationFacts } from "../../nix/evaluation/configuration_facts.ts";
import { currentSystem } from "../../nix/generations.ts";
import { specialisedOf } from "../../nix/running_specialisation.ts";
import type { Identity } from "../../nix/evaluation/identity.ts";
import { withoutStoreHashes } from "../../nix/store/store_path.ts";
import { systemRecord } from "../../nix/system_record.ts";
import type { Context } from "../../machine/context.ts";
import { type RunningDifference, single } from "./running_differences.ts";
import { differentDisks } from "./running_disks.ts";
import {
  different,
  differentAddresses,
  differentOpenings,
  differentSshServer,
} from "./running_scripts.ts";

/** How an evaluated configuration and the system that runs are related. */
export type RunningSystem =
  /** It is that system, to the store path. */
  | { readonly kind: "same"; readonly toplevel: string }
  /** A Hyper-NixOS that these tools made runs: the base was compared when that was installed. */
  | { readonly kind: "ours"; readonly toplevel: string }
  /** Another build; what differs in meaning is named, where it decides who gets in and what boots. */
  | {
    readonly kind: "other";
    readonly toplevel: string;
    readonly differences: readonly RunningDifference[];
  }
  | { readonly kind: "unknown"; readonly why: string };

/**
 * Holds the configuration that was read against what runs: the system of a mounted machine is the one
 * that it boots. A channel that was updated and not yet rebuilt changes nearly every store path and is
 * ordinary; a stale `/etc/nixos` beside a machine that is deployed from elsewhere is not. So texts are
 * compared without hashes and versions, and only names, boot, disks, network, sshd and accounts count.
 */
export function compareWithRunning(
  ctx: Context,
  facts: ConfigurationFacts | undefined,
  identity: Identity | undefined,
): RunningSystem {
  const link = ctx.root.isRunning ? places.currentSystem : places.systemProfile;
  const toplevel = ctx.root.isRunning ? currentSystem(ctx) : storePath(ctx.root.realPath(link));
  if (toplevel === undefined) return { kind: "unknown", why: `there is no ${link}` };
  if (facts === undefined || identity === undefined) {
    return { kind: "unknown", why: "your configuration was not evaluated" };
  }
  const parent = specialisedOf(ctx, toplevel)?.base;
  const record = systemRecord(ctx, toplevel) ??
    (parent === undefined ? undefined : systemRecord(ctx, parent));
  const flake = record?.flake;
  if ([places.source, places.host].some((path) => flake?.includes(path))) {
    return { kind: "ours", toplevel };
  }
  const read = identity.toplevel;
  if (typeof read === "string" && [toplevel, parent].includes(read)) {
    return { kind: "same", toplevel };
  }
  const differences = [
    ...single(differentName(ctx, toplevel, facts)),
    ...differentDisks(ctx, toplevel, facts),
    ...single(differentCrypttab(ctx, toplevel, identity)),
    ...differentUnits(ctx, toplevel, identity),
    ...single(differentAddresses(ctx, toplevel, facts)),
    ...single(differentSshServer(ctx, toplevel, facts)),
    ...differentOpenings(ctx, toplevel, facts),
    ...single(differentParameters(ctx, toplevel, identity)),
    ...differentAccounts(ctx, toplevel, facts),
  ];
  return { kind: "other", toplevel, differences };
}

function storePath(path: string): string | undefined {
  return path.startsWith("/nix/store/") ? path : undefined;
}

function differentName(ctx: Context, toplevel: string, facts: ConfigurationFacts): string[] {
  const runs = machineText(ctx, `${toplevel}/etc/hostname`)?.trim();
  return different("the host name", [facts.hostName || "none"], runs === undefined ? [] : [runs]);
}

/** What opens disks has no facts of its own; without a text of the configuration it is not compared. */
function differentCrypttab(ctx: Context, toplevel: string, identity: Identity): string[] {
  const runs = machineText(ctx, `${toplevel}/etc/crypttab`);
  const item = identity.etc?.crypttab;
  const read = item && "text" in item ? item.text : undefined;
  if (read === null || runs === undefined && read === undefined) return [];
  return meaning(runs ?? "") === meaning(read ?? "") ? [] : [differs("/etc/crypttab", read, runs)];
}

/** Units that give the machine its network and let people in. */
const UNITS =
  /^(sshd(@|-keygen)?|sshd|network-addresses-.*|network-setup|networking|.*-netdev|systemd-networkd|NetworkManager|dhcpcd|wpa_supplicant.*|firewall|nftables)\.(service|socket)$/;

function differentUnits(ctx: Context, toplevel: string, identity: Identity): RunningDifference[] {
  const folder = `${toplevel}/etc/systemd/system`;
  if (!machineHas(ctx, folder) || identity.unit === undefined) return [];
  const names = new Set([...machineFolder(ctx, folder), ...Object.keys(identity.unit)]);
  return [...names].filter((name) => UNITS.test(name)).sort().flatMap((name) => {
    const item = identity.unit?.[name];
    // A unit that a package brings is not written by the configuration.
    const read = item && "text" in item ? item.text : undefined;
    const runs = machineText(ctx, `${folder}/${name}`);
    if (read === null || read === undefined && runs === undefined) return [];
    if (read !== undefined && runs !== undefined && meaning(read) === meaning(runs)) return [];
    const told = runs === undefined
      ? "units are in what was read, and not in what runs"
      : read === undefined
      ? "units are in what runs, and not in what was read"
      : "units differ";
    return [{ text: differs(name, read, runs), alike: { told, name } }];
  });
}

function differentParameters(ctx: Context, toplevel: string, identity: Identity): string[] {
  const runs = machineText(ctx, `${toplevel}/kernel-params`);
  const item = identity.boot?.["kernel parameters"];
  if (runs === undefined || item === undefined || !("is" in item)) return [];
  const words = (text: string) => meaning(text).split(/\s+/).filter((word) => word !== "").sort();
  const read = words(v.parse(v.array(v.string()), item.is).join(" "));
  return read.join(" ") === words(runs).join(" ") ? [] : [
    `the kernel's parameters: ${read.join(" ") || "none"} were read, ${words(runs).join(" ")} run`,
  ];
}

const AccountsSchema = v.object({
  mutableUsers: v.boolean(),
  users: v.array(v.object({ name: v.string(), uid: v.nullable(v.number()) })),
});

/** What update-users-groups.pl of the running system is given (nixos/modules/config/users-groups.nix). */
const ACCOUNTS = /\/nix\/store\/[\w.+-]*-users-groups\.json/;

function differentAccounts(
  ctx: Context,
  toplevel: string,
  facts: ConfigurationFacts,
): RunningDifference[] {
  const file = ACCOUNTS.exec(machineText(ctx, `${toplevel}/activate`) ?? "")?.[0];
  const text = file === undefined ? undefined : machineText(ctx, file);
  const declares = parsedAs(AccountsSchema, text ?? "");
  if (declares === undefined) return [];
  const people = (list: readonly { name: string; uid: number | null; isNormalUser?: boolean }[]) =>
    new Set(
      list.filter(({ name, uid, isNormalUser }) =>
        isNormalUser || (uid ?? 0) >= 1000 && !isBuildUser(name)
      ).map(({ name }) => name),
    );
  const declared = new Set(facts.users.accounts.map(({ name }) => name));
  const runs = people(declares.users);
  const known = new Set(declares.users.map(({ name }) => name));
  return [
    ...[...runs].filter((name) => !declared.has(name)).map((name) =>
      account(name, "declared by what runs, and not by what was read")
    ),
    ...[...people(facts.users.accounts)].filter((name) => !known.has(name)).map((name) =>
      account(name, "declared by what was read, and not by what runs")
    ),
    ...single(different(
      "users.mutableUsers",
      [String(facts.users.mutableUsers)],
      [String(declares.mutableUsers)],
    )),
  ];
}

function account(name: string, how: string): RunningDifference {
  return { text: `the account ${name} is ${how}`, alike: { told: `accounts are ${how}`, name } };
}

/** A text without what every update changes: hashes and versions in store paths, and empty lines. */
function meaning(text: string): string {
  return withoutStoreHashes(text, (name) => name.replaceAll(/-\d[\w.+]*/g, ""))
    .split("\n").map((line) => line.trim())
    .filter((line) =>
      line !== "" &&
      !/^(#|X-Restart-Triggers|X-Reload-Triggers|Environment="(PATH|LOCALE_ARCHIVE|TZDIR)=)/.test(
        line,
      )
    )
    .join("\n");
}

function differs(what: string, read: string | null | undefined, runs: string | undefined): string {
  if (runs === undefined) return `${what} was read, and what runs has none`;
  if (read === undefined || read === null) {
    return `${what} is in what runs, and not in what was read`;
  }
  const [mine, theirs] = [meaning(read).split("\n"), meaning(runs).split("\n")];
  const line = mine.find((line) => !theirs.includes(line)) ??
    theirs.find((line) => !mine.includes(line));
  return `${what} differs${line === undefined ? "" : `: ${hideSecrets(line).slice(0, 100)}`}`;
}
