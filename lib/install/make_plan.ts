import type { Context } from "../program/context.ts";
import { ExitCode } from "../machine/exit_code.ts";
import { ToolError } from "../machine/tool_error.ts";
import { readAuthorizedKeys } from "../machine/authorized_keys.ts";
import { withBinaryCache } from "../nix/binary_cache.ts";
import { carryDisks } from "./carry_boot.ts";
import { carryFirewall, carryNetwork } from "./carry_network.ts";
import { carryPlain } from "./carry_plain.ts";
import { carryRunningSsh, carrySsh } from "./carry_ssh.ts";
import { carryIdentity, carryLocale, carryRunningSwap, EVALUATED } from "./carry_system.ts";
import { carriedUser, carryUsers } from "./carry_users.ts";
import { decideHostName, decideStateVersion, decideUsers } from "./decisions.ts";
import type { GeneratedSettings } from "./generated_files.ts";
import { generateHardwareFile } from "./generate_hardware.ts";
import { hardwareSettings } from "./hardware_settings.ts";
import { judgeStaged } from "./judgement.ts";
import type { MachineReading } from "./machine_reading.ts";
import { machineSummary } from "./machine_summary.ts";
import type { InstallOptions } from "./options.ts";
import type { Plan } from "./plan.ts";
import { planSteps } from "./plan_steps.ts";
import { planWarnings, storePathWarnings } from "./plan_warnings.ts";
import { preflight } from "./preflight.ts";
import type { Found, Setting } from "./setting.ts";
import { findSource } from "./source.ts";

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

  const users = await Promise.all(chosen.users.map(async (account) =>
    carriedUser(
      reading.accounts,
      account,
      reading.facts?.users.accounts.find((declared) => declared.name === account.name),
      await readAuthorizedKeys(ctx, account),
    )
  ));
  const hardware = hardwareSettings(reading);
  if (hardware.problem) blockers.push(hardware.problem);
  blockers.push(...unreadableBlockers(reading));
  const settings: GeneratedSettings = {
    hardware: hardware.settings,
    users: carryUsers(users, reading.accounts, reading.facts),
    system: systemSettings(reading, hostName, stateVersion),
  };
  const { state } = reading.hardwareFile;
  const steps = planSteps(ctx, options, reading, {
    source,
    hostName: hostName.value,
    settings,
    users,
    hardware: state === "usable" || state === "unread"
      ? undefined
      : await collectAsync(blockers, () => generateHardwareFile(ctx)),
  });
  return {
    hostName: hostName.value,
    root: ctx.root.path,
    source,
    blockers,
    warnings: [
      ...checks.warnings,
      ...planWarnings(ctx, reading, source, chosen, options.keepConfig),
      ...storePathWarnings([...settings.system, ...settings.hardware]),
    ],
    machine: machineSummary(ctx, reading),
    users,
    leftBehind: chosen.leftBehind,
    invokingUser: reading.invokingUser?.account.name,
    settings: [...settings.system, ...settings.hardware],
    steps,
    before: reading.facts,
    judgement: await judgeStaged(withBinaryCache(ctx, source?.cache), {
      ...{ source, hostName: hostName.value, steps, reading, users },
    }),
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
        ...carryPlain(facts),
      ]
      : [
        ...carryRunningSsh(reading.sshServer),
        ...carryRunningSwap(reading.swap, hardwareFile.swap),
      ]),
  ];
}

/** Parts that decide whether the machine comes back: without knowing them nothing is safe. */
const VITAL = /^(boot|fileSystems|firewall|network|ssh|sudo|swapDevices|users)(\.|$)/;

function unreadableBlockers({ facts }: MachineReading): ToolError[] {
  if (facts?.problem !== undefined) {
    return [
      new ToolError(`the existing configuration does not evaluate: ${facts.problem}`, {
        code: ExitCode.Configuration,
        hint: "make it evaluate first (nixos-rebuild dry-build), then run it again",
      }),
    ];
  }
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
