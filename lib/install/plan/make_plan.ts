import { attempt } from "../../machine/attempt.ts";
import pMap from "p-map";
import type { Context } from "../../machine/context.ts";
import { readAuthorizedKeys } from "../../machine/accounts/authorized_keys.ts";
import type { HostBase, HostRecord } from "../../machine/host_record.ts";
import { loginUsers } from "../../machine/accounts/login_users.ts";
import { machineText } from "../../machine/files/machine_files.ts";
import { places } from "../../machine/places.ts";
import type { ToolError } from "../../machine/tool_error.ts";
import type { TreeLayout } from "../../machine/tree_layout.ts";
import { mayLeadToOurs } from "../../nix/evaluation/base.ts";
import { withBinaryCache } from "../../nix/store/binary_cache.ts";
import { compareIdentities } from "../../nix/evaluation/identity.ts";
import { toolsOnMachine } from "../../nix/tools.ts";
import { decisionsOf } from "../answers.ts";
import { obstacleTo } from "../obstacle.ts";
import { baseBlockers, releaseBlocker } from "./base_blockers.ts";
import { carryDisks } from "../carry/carry_boot.ts";
import { carryFirewall, carryNetwork } from "../carry/carry_network.ts";
import { carryPlain } from "../carry/carry_plain.ts";
import { carryRunningSsh, carrySsh } from "../carry/carry_ssh.ts";
import { carryRunningEncryption, carryRunningSwap } from "../carry/carry_running_disks.ts";
import { carryIdentity, carryLocale } from "../carry/carry_system.ts";
import { type CarriedUser, carriedUser, carryUsers, groupsOfUsers } from "../carry/carry_users.ts";
import { collect, type Decided } from "./decide.ts";
import type { GeneratedSettings } from "./generated_files.ts";
import { generateHardwareFile, type HardwareFile } from "../carry/hardware_file.ts";
import type { Ground } from "./ground.ts";
import { hardwareSettings, virtualisationSettings } from "../carry/hardware_settings.ts";
import { allOf, judgeSettings } from "./judge_settings.ts";
import type { StagedJudgement } from "./judgement.ts";
import type { MachineReading } from "./machine_reading.ts";
import { machineSummary } from "./machine_summary.ts";
import type { InstallOptions } from "../options.ts";
import { isJudged, type Plan } from "./plan.ts";
import { withoutCarried } from "../carry/not_carried.ts";
import { planQuestions } from "./plan_questions.ts";
import { planSteps } from "./plan_steps.ts";
import { newAdministrators, planWarnings, storePathWarnings } from "./plan_warnings.ts";
import { publishedHostFiles } from "../published_host.ts";
import { compareWithRunning } from "./running_system.ts";
import { force, type Found, merge, type Setting } from "../carry/setting.ts";
import { supplyBlockers, supplyQuestions, supplyRequest } from "./supply_plan.ts";
import { toolsStep, wayOfTools } from "../tools.ts";

/**
 * Makes the plan of an installation: asks and changes nothing. What would stop a real run is collected in
 * `blockers`.
 */
export async function makePlan(
  ctx: Context,
  options: InstallOptions,
  { source, ...ground }: Ground,
  reading: MachineReading,
  decided: Decided,
): Promise<Plan> {
  const blockers: ToolError[] = [
    ...ground.blockers,
    ...baseBlockers(options, reading),
    ...decided.blockers,
  ];
  const { hostName, chosen } = decided;
  const base = options.keepConfig ? reading.base?.record : undefined;
  const layout = source?.layout ?? "native";
  const users = await peopleOf(ctx, options, reading, chosen.users.map(({ name }) => name));
  const listed = options.keepConfig
    ? settingsOnBase(ctx, base, reading, hostName, chosen.users.map(({ name }) => name))
    : settingsWithoutBase(ctx, reading, { decided, users, blockers, layout });
  const host: HostRecord = {
    version: 2,
    hostName: hostName.value,
    system: reading.facts?.system ?? `${Deno.build.arch}-linux`,
    base: base ?? null,
    ...(base === undefined && reading.base ? { carriedFrom: reading.base.record } : {}),
    // Else the tools are the tree's own package.
    tools: (base !== undefined || layout === "published" ? toolsOnMachine(ctx) : undefined) ?? null,
    ...(layout === "native" ? {} : { layout }),
  };
  const hardwareIsKnown = options.keepConfig || isKept(reading.hardwareFile.state);
  const tools = host.tools === null ? [] : [toolsStep(host.tools)];
  const generated = hardwareIsKnown
    ? undefined
    : await collect(blockers, () => generateHardwareFile(ctx));
  const hardware = generated?.content ?? machineText(ctx, places.hardwareConfiguration) ?? "{ }\n";
  const stepsOf = (settings: GeneratedSettings) => [
    ...planSteps(ctx, {
      source,
      host,
      settings,
      declared: options.keepConfig ? [] : users,
      hardware: generated,
      published: layout === "published"
        ? publishedHostFiles({ host, flakeLink: mayLeadToOurs(ctx), hardware })
        : [],
    }),
    ...tools,
  ];
  const { settings, steps, judged, warnings } = await judgeSettings(
    withBinaryCache(ctx, source?.cache),
    {
      source,
      host,
      adopts: options.keepConfig,
      reading,
      users,
      supplyRequest: supplyRequest(ctx, source),
    },
    listed,
    stepsOf,
  );
  const { judgement, identity, blocker, nixosVersion, supply } = judged;
  if (blocker) blockers.push(blocker);
  // What only root may see is told when root asks.
  blockers.push(...steps.flatMap((step) => attempt(() => obstacleTo(ctx, step)) ?? []));
  blockers.push(...supplyBlockers(supply, hostName.value));
  const downgrade = layout === "published"
    ? releaseBlocker(options, reading, nixosVersion)
    : undefined;
  if (downgrade) blockers.push(downgrade);
  const running = compareWithRunning(ctx, reading.facts, reading.identity);
  const comparison = reading.identity && identity && compareIdentities(reading.identity, identity);
  return {
    hostName: hostName.value,
    decisions: decisionsOf(options),
    root: ctx.root.path,
    source,
    host,
    base: options.keepConfig ? reading.base : undefined,
    nixosVersion: reading.facts?.nixosVersion ?? undefined,
    ...(options.keepConfig ? {} : { newNixosVersion: nixosVersion }),
    blockers,
    running,
    questions: [
      ...planQuestions(options, running, judgement),
      ...supplyQuestions(supply, hostName.value),
    ],
    warnings: [
      ...ground.warnings,
      ...planWarnings(ctx, reading, source, chosen, options.keepConfig),
      ...newAdministrators(users),
      ...storePathWarnings([...settings.system, ...settings.hardware]),
      ...(layout === "published" && host.tools === null && !wayOfTools(ctx, source).provide
        ? ["the five tools will not be part of the new system: keep the ones that you started"]
        : []),
      ...(judged.warning === undefined ? [] : [judged.warning]),
      ...warnings,
    ],
    machine: machineSummary(ctx, reading),
    users,
    leftBehind: options.keepConfig ? [] : chosen.leftBehind,
    invokingUser: reading.invokingUser?.name,
    settings: [...settings.system, ...settings.hardware],
    notCarried: options.keepConfig || reading.facts === undefined
      ? undefined
      : notCarriedBy(judged, allOf(settings)),
    disagreements: judged.compared && "disagreements" in judged.compared
      ? judged.compared.disagreements ?? []
      : [],
    steps,
    supply,
    before: { facts: reading.facts, adopted: base && reading.identity },
    judgement,
    comparison,
  };
}

function notCarriedBy(
  { judgement, compared }: StagedJudgement,
  carried: readonly Setting[],
): Plan["notCarried"] {
  // What is lost is not known either where the new host cannot be evaluated.
  if (compared === undefined) return isJudged(judgement) ? undefined : judgement;
  return "unknown" in compared ? compared : withoutCarried(compared.notCarried, carried);
}

/** Homes that are looked into at the same time, by a child each. */
const AT_ONCE = 8;

/** On a base everybody stays; without one those who are carried over. Who is not chosen gets no groups. */
async function peopleOf(
  ctx: Context,
  options: InstallOptions,
  { accounts, facts }: MachineReading,
  chosen: readonly string[],
): Promise<CarriedUser[]> {
  const shown = options.keepConfig
    ? loginUsers(accounts).migratable
    : accounts.accounts.filter(({ name }) => chosen.includes(name));
  return await pMap(shown, async (account) => {
    const declared = facts?.users.accounts.find(({ name }) => name === account.name);
    const user = carriedUser(accounts, account, declared, await readAuthorizedKeys(ctx, account));
    return chosen.includes(account.name) ? user : { ...user, added: [] };
  }, { concurrency: AT_ONCE, signal: ctx.signal });
}

/** What the owner's configuration does not say. */
function settingsOnBase(
  ctx: Context,
  base: HostBase | undefined,
  reading: MachineReading,
  hostName: Found<string>,
  chosen: readonly string[],
): GeneratedSettings {
  // A name that DHCP gives may be a full one.
  const own = reading.facts?.hostName || reading.hostName?.name.split(".")[0];
  const renamed = own !== hostName.value;
  return {
    hardware: virtualisationSettings(reading),
    users: groupsOfUsers(chosen, reading.facts),
    system: [
      ...(renamed ? [force("networking.hostName", hostName.value, hostName.source)] : []),
      ...flakeLink(ctx, base?.kind),
    ],
  };
}

/**
 * `/etc/nixos/flake.nix` leads to the tree while a Hyper-NixOS generation runs, and goes with it; where
 * the owner's flake lies it stays.
 */
function flakeLink(ctx: Context, base: HostBase["kind"] | undefined): Setting[] {
  if (base === "flake" || !mayLeadToOurs(ctx)) return [];
  return [merge("hypervisor.installed.flakeLink", true, "/etc/nixos: no flake of yours is there")];
}

function settingsWithoutBase(
  ctx: Context,
  reading: MachineReading,
  { decided, users, blockers, layout }: {
    readonly decided: Decided;
    readonly users: readonly CarriedUser[];
    readonly blockers: ToolError[];
    readonly layout: TreeLayout;
  },
): GeneratedSettings {
  const hardware = hardwareSettings(reading, layout);
  if (hardware.problem) blockers.push(hardware.problem);
  return {
    hardware: hardware.settings,
    users: carryUsers(users, reading.accounts, reading.facts, layout),
    system: [
      ...systemSettings(reading, decided),
      ...(layout === "native" ? flakeLink(ctx, undefined) : []),
    ],
  };
}

function systemSettings(
  reading: MachineReading,
  { hostName, stateVersion }: Decided,
): Setting[] {
  const { facts, hardwareFile } = reading;
  return [
    ...carryIdentity(hostName, stateVersion, facts),
    ...carryLocale(facts, reading.locale),
    ...(facts
      ? [
        ...carryNetwork(facts),
        ...carrySsh(facts),
        ...carryFirewall(facts),
        ...carryDisks(facts, hardwareFile),
        ...carryPlain(facts),
      ]
      : [
        ...carryRunningSsh(reading.sshServer),
        ...carryRunningEncryption(
          reading.encryption,
          reading.hardware,
          reading.swap,
          hardwareFile.luks,
        ),
        ...carryRunningSwap(reading.swap, declaredSwap(reading)),
      ]),
  ];
}

/** A hardware file that is generated anew has the partitions that are in use, and no swap files. */
function declaredSwap(
  { hardwareFile: { state, swap }, swap: { areas } }: MachineReading,
): string[] {
  return isKept(state)
    ? swap
    : areas.filter(({ kind, randomKey }) => kind === "partition" && !randomKey)
      .map(({ path }) => path);
}

function isKept(state: HardwareFile["state"]): boolean {
  return state === "usable" || state === "unread";
}
