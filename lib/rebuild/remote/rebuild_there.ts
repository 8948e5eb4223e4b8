import { makeTemporaryDirectory } from "../../machine/files/temporary.ts";
import { ExitCode } from "../../machine/exit_code.ts";
import { requireDestination, type SshConnection } from "../../machine/ssh/connection.ts";
import { reach, REMOTE_PATH, type RemoteMachine } from "../../machine/ssh/remote_machine.ts";
import { arrivalLink, requireRoot } from "../../machine/ssh/root_session.ts";
import { withSignal } from "../../machine/run.ts";
import { quote } from "../../machine/shell_words.ts";
import { ToolError } from "../../machine/tool_error.ts";
import type { Context } from "../../machine/context.ts";
import {
  findTool,
  runElsewhere,
  runThere,
  type ToolHere,
  usesTerminal,
} from "../../nix/remote/remote_tool.ts";
import type { HandedRecord } from "../../nix/system_record.ts";
import { sourceCommit } from "../building/source_commit.ts";
import { buildWithNix } from "../building/build_with_nix.ts";
import type { ChosenSpecialisation } from "../chosen_specialisation.ts";
import { rebuildDocument } from "../documents.ts";
import { type Action, activates } from "../options.ts";
import { inStore } from "../ready_system.ts";
import { type HelperOptions, requireOneTask } from "../helper_options.ts";
import { forBuilding } from "../rebuild_helper.ts";
import { recordedCommit, requireProven } from "../rebuild_system.ts";
import { reportRebuild } from "../report.ts";
import { evaluateHost } from "../judgement/required_judgement.ts";
import { refuseSmallStore } from "../generations/space.ts";
import { buildOn, connectToBuildHost } from "./build_host.ts";
import { findTarget } from "../target.ts";

/** What `rebuild-helper --target-host` was started for. */
export interface RebuildThereOptions extends HelperOptions {
  /** `[USER@]HOST`. */
  readonly targetHost: string;
  /** The options that mean the same there, as words. */
  readonly words: readonly string[];
  readonly tool: ToolHere;
}

/** A system for the other machine that was evaluated and is not built yet. */
interface SystemForThere {
  /** What was evaluated of it, then of its specialisation that is to run. */
  readonly records: readonly HandedRecord[];
  /** @returns its store path */
  readonly build: (signal: AbortSignal) => Promise<string>;
}

/**
 * Does on another machine what one start of `rebuild-helper` asks for. A system is evaluated here; the same
 * tool there makes the proofs, of what it finds there, and waits while it is built here and copied by Nix;
 * the guards, the activation, its confirmation and its report are made there, too.
 * @returns the exit code of the tool there
 * @throws ToolError exit 3 when ssh or sudo there refuses, 5 when it is not reached or the connection is
 *   lost, 6 for another kind of machine; else as `rebuildSystem`
 */
export async function rebuildThere(ctx: Context, options: RebuildThereOptions): Promise<ExitCode> {
  requireOneTask(options);
  const { action, json, tool, words } = options;
  const targetHost = requireDestination(ctx, options.targetHost, "--target-host");
  if (action === undefined || options.rollback) {
    const needsRoot = !options.listGenerations;
    const args = [...words, ...(action === undefined ? [] : [action])];
    return await runElsewhere(ctx, { targetHost, tool, needsRoot, args, json });
  }
  const changes = activates(action) || action === "dry-activate";
  await using there = await reach(ctx, targetHost, changes && usesTerminal(ctx, json));
  const links = makeTemporaryDirectory(ctx, "rebuild-");
  try {
    if (!changes) return await buildFor(ctx, there, options, action, links);
    requireRoot(there);
    if (there.freeStore) refuseSmallStore(ctx, there.freeStore, `/nix/store on ${targetHost}`);
    const found = await findTool(ctx, there, tool);
    await using builder = options.buildHost === undefined
      ? undefined
      : await connectToBuildHost(ctx, options.buildHost, there.ssh);
    const ready = options.storePath === undefined ? undefined : inStore(options.storePath);
    const system = ready === undefined
      ? await evaluatedFor(ctx, there, options, { link: `${links}/result`, builder })
      : undefined;
    const code = await runThere(ctx, there, found, {
      args: [
        `--store-path=${ready ?? arrivalLink(there)}`,
        ...(system ? [await handOver(there, system.records)] : []),
        ...words,
        action,
      ],
      json,
      system: ready,
      supply: system && (async (signal) => {
        const toplevel = await system.build(signal);
        if (options.confirm !== undefined || there.terminal && action !== "boot") {
          // A line of its own, so that it can be copied.
          ctx.log.info("where it has to be confirmed, this does it too, from here:");
          ctx.out.print(`  rebuild-helper --target-host ${targetHost} --confirmed`);
        }
        return { toplevel, from: builder && { ssh: builder } };
      }),
    });
    if (code === ExitCode.Success && activates(action)) {
      ctx.log.info("to go back, from here:");
      ctx.out.print(`  rebuild-helper --target-host ${targetHost} --rollback`);
    }
    return code;
  } finally {
    Deno.removeSync(links, { recursive: true });
  }
}

/** Evaluates; an assertion that fails, or another kind of machine, ends it before the build. */
async function evaluatedFor(
  ctx: Context,
  there: RemoteMachine,
  options: HelperOptions,
  { link, builder }: { readonly link: string; readonly builder: SshConnection | undefined },
): Promise<SystemForThere> {
  const { building, handed, target } = await findBuild(ctx, there, options);
  const commit = await sourceCommit(ctx, target.flake);
  const evaluated = await evaluateHost(building, target);
  const { system } = evaluated.facts;
  if (system !== null && system !== there.platform) {
    throw new ToolError(
      `${target.host} is for ${system}, ${there.ssh.destination} is ${there.platform}`,
      { code: ExitCode.Configuration, hint: "name the host of that machine with --host" },
    );
  }
  const chosen = await specialisationThere(there, options);
  const active = chosen && await evaluateHost(building, target, chosen);
  const { flake: { url: flake }, host } = target;
  const source = { version: 1 as const, flake, host, commit: recordedCommit(commit, { handed }) };
  return {
    records: [evaluated, active].filter((one) => one !== undefined)
      .map((one) => ({ ...source, ...one, toplevel: String(one.identity.toplevel) })),
    build: async (signal) => {
      const build = { ...target, buildFlags: handed.buildFlags };
      const store = builder && { ssh: builder };
      const until = withSignal(building, signal);
      const { toplevel } = await buildWithNix(until, build, { link, dry: false, store });
      requireProven(ctx, evaluated, toplevel, { handed });
      return toplevel;
    },
  };
}

/** The specialisation that is to run there, as `chosenSpecialisation` finds it there once more. */
async function specialisationThere(
  there: RemoteMachine,
  { action, specialisation }: HelperOptions,
): Promise<ChosenSpecialisation | undefined> {
  if (specialisation === false || action === "boot") return undefined;
  if (specialisation !== undefined) return { name: specialisation, named: true };
  const { stdout } = await there.ssh.sh(RUNNING_SPECIALISATION);
  const name = stdout.trim();
  return name === "" ? undefined : { name, named: false };
}

/**
 * Shell that prints what `runningSpecialisation` would return there. Root's record of what was only tested is
 * not for whoever logs in: the store knows whose specialisation it is.
 */
export const RUNNING_SPECIALISATION = `${REMOTE_PATH}
running=$(readlink -f /run/current-system)
for system in /nix/var/nix/profiles/system-*-link /run/booted-system \
  $(nix-store --query --referrers "$running" 2>/dev/null); do
  for one in "$system"/specialisation/*; do
    if [ -e "$one" ] && [ "$(readlink -f "$one")" = "$running" ]; then basename "$one"; exit; fi
  done
done
if [ -r /etc/specialisation ]; then cat /etc/specialisation; fi`;

/** `build` and `dry-build`: nothing is copied. */
async function buildFor(
  ctx: Context,
  there: RemoteMachine,
  options: HelperOptions,
  action: Action,
  links: string,
): Promise<ExitCode> {
  const { building, handed, target } = await findBuild(ctx, there, options);
  const build = { ...target, buildFlags: handed.buildFlags };
  const dry = action === "dry-build";
  const { toplevel, log } = options.buildHost === undefined
    ? await buildWithNix(building, build, { link: `${links}/result`, dry })
    : await buildOn(building, options.buildHost, build, { fetch: false });
  const unknown = { generation: null, toplevel: null };
  const { flake: { url: flake }, host } = target;
  const result = {
    action,
    flake,
    host,
    log,
    before: unknown,
    after: unknown,
    nixOptions: handed.words,
    commit: await sourceCommit(ctx, target.flake),
    toplevel: dry ? undefined : toplevel,
  };
  reportRebuild(ctx, result);
  if (options.json) ctx.out.json(rebuildDocument(ctx, result));
  return ExitCode.Success;
}

/** The host is the one that is named, else the one that the machine there calls itself. */
async function findBuild(ctx: Context, there: RemoteMachine, options: HelperOptions) {
  const { flake, impure } = options;
  const { building, handed } = forBuilding(ctx, options);
  const host = options.host ?? (flake?.includes("#") ? undefined : there.hostName);
  return { building, handed, target: await findTarget(building, { flake, host, handed, impure }) };
}

/** Puts what was evaluated into a file there; the proofs are made of it. */
async function handOver(there: RemoteMachine, records: readonly HandedRecord[]): Promise<string> {
  const file = `${there.folder}/evaluated`;
  await there.ssh.sh(`umask 077; cat > ${quote(file)}`, { input: JSON.stringify(records) });
  return `--evaluated=${file}`;
}
