import type { Context } from "../program/context.ts";
import { passwordHashes } from "../machine/accounts.ts";

import { ExitCode } from "../machine/exit_code.ts";
import { lstatIfExists } from "../machine/files.ts";
import { places } from "../machine/places.ts";
import { ToolError } from "../machine/tool_error.ts";
import { encodeState } from "../sync/state.ts";
import { DEFAULT_REF } from "../sync/begin.ts";
import { readAuthorizedKeys } from "../machine/authorized_keys.ts";
import { carryDisks } from "./carry_boot.ts";
import { carryFirewall, carryNetwork } from "./carry_network.ts";
import { carrySsh } from "./carry_ssh.ts";
import { carryIdentity, carryLocale, carryRunningSwap, EVALUATED } from "./carry_system.ts";
import { type CarriedUser, carriedUser, carryUsers } from "./carry_users.ts";
import { type ChosenUsers, decideHostName, decideStateVersion, decideUsers } from "./decisions.ts";
import { generatedFiles, type GeneratedSettings } from "./generated_files.ts";
import { generateHardwareFile } from "./generate_hardware.ts";
import { hardwareSettings } from "./hardware_settings.ts";
import { judgeStaged } from "./judgement.ts";
import { carriedShell } from "./login_shell.ts";
import type { MachineReading } from "./machine_reading.ts";
import { machineSummary } from "./machine_summary.ts";
import type { InstallOptions } from "./options.ts";
import type { Plan } from "./plan.ts";
import { preflight } from "./preflight.ts";
import type { Found, Setting } from "./setting.ts";
import { findSource, type Source } from "./source.ts";
import type { Step, Steps } from "./step.ts";
import { receiptNotes } from "./unfinished.ts";

/**
 * Makes the plan of an installation: asks what has to be asked, changes nothing. What would stop a real
 * run is collected in `blockers`.
 * @throws ToolError exit 4 for an option that names something that is not there
 */
export async function makePlan(
  ctx: Context,
  options: InstallOptions,
  reading: MachineReading,
): Promise<Plan> {
  const blockers: ToolError[] = [];
  const source = collect(
    blockers,
    () => findSource(ctx, options.source, reading.invokingUser?.account.uid),
  );
  const checks = await preflight(ctx, reading, source?.listing.bytes ?? 0);
  blockers.push(...checks.blockers);

  const hostName = await collectAsync(blockers, () => decideHostName(ctx, options, reading)) ??
    { value: "unknown", source: "nothing" };
  const chosen = await decideUsers(ctx, options, reading);
  const stateVersion = await collectAsync(
    blockers,
    () => decideStateVersion(ctx, options, reading),
  );

  const users = chosen.users.map((account) =>
    carriedUser(
      reading.accounts,
      account,
      reading.facts?.users.accounts.find((declared) => declared.name === account.name),
      readAuthorizedKeys(ctx, account),
    )
  );
  const hardware = hardwareSettings(reading);
  if (hardware.problem) blockers.push(hardware.problem);
  blockers.push(...unreadableBlockers(reading));
  const settings: GeneratedSettings = {
    hardware: hardware.settings,
    users: carryUsers(users, reading.accounts, reading.facts),
    system: systemSettings(reading, hostName, stateVersion),
  };
  const steps = await planSteps(ctx, options, reading, {
    source,
    hostName: hostName.value,
    settings,
    users,
    blockers,
  });
  return {
    hostName: hostName.value,
    root: ctx.root.path,
    source,
    blockers,
    warnings: [...checks.warnings, ...warningsOf(ctx, reading, source, chosen)],
    machine: machineSummary(ctx, reading),
    users,
    leftBehind: chosen.leftBehind,
    invokingUser: reading.invokingUser?.account.name,
    settings: [...settings.system, ...settings.hardware],
    steps,
    before: reading.facts,
    judgement: await judgeStaged(ctx, { source, hostName: hostName.value, steps, reading, users }),
  };
}

function systemSettings(
  reading: MachineReading,
  hostName: Found<string>,
  stateVersion: Found<string> | undefined,
): Setting[] {
  const { facts, hardwareFile } = reading;
  return [
    ...carryIdentity(hostName, stateVersion, facts),
    ...carryLocale(facts, reading.locale),
    ...(facts
      ? [
        ...carryNetwork(facts, EVALUATED),
        ...carrySsh(facts, EVALUATED),
        ...carryFirewall(facts, EVALUATED),
        ...carryDisks(facts, hardwareFile, EVALUATED),
      ]
      : carryRunningSwap(reading.swap, hardwareFile.swap)),
  ];
}

interface StepInput {
  readonly source: Source | undefined;
  readonly hostName: string;
  readonly settings: GeneratedSettings;
  readonly users: readonly CarriedUser[];
  /** Receives what stops a hardware file from being generated. */
  readonly blockers: ToolError[];
}

async function planSteps(
  ctx: Context,
  options: InstallOptions,
  reading: MachineReading,
  { source, hostName, settings, users, blockers }: StepInput,
): Promise<Steps> {
  const directory = (path: string, mode: number): Step => ({
    kind: "directory",
    id: path,
    title: "make a folder",
    path,
    mode,
  });
  const hardware =
    reading.hardwareFile.state === "usable" || reading.hardwareFile.state === "unread"
      ? undefined
      : await collectAsync(blockers, () => generateHardwareFile(ctx));
  const system = reading.facts?.system ?? `${Deno.build.arch}-linux`;
  const localExists =
    lstatIfExists(ctx.root.follow(`${places.configuration}/local.nix`)) !== undefined;
  return {
    files: [
      directory(places.nixos, 0o755),
      directory(places.hypervisor, 0o755),
      directory(places.configuration, 0o755),
      directory(`${places.state}/sync`, 0o700),
      ...(source && !source.inPlace
        ? [{
          kind: "tree" as const,
          id: "source",
          title: "copy the source",
          path: places.source,
          source: source.listing,
        }, syncStateStep(ctx, source)]
        : []),
      ...passwordSteps(ctx, users),
      ...(hardware === undefined ? [] : [hardware]),
      ...generatedFiles(hostName, system, settings, options.keepConfig, localExists),
    ],
    afterBuild: [{
      kind: "link",
      id: "flake-link",
      title: "make nixos-rebuild build Hyper-NixOS",
      path: places.flakeLink,
      target: `${places.source}/flake.nix`,
    }],
  };
}

/** smart-sync's state belongs to the tree: it says which commit was copied, or nothing. */
function syncStateStep(ctx: Context, source: Source): Step {
  const path = `${places.state}/sync/state.json`;
  const common = { id: "sync-state", path, title: "note the commit of the source" };
  if (source.origin === undefined) return { ...common, kind: "remove" };
  const content = encodeState({
    version: 1,
    ...source.origin,
    ref: DEFAULT_REF,
    time: ctx.now().toISOString(),
  });
  return { ...common, kind: "file", mode: 0o600, content };
}

/** Each hash in a file of its own that only root can read: `hashedPassword` would end up in the store. */
function passwordSteps(ctx: Context, users: readonly CarriedUser[]): Step[] {
  const hashes = passwordHashes(ctx);
  return users.map(({ account, passwordFile }) => ({
    kind: "secret",
    id: `password-${account.name}`,
    title: `keep the password of ${account.name}`,
    path: passwordFile,
    mode: 0o600,
    content: `${hashes.get(account.name) ?? "!"}\n`,
  }));
}

function warningsOf(
  ctx: Context,
  reading: MachineReading,
  source: Source | undefined,
  chosen: ChosenUsers,
): string[] {
  const { accounts, facts, factsProblem, hardwareFile } = reading;
  const unreadable = facts?.unreadable ?? [];
  const strangers = chosen.users.filter((account) => !carriedShell(account.shell).kept);
  const passwordless = chosen.users.filter((account) => account.passwordState === "empty");
  return [
    ...accounts.warnings,
    ...(factsProblem
      ? [
        `the existing configuration was not evaluated (${factsProblem.message}); values come from ` +
        "the running system, and services, network and firewall are not carried over",
      ]
      : []),
    ...(unreadable.length > 0
      ? [`parts of the existing configuration could not be evaluated: ${unreadable.join(", ")}`]
      : []),
    ...(hardwareFile.state === "unusable"
      ? [`hardware-configuration.nix is generated anew: ${hardwareFile.problem}`]
      : []),
    ...strangers.map(({ name, shell }) => `${name} gets bash: the new system has no ${shell}`),
    ...passwordless.map(({ name }) =>
      `${name} has an empty password, which is kept: anyone can log in`
    ),
    ...(facts?.boot.initrdSsh
      ? [
        "unlocking disks over SSH at boot is not carried over; put boot.initrd.network into local.nix",
      ]
      : []),
    ...(facts?.network.wireless
      ? ["networks of networking.wireless are not carried over; put them into local.nix"]
      : []),
    ...(source && source.listing.skipped.length > 0
      ? [`not copied, neither file nor link: ${source.listing.skipped.join(", ")}`]
      : []),
    ...receiptNotes(ctx),
  ];
}

/** Parts that decide whether the machine comes back: without knowing them nothing is safe. */
const VITAL = /^(boot|fileSystems|firewall|network|ssh|sudo|swapDevices|users)(\.|$)/;

function unreadableBlockers({ facts }: MachineReading): ToolError[] {
  const vital = facts?.unreadable?.filter((place) => VITAL.test(place)) ?? [];
  if (vital.length === 0) return [];
  return [
    new ToolError(`the existing configuration does not say: ${vital.join(", ")}`, {
      code: ExitCode.Configuration,
      hint: "make it evaluate first (nixos-rebuild dry-build shows why), then run it again",
    }),
  ];
}

function collect<T>(blockers: ToolError[], work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    blockers.push(error);
    return undefined;
  }
}

async function collectAsync<T>(
  blockers: ToolError[],
  work: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    blockers.push(error);
    return undefined;
  }
}
