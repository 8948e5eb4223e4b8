import * as v from "valibot";
import { ExitCode } from "../../machine/exit_code.ts";
import { parsedAs } from "../../machine/parsed_as.ts";
import { quote } from "../../machine/shell_words.ts";
import { ToolError } from "../../machine/tool_error.ts";
import type { Context } from "../../machine/context.ts";
import {
  notUnderstood,
  reach,
  REMOTE_PATH,
  type RemoteMachine,
} from "../../machine/ssh/remote_machine.ts";
import { asRoot } from "../../machine/ssh/root_session.ts";
import { packageOf, TOOLS_ROOT } from "../tools.ts";
import { copyPaths, type RemoteStore } from "./remote_store.ts";

/** One of the executables, as it is here. */
export interface ToolHere {
  readonly name: string;
  readonly version: string;
}

/** One of the executables on another machine. */
export interface ToolThere {
  /** Its path there. */
  readonly path: string;
  /** A store path that has to be copied first. */
  readonly copy: string | undefined;
}

/**
 * The same tool on another machine: this very one where it is a package in the store, which is copied when
 * it is not there; otherwise the one that is there, if it is of the same version.
 * @throws ToolError exit 2 when there is none, 6 when the machine is no NixOS
 */
export async function findTool(
  ctx: Context,
  there: RemoteMachine,
  { name, version }: ToolHere,
): Promise<ToolThere> {
  const { ssh, platform } = there;
  if (!there.isNixos) {
    throw new ToolError(`${ssh.destination} does not run NixOS`, {
      code: ExitCode.Configuration,
      hint: "name a machine that does",
    });
  }
  const own = ctx.env.HYPERVISOR_EXECUTABLE ?? "";
  const ownPackage = packageOf(own);
  const runsThere = platform === `${Deno.build.arch}-linux`;
  const { stdout } = await ssh.sh(`${REMOTE_PATH}
[ -x ${quote(own)} ] && echo own=yes
for tool in /run/current-system/sw/bin/${name} ${TOOLS_ROOT}/bin/${name}; do
  [ "$("$tool" --version 2>/dev/null)" = ${quote(`${name} ${version}`)} ] || continue
  echo "tool=$tool"
  break
done`);
  const isThere = /^own=yes$/m.test(stdout);
  if (ownPackage && runsThere) return { path: own, copy: isThere ? undefined : ownPackage };
  const installed = /^tool=(\/.+)$/m.exec(stdout)?.[1];
  if (installed) return { path: installed, copy: undefined };
  throw new ToolError(`${ssh.destination} has no ${name} of version ${version}`, {
    code: ExitCode.MissingDependency,
    hint: runsThere
      ? `this one can only be copied there when it is a package of Nix: nix run …#${name}, or install it there`
      : `it is a ${platform} machine, on which this one does not run: install Hyper-NixOS there`,
  });
}

/** What to run there. */
export interface ToolThereOptions {
  readonly args: readonly string[];
  readonly json: boolean;
  /** A system of this machine that has to be copied first. */
  readonly system?: string | undefined;
  /** Makes a system that is copied as soon as the tool waits for it at `arrivalLink`. */
  readonly supply?: ((signal: AbortSignal) => Promise<SystemElsewhere>) | undefined;
}

/** A system, and where it is. */
export interface SystemElsewhere {
  readonly toplevel: string;
  /** This machine when not given. */
  readonly from?: RemoteStore | undefined;
}

/**
 * Runs a tool on another machine, as root where that could be, on this terminal where one is used: its
 * questions, proofs, messages and exit code are those of that machine. With `--json` its document goes to
 * stdout.
 * @throws ToolError as `asRoot` and `copyPaths`
 */
export async function runThere(
  ctx: Context,
  there: RemoteMachine,
  tool: ToolThere,
  { args, json, system, supply }: ToolThereOptions,
): Promise<ExitCode> {
  const { ssh, ssh: { destination } } = there;
  const copies = [tool.copy, system].filter((path) => path !== undefined);
  const copy = async (paths: readonly string[], daemon: string, copying: CopyOptions) => {
    for (const path of paths) ctx.log.info(`copying to ${destination}: ${path}`);
    await copyPaths(ctx, { from: copying.from, to: { ssh, daemon } }, paths, copying.signal);
  };
  const { code, stdout } = await asRoot(ctx, there, {
    command: [tool.path, ...args],
    before: copies.length === 0
      ? undefined
      : async (daemon, signal) => await copy(copies, daemon, { signal }),
    supply: supply && (async (daemon, signal) => {
      const { toplevel, from } = await supply(signal);
      if (from?.ssh.destination !== destination) await copy([toplevel], daemon, { from, signal });
      return toplevel;
    }),
    onLine: (line, stream) => {
      if (!json || stream === "stderr") ctx.out.relay(line, stream);
    },
  });
  if (json && stdout.trim() !== "") ctx.out.json(documentIn(stdout, destination));
  return code;
}

interface CopyOptions extends Pick<SystemElsewhere, "from"> {
  readonly signal: AbortSignal;
}

function documentIn(stdout: string, destination: string): v.InferOutput<typeof DocumentSchema> {
  const document = parsedAs(DocumentSchema, stdout);
  if (document === undefined) throw notUnderstood(destination, stdout);
  return document;
}

const DocumentSchema = v.looseObject({ version: v.number() });

/** What to do with a tool on another machine, from beginning to end. */
export interface ElsewhereOptions extends Pick<ToolThereOptions, "args" | "json"> {
  /** `[USER@]HOST`. */
  readonly targetHost: string;
  readonly tool: ToolHere;
  /** Whether root's rights are needed; otherwise they are used where nobody has to be asked for a password. */
  readonly needsRoot: boolean;
}

/**
 * Runs a tool on another machine as if it had been started there.
 * @throws ToolError as `reach`, {@link findTool} and {@link runThere}
 */
export async function runElsewhere(
  ctx: Context,
  { targetHost, tool, needsRoot, args, json }: ElsewhereOptions,
): Promise<ExitCode> {
  const asking = needsRoot && usesTerminal(ctx, json);
  await using there = await reach(ctx, targetHost, asking);
  const found = await findTool(ctx, there, tool);
  if (!needsRoot && there.elevation === undefined) {
    const name = targetHost.replace(/^.*@/, "");
    ctx.log.info(
      `you are not root on ${name}; root sees more: ${tool.name} --target-host root@${name}`,
    );
  }
  const elevation = needsRoot ? there.elevation : there.elevation ?? [];
  return await runThere(ctx, { ...there, elevation }, found, { args, json });
}

/** Whether what runs on another machine has this terminal: it has one stream for everything. */
export function usesTerminal(ctx: Context, json: boolean): boolean {
  return ctx.ui.interactive && Deno.stdout.isTerminal() && !json;
}
