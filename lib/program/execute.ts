import { childEnvironment } from "../machine/child_environment.ts";
import { ExitCode } from "../machine/exit_code.ts";
import { absolutePath, statIfSeen } from "../machine/files/files.ts";
import { Root } from "../machine/root.ts";
import { createRunner } from "../machine/run.ts";
import { ToolError } from "../machine/tool_error.ts";
import type { Context } from "../machine/context.ts";
import { RunOutput } from "./run_output.ts";
import { reportFailure } from "./failure.ts";
import { ScreenLog } from "./log.ts";
import { type LogFile, openLogFile } from "./log_file.ts";
import type { OptionTable } from "./options.ts";
import { Screen, wantedRendering } from "./output.ts";
import { watchSignals } from "./signals.ts";
import type { Tool, ToolValues } from "./tool.ts";
import { createUi } from "./ui.ts";

/** Says what is wrong with a command line. Returns the exit code. */
export function refuseCommandLine<T extends OptionTable>(
  tool: Tool<T>,
  args: readonly string[],
  error: unknown,
): ExitCode {
  const screen = new Screen(wantedRendering(Deno.env.toObject()));
  const json = args.includes("--json");
  const out = new RunOutput(screen, tool.name, json);
  return fail(error, new ScreenLog(screen, logOptions(tool, false, json)), out, json);
}

/** Prepares the context, runs the tool, reports what went wrong. Returns the exit code. */
export async function execute<T extends OptionTable>(
  tool: Tool<T>,
  args: readonly string[],
  values: ToolValues<T>,
): Promise<ExitCode> {
  const env = Deno.env.toObject();
  const wanted = wantedRendering(env);
  const screen = new Screen({
    colour: wanted.colour && values.color,
    plain: wanted.plain || values.plain,
  });
  const { json } = values;
  const data = json || tool.printsData?.(values) === true;
  const out = new RunOutput(screen, tool.name, data);
  const log = new ScreenLog(screen, logOptions(tool, values.verbose, data));
  const watch = watchSignals((message) => log.warn(message));
  try {
    const root = existingRoot(absolutePath(values.root));
    const run = createRunner(() => childEnvironment(withRoot(env, root)), watch.signal);
    const ui = createUi({
      screen,
      log,
      yes: values.yes || tool.asks?.(values) === false,
      signal: watch.signal,
    });
    if (tool.needsRoot(values) && Deno.uid() !== 0) {
      const { elevation, needsRootError } = await import("../machine/accounts/privilege.ts");
      const found = elevation(run, env, args);
      if (!found || !ui.interactive) throw needsRootError(run, found);
      if (
        !await ui.confirm({
          message: "This needs root. Go on with " + found.command + "?",
          default: true,
          option: "sudo",
        })
      ) {
        throw needsRootError(run, found);
      }
      return (await run(found.command, found.args, { group: "terminal", accept: "any" })).code;
    }
    const logs = tool.writesLog(values) &&
      (root.isRunning || statIfSeen(`${root.path}/var`)?.isDirectory === true);
    const logFile = logs ? attachLogFile(log, root, tool.name, env) : undefined;
    const ctx: Context = {
      root,
      out,
      log,
      ui,
      run,
      signal: watch.signal,
      passPointOfNoReturn: watch.passPointOfNoReturn,
      now: () => new Date(),
      env,
    };
    try {
      const code = await tool.run(ctx, values) ?? ExitCode.Success;
      if (data) refuseLostResult(screen);
      return code;
    } catch (error) {
      return fail(error, log, out, json);
    } finally {
      await logFile?.close();
    }
  } catch (error) {
    return fail(error, log, out, json);
  } finally {
    watch.stop();
  }
}

/** Half a document on a full disk must not pass for one. */
function refuseLostResult({ stdoutFailure }: Screen): void {
  if (stdoutFailure === undefined) return;
  throw new ToolError(`the result could not be written: ${stdoutFailure.message}`, {
    hint: "what was to be done is done; free some space where standard output goes",
    cause: stdoutFailure,
  });
}

/** Reports what ended a run: on stderr for people and, with `--json`, as the run's document. */
function fail(error: unknown, log: ScreenLog, out: RunOutput, json: boolean): ExitCode {
  const { code, message, hint } = reportFailure(error, log);
  if (json && !out.hasDocument) out.json({ version: 1, exitCode: code, error: { message, hint } });
  return code;
}

function logOptions(
  tool: { readonly name: string; readonly errorPrefix?: string },
  verbose: boolean,
  json: boolean,
) {
  return { tool: tool.name, errorPrefix: tool.errorPrefix, verbose, allOnStderr: json };
}

/** The log file is a comfort: not being able to write it is one warning. */
function attachLogFile(
  log: ScreenLog,
  root: Root,
  tool: string,
  env: Readonly<Record<string, string>>,
): LogFile | undefined {
  try {
    const file = openLogFile(root, tool, env.HYPERVISOR_LOG_FORMAT ?? "text");
    log.attach(file);
    return file;
  } catch (error) {
    log.warn(`no log file is written: ${error instanceof Error ? error.message : error}`);
    return undefined;
  }
}

/** nix/host.nix reads the machine's files below HYPERVISOR_ROOT; --root decides what that is. */
function withRoot(env: Record<string, string>, root: Root): Record<string, string> {
  return { ...env, HYPERVISOR_ROOT: root.isRunning ? "" : root.path };
}

/** A root that is not there must not be made by writing a lock or a log into it. */
export function existingRoot(path: string): Root {
  if (statIfSeen(`${path}/etc`)?.isDirectory) return new Root(path);
  if (isClosed(path)) {
    throw new ToolError(`root ${path} may not be looked into by this user`, {
      code: ExitCode.PermissionDenied,
      hint: "run it as root, with sudo in front",
    });
  }
  throw new ToolError(`root ${path} holds no machine: it has no folder etc`, {
    code: ExitCode.InvalidArguments,
    hint: "name the folder where the machine's / is mounted",
  });
}

/** Whether there may be a machine that this user cannot see: mounted disks are often closed to others. */
function isClosed(path: string): boolean {
  try {
    Deno.statSync(`${path}/etc`);
    return false;
  } catch (error) {
    return error instanceof Deno.errors.PermissionDenied;
  }
}
