import type { Context } from "../../machine/context.ts";
import { ExitCode } from "../../machine/exit_code.ts";
import type { HostRecord } from "../../machine/host_record.ts";
import { ToolError } from "../../machine/tool_error.ts";
import { localModule } from "../../machine/tree_layout.ts";
import type { ConfigurationFacts } from "../../nix/evaluation/configuration_facts.ts";
import { applyToSource } from "../../nix/evaluation/configuration_source.ts";
import { compareIdentities, type Identity } from "../../nix/evaluation/identity.ts";
import { readHost } from "../../nix/evaluation/read_configuration.ts";
import { judgeChanges } from "../../rebuild/expected_changes.ts";
import { judgeConfiguration } from "../../rebuild/proofs/judgement.ts";
import type { CarriedUser } from "../carry/carry_users.ts";
import type { MachineReading } from "./machine_reading.ts";
import { type ComparedSettings, compareSettings } from "../carry/not_carried.ts";
import { readTreeSettings, type TreeSettings } from "../carry/tree_settings.ts";
import type { Setting } from "../carry/setting.ts";
import type { Plan } from "./plan.ts";
import type { Source } from "../source.ts";
import { stageHost } from "./staged_host.ts";
import type { Step } from "../step.ts";

/** What the judgement of a plan is made on. */
export interface JudgementInput {
  readonly source: Source | undefined;
  readonly host: HostRecord;
  /** Whether the new host is the owner's configuration, where one was found. */
  readonly adopts: boolean;
  readonly steps: readonly Step[];
  readonly reading: MachineReading;
  readonly users: readonly CarriedUser[];
  /** What was read of a published tree before. */
  readonly tree?: TreeSettings | undefined;
}

/** What was found about the new host. */
export interface StagedJudgement {
  readonly judgement: Plan["judgement"];
  readonly identity?: Identity;
  /** Only without a base. */
  readonly compared?: ComparedSettings | { readonly unknown: string } | undefined;
  /** Of the new system. */
  readonly nixosVersion?: string | undefined;
  /** The new host cannot be evaluated, where it must: nothing could be installed. */
  readonly blocker?: ToolError;
}

/**
 * Evaluates the host that a plan would make, from copies in a temporary folder, and judges it. Changes
 * nothing; a host that cannot be evaluated now (no Nix, no network) is a reason, not a failure.
 */
export async function judgeStaged(
  ctx: Context,
  { source, host, adopts, steps, reading, users, tree }: JudgementInput,
): Promise<StagedJudgement> {
  const unknown = (why: string): StagedJudgement => ({ judgement: { unknown: why } });
  if (source === undefined) return unknown("there is no source to evaluate");
  if (!reading.os.isNixos) return unknown("this is not a NixOS machine");
  if (!ctx.run.which("nix-instantiate")) return unknown("Nix is not installed here");
  const base = host.version === 2 ? host.base : null;
  if (adopts && (base === null || reading.facts === undefined)) {
    return unknown("your configuration was not evaluated");
  }
  const progress = ctx.ui.progress("Evaluating the new configuration");
  try {
    using staged = await stageHost(ctx, source, host.hostName, base, steps);
    const { facts, identity } = await readHost(ctx, staged.configuration, { whole: true });
    if (base !== null && failsToMake(identity, facts) && !failsToMake(reading.identity, facts)) {
      await applyToSource(ctx, staged.configuration, WHOLE);
    }
    progress.done("the new configuration was evaluated");
    const passwords = base === null
      ? users.map((user) => [user.passwordFile, user.account.passwordState] as const)
      : [];
    const judged = judgeConfiguration(ctx, reading.facts, facts, Object.fromEntries(passwords));
    const changes = base === null || reading.identity === undefined
      ? []
      : judgeChanges(compareIdentities(reading.identity, identity));
    return {
      judgement: {
        ...judged,
        verdicts: [...judged.verdicts, ...changes],
        failedAssertions: facts.failedAssertions,
        hostsGuests: facts.libvirtd,
        autoUpgradeFlake: facts.autoUpgradeFlake ?? undefined,
      },
      identity,
      compared: base === null && reading.base !== undefined && reading.facts !== undefined
        ? await compareSettings(ctx, reading.base.source, staged.configuration, tree)
        : undefined,
      nixosVersion: facts.nixosVersion ?? undefined,
    };
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    progress.done(`the new configuration was not evaluated: ${error.message}`);
    const blocker = refusalOf(ctx, error, base !== null, source);
    return {
      ...unknown(error.message),
      ...(blocker === undefined ? {} : { blocker }),
    };
  }
}

/** Two values of one option, as the module system says it. */
const COLLISION = /conflicting definition|defined multiple times/;

function collisionHint(
  ctx: Context,
  message: string,
  hint: string | undefined,
): { readonly hint?: string } {
  if (COLLISION.test(message)) {
    return {
      hint: `guests need the other value: change yours, or say in ${localModule(ctx)} which one ` +
        "holds, with lib.mkForce",
    };
  }
  return hint === undefined ? {} : { hint };
}

/** Fails with Nix's own words for what single values of it hide. */
const WHOLE =
  "nixos: builtins.unsafeDiscardStringContext nixos.config.system.build.toplevel.outPath";

/** Whether something else than an assertion, which is told by itself, keeps a system from being made. */
function failsToMake(identity: Identity | undefined, facts: ConfigurationFacts): boolean {
  return typeof identity?.toplevel === "object" && identity.toplevel !== null &&
    facts.failedAssertions.length === 0;
}

/** Without a network a host without a base cannot be evaluated yet, which is no refusal. */
function refusalOf(
  ctx: Context,
  error: ToolError,
  onBase: boolean,
  source: Source,
): ToolError | undefined {
  const { message, hint, code } = error;
  if (code !== ExitCode.Configuration) return undefined;
  if (onBase) {
    return new ToolError(
      `your configuration and Hyper-NixOS do not fit together: ${message}`,
      { code, cause: error, ...collisionHint(ctx, message, hint) },
    );
  }
  if (source.layout !== "published") return undefined;
  return new ToolError(`this tree does not make a system of this machine: ${message}`, {
    code,
    cause: error,
    ...(hint === undefined ? {} : { hint }),
  });
}

/**
 * Reads what a tree of the published layout says otherwise than this machine.
 * @param steps those of a host for which nothing is carried over
 * @param carried what is carried over in any case
 * @returns the reason where that is not known; undefined where there is nothing to compare
 */
export async function readTree(
  ctx: Context,
  { source, host, steps, reading }: Pick<JudgementInput, "source" | "host" | "steps" | "reading">,
  carried: readonly Setting[],
): Promise<TreeSettings | { readonly unknown: string } | undefined> {
  if (source?.layout !== "published" || !reading.os.isNixos) return undefined;
  const owners = reading.base?.source;
  if (owners === undefined || reading.facts === undefined) return undefined;
  using alone = await stageHost(ctx, source, host.hostName, null, steps);
  return await readTreeSettings(ctx, owners, alone.configuration, carried);
}
