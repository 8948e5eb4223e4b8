import type { Context } from "../../machine/context.ts";
import { ExitCode } from "../../machine/exit_code.ts";
import { isOffline } from "../../machine/hardware/network_state.ts";
import type { HostRecord } from "../../machine/host_record.ts";
import { ToolError } from "../../machine/tool_error.ts";
import { localModule, modulesFolder } from "../../machine/tree_layout.ts";
import { compareIdentities, type Identity } from "../../nix/evaluation/identity.ts";
import {
  applyToSource,
  type ConfigurationSource,
} from "../../nix/evaluation/configuration_source.ts";
import { readHost } from "../../nix/evaluation/read_configuration.ts";
import { lookAtSupply, type SupplyRequest } from "../../nix/store/supply.ts";
import { judgeChanges } from "../../rebuild/judgement/expected_changes.ts";
import { judgeConfiguration } from "../../rebuild/proofs/judgement.ts";
import { nestedFilesError, sudoersWarning } from "./build_faults.ts";
import type { CarriedUser } from "../carry/carry_users.ts";
import { withOfflineHint } from "../failure_hints.ts";
import { collect } from "./decide.ts";
import type { MachineReading } from "./machine_reading.ts";
import { type ComparedSettings, compareSettings } from "../carry/not_carried.ts";
import { readTreeSettings, type TreeSettings } from "../carry/tree_settings.ts";
import type { Setting } from "../carry/setting.ts";
import type { Plan } from "./plan.ts";
import type { Source } from "../source/source.ts";
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
  /** Undefined: what its build takes is not looked at. */
  readonly supplyRequest: SupplyRequest | undefined;
}

/** What was found about the new host. */
export interface StagedJudgement {
  readonly judgement: Plan["judgement"];
  readonly identity?: Identity;
  readonly supply?: Plan["supply"];
  /** Only without a base. */
  readonly compared?: ComparedSettings | { readonly unknown: string } | undefined;
  /** What stops its build, as far as that can be told before. */
  readonly warning?: string | undefined;
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
  input: JudgementInput,
): Promise<StagedJudgement> {
  const { source, host, adopts, steps, reading, users, tree, supplyRequest } = input;
  const unknown = (why: string): StagedJudgement => ({ judgement: { unknown: why } });
  if (source === undefined) return unknown("there is no source to evaluate");
  if (!reading.os.isNixos) return unknown("this is not a NixOS machine");
  if (!ctx.run.which("nix-instantiate")) return unknown("Nix is not installed here");
  const { base } = host;
  if (adopts && (base === null || reading.facts === undefined)) {
    return unknown("your configuration was not evaluated");
  }
  const progress = ctx.ui.progress("Evaluating the new configuration");
  try {
    using staged = await stageHost(ctx, source, host.hostName, base, steps);
    const { facts, identity } = await readHost(ctx, staged.configuration, {
      whole: true,
      // Nix can be asked about derivations that are in the store.
      writeStore: supplyRequest !== undefined,
    });
    const problem = await wholeProblem(ctx, staged.configuration, identity);
    const module = `${modulesFolder(source.layout)}/local.nix`;
    const fault = problem ?? nestedFilesError(identity, module);
    const blocker = fault && refusalOf(ctx, fault, input);
    progress.done(
      problem === undefined
        ? "the new configuration was evaluated"
        : `the new configuration makes no system: ${problem.message}`,
    );
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
      supply: await supplyOf(ctx, identity, supplyRequest),
      compared: base === null && reading.base !== undefined && reading.facts !== undefined
        ? await compareSettings(ctx, reading.base.source, staged.configuration, tree)
        : undefined,
      nixosVersion: facts.nixosVersion ?? undefined,
      warning: await sudoersWarning(ctx, facts),
      ...(blocker === undefined ? {} : { blocker }),
    };
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    // The plan says why.
    progress.done("the new configuration was not evaluated");
    ctx.log.debug(error.message);
    const blocker = refusalOf(ctx, error, input);
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
): string | undefined {
  if (!COLLISION.test(message)) return hint;
  return `guests need the other value: change yours, or say in ${localModule(ctx)} which one ` +
    "holds, with lib.mkForce";
}

async function supplyOf(
  ctx: Context,
  { derivation }: Identity,
  request: SupplyRequest | undefined,
): Promise<Plan["supply"]> {
  if (request === undefined || typeof derivation !== "string") return undefined;
  const progress = ctx.ui.progress("Looking for what the build takes");
  try {
    const supply = await lookAtSupply(ctx, derivation, request);
    progress.done("what the build takes is known");
    return supply;
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    progress.fail(`what the build takes is not known: ${error.message}`);
    return { unknown: error.message };
  }
}

/**
 * Where single values of a host can be read and its system cannot, nothing can be built: two values that
 * collide, or an assertion that fails.
 */
async function wholeProblem(
  ctx: Context,
  source: ConfigurationSource,
  { toplevel }: Identity,
): Promise<ToolError | undefined> {
  if (typeof toplevel === "string") return undefined;
  const found: ToolError[] = [];
  const code = "nixos: nixos.config.system.build.toplevel.drvPath";
  await collect(found, () => applyToSource(ctx, source, code));
  return found[0];
}

/** What cannot be fetched now may be there later, unless there is no network at all. */
function refusalOf(
  ctx: Context,
  error: ToolError,
  { source, adopts, reading }: JudgementInput,
): ToolError | undefined {
  const { message, hint, code } = error;
  if (code === ExitCode.Network && isOffline(ctx)) return withOfflineHint(error, source);
  if (code !== ExitCode.Configuration) return undefined;
  const refusal = (text: string, next: string | undefined) =>
    new ToolError(text, { code, cause: error, ...(next === undefined ? {} : { hint: next }) });
  const own = `${modulesFolder(source?.layout ?? "native")}/local.nix`;
  const collides = collisionHint(ctx, message, hint);
  if (message.includes(ctx.root.host(own))) {
    return refusal(`your own module ${own} does not evaluate: ${message}`, collides);
  }
  if (!adopts) return refusal(`this tree does not make a system of this machine: ${message}`, hint);
  if (typeof reading.identity?.toplevel !== "string") {
    return refusal(`your configuration makes no system: ${message}`, hint);
  }
  return refusal(`your configuration and Hyper-NixOS do not fit together: ${message}`, collides);
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
