import {
  groupNamesOf,
  isExpired,
  type PasswordState,
  readAccounts,
  stateOfField,
} from "../../machine/accounts/accounts.ts";
import { declaredAccounts } from "../../machine/accounts/declared_accounts.ts";
import { devicePresence } from "../../machine/hardware/device_names.ts";
import { leaseHolder } from "../../machine/hardware/dhcp_lease.ts";
import { interfaceKind } from "../../machine/hardware/interface_kind.ts";
import { interfaceTraits } from "../../machine/hardware/interface_traits.ts";
import { invokingUser } from "../../machine/accounts/invoking_user.ts";
import { kernelContext } from "../../machine/hardware/kernel_files.ts";
import { mappedBelow } from "../../machine/hardware/mapped_below.ts";
import { machineFolder, machineHas, machineText } from "../../machine/files/machine_files.ts";
import { interfaceTo, readNetworkState } from "../../machine/hardware/network_state.ts";
import { readSshServerConfig } from "../../machine/accounts/ssh_server_config.ts";
import { type Session, session } from "../../machine/accounts/session.ts";
import type { ConfigurationFacts } from "../../nix/evaluation/configuration_facts.ts";
import { isMadeByActivation } from "../../nix/managed_etc.ts";
import { attempt } from "../../machine/attempt.ts";
import type { Context } from "../../machine/context.ts";
import { ALWAYS_THERE } from "../access/accounts_after.ts";
import { keyFilePatterns } from "../access/effective_ssh.ts";
import type { AccountState, InterfaceNow, MachineNow } from "./machine_now.ts";
import type { PamTexts } from "../access/pam_stack.ts";
import { keyFilesOf } from "../access/key_files.ts";
import { accountsToKeep } from "../activation/undeclared_accounts.ts";

const PAM = "/etc/pam.d";

/**
 * Reads what the proofs need of the machine as it is. Never throws: what cannot be read is as if it
 * was not there, which proves less.
 * @param before the configuration that runs; its keys are the ones that open a session now
 * @param after the one that is to be activated; where it would look for keys and passwords is looked at
 */
export function readMachineNow(
  ctx: Context,
  before: ConfigurationFacts | undefined,
  after: ConfigurationFacts,
): MachineNow {
  const known = readAccounts(ctx);
  const kept = new Set(accountsToKeep(ctx, after, known).users);
  // What a system has in /run while it runs is not seen from elsewhere.
  const has = (path: string) =>
    !ctx.root.isRunning && path.startsWith("/run/") || machineHas(ctx, path);
  const accounts = known.accounts.map((account): AccountState => ({
    name: account.name,
    uid: account.uid,
    home: account.home,
    shell: account.shell,
    lacksShell: !ALWAYS_THERE.test(account.shell) && !has(account.shell),
    password: account.passwordState,
    expired: isExpired(account, ctx.now()),
    groups: groupNamesOf(known, account),
    declaredKeys: before?.users.accounts.find(({ name }) => name === account.name)
      ?.authorizedKeys ?? [],
  }));
  const here: Session = ctx.root.isRunning ? session(ctx) : { kind: "console" };
  return {
    at: ctx.now(),
    // Nobody is on a mounted machine.
    session: here,
    ...(before === undefined ? { sshServer: sshServerNow(ctx) } : {}),
    person: ctx.root.isRunning ? invokingUser(ctx, known)?.name : undefined,
    accounts,
    declaredBefore: declaredAccounts(ctx).users.filter((name) => !kept.has(name)),
    keyFiles: readKeyFiles(ctx, [accounts, after.users.accounts], [before, after]),
    passwordFiles: readPasswordFiles(ctx, after),
    has,
    shells: machineText(ctx, "/etc/shells")?.split("\n") ?? [],
    pam: readPam(ctx) ?? before?.pam,
    interfaces: ctx.root.isRunning ? interfacesNow(ctx) : [],
    wayOut: here.kind === "ssh" && here.clientAddress !== undefined
      ? interfaceTo(ctx, here.clientAddress)
      : undefined,
    leaseHolder: here.kind === "ssh" ? leaseHolder(ctx, here.serverAddress ?? "") : undefined,
    ...(ctx.root.isRunning ? { loadedModules: loadedModules(ctx) } : {}),
    stranger: strangerAtWork(ctx, known.accounts.map(({ name }) => name)),
    gateways: ctx.root.isRunning ? gatewaysNow(ctx) : [],
    disks: {
      presence: (device) => devicePresence(ctx, device),
      kernelName: (device) => kernelName(ctx, device),
      below: mappedBelow(ctx, "/"),
    },
  };
}

function sshServerNow(ctx: Context): MachineNow["sshServer"] {
  const config = readSshServerConfig(ctx);
  return config && {
    ports: [...config.ports],
    listenAddresses: config.listenAddresses.map(({ address, port }) => ({
      addr: address,
      port: port ?? null,
    })),
  };
}

function readKeyFiles(
  ctx: Context,
  accounts: readonly (readonly Parameters<typeof keyFilesOf>[1][])[],
  configurations: readonly (ConfigurationFacts | undefined)[],
): Record<string, string[]> {
  const paths = configurations.flatMap((facts) =>
    facts === undefined
      ? []
      : accounts.flat().flatMap((account) => keyFilesOf(keyFilePatterns(facts.ssh), account))
  );
  const files: Record<string, string[]> = {};
  for (const path of new Set(paths)) {
    // What NixOS made of the old configuration goes away with it.
    if (isMadeByActivation(ctx, path)) continue;
    const lines = machineText(ctx, path)?.split("\n").filter((line) => line.trim() !== "") ?? [];
    if (lines.length > 0) files[path] = lines;
  }
  return files;
}

function readPasswordFiles(
  ctx: Context,
  after: ConfigurationFacts,
): Record<string, PasswordState> {
  const files: Record<string, PasswordState> = {};
  for (const { passwordFile } of after.users.accounts) {
    const text = passwordFile === null ? undefined : machineText(ctx, passwordFile);
    // update-users-groups.pl takes one line's end away, and the rest as it is.
    if (text !== undefined) files[passwordFile!] = stateOfField(text.replace(/\n$/, ""));
  }
  return files;
}

/** Every service may include rules of another. */
function readPam(ctx: Context): PamTexts | undefined {
  const texts = machineFolder(ctx, PAM).flatMap((name) => {
    const text = machineText(ctx, `${PAM}/${name}`);
    return text === undefined ? [] : [[name, text] as const];
  });
  return texts.length === 0 ? undefined : Object.fromEntries(texts);
}

/** sudo and doas name who called them; see `invokingUser()`. */
function strangerAtWork({ env, root }: Context, names: readonly string[]): string | undefined {
  const name = env.SUDO_USER ?? env.DOAS_USER;
  return root.isRunning && name && !names.includes(name) ? name : undefined;
}

/** proc_modules(5). */
function loadedModules(ctx: Context): string[] {
  return machineText(ctx, "/proc/modules")?.split("\n").map((line) => line.split(" ")[0]!) ?? [];
}

function interfacesNow(ctx: Context): InterfaceNow[] {
  const byName = Map.groupBy(Deno.networkInterfaces(), ({ name }) => name);
  return [...byName].map(([name, entries]) => ({
    name,
    kind: interfaceKind(ctx, name),
    traits: interfaceTraits(ctx, name),
    ...(entries[0]?.mac ? { mac: entries[0].mac } : {}),
    addresses: entries.map(({ address, cidr }) => ({
      address,
      prefixLength: Number(cidr.split("/")[1]),
    })),
  }));
}

function gatewaysNow(ctx: Context): string[] {
  const { defaultRoutes } = readNetworkState(ctx);
  return [...new Set(defaultRoutes.flatMap(({ gateway }) => gateway ?? []))];
}

function kernelName(ctx: Context, device: string): string {
  // Links there may lead in a circle.
  const path = attempt(() => kernelContext(ctx, "/dev").root.realPath(device)) ?? device;
  return path.slice(path.lastIndexOf("/") + 1);
}
