import config from "../../deno.json" with { type: "json" };
import { childEnvironment } from "../machine/child_environment.ts";
import { ExitCode } from "../machine/exit_code.ts";
import { elevation, needsRootError } from "../machine/privilege.ts";
import { Root } from "../machine/root.ts";
import { createRunner } from "../machine/run.ts";
import { ToolError } from "../machine/tool_error.ts";
import { parseCommandLine } from "./command_line.ts";
import type { Context, Output } from "./context.ts";
import { reportFailure } from "./failure.ts";
import { ScreenLog } from "./log.ts";
import { openLogFile } from "./log_file.ts";
import type { OptionTable } from "./options.ts";
import { Screen } from "./output.ts";
import { watchSignals } from "./signals.ts";
import type { Tool, ToolValues } from "./tool.ts";
import { createUi } from "./ui.ts";

/** The toolkit's version; deno.json is its one source. */
export const VERSION: string = config.version;

/** Runs an executable and ends the process: the only caller of `Deno.exit`. */
export async function main<T extends OptionTable>(tool: Tool<T>): Promise<never> {
  Deno.umask(0o077);
  // `deno task NAME -- --help` hands the dashes on.
  const args = Deno.args[0] === "--" ? Deno.args.slice(1) : Deno.args;
  Deno.exit(await execute(tool, args));
}

/** Parses, prepares the context, runs the tool, reports what went wrong. Returns the exit code. */
async function execute<T extends OptionTable>(
  tool: Tool<T>,
  args: readonly string[],
): Promise<ExitCode> {
  const env = Deno.env.toObject();
  const plainScreen = new Screen(env.NO_COLOR === undefined || env.NO_COLOR === "");
  let values: ToolValues<T>;
  try {
    const parsed = parseCommandLine(tool, args, VERSION);
    if (parsed.kind === "print") {
      plainScreen.stdout(parsed.text);
      return ExitCode.Success;
    }
    values = parsed.values;
  } catch (error) {
    return reportFailure(error, new ScreenLog(plainScreen, logOptions(tool, false, false)));
  }

  const screen = values.color ? plainScreen : new Screen(false);
  const json = "json" in values && values.json === true;
  const log = new ScreenLog(screen, logOptions(tool, values.verbose, json));
  const watch = watchSignals((message) => log.warn(message));
  try {
    const root = existingRoot(absolute(values.root));
    const run = createRunner(childEnvironment(withRoot(env, root)), watch.signal);
    const ui = createUi({
      screen,
      log,
      yes: values.yes || tool.asks?.(values) === false,
      signal: watch.signal,
    });
    if (tool.needsRoot(values) && Deno.uid() !== 0) {
      const found = elevation(run, env, args);
      if (!found || !ui.interactive) throw needsRootError(found);
      if (
        !await ui.confirm({
          message: "This needs root. Go on with " + found.command + "?",
          default: true,
          option: "sudo",
        })
      ) {
        throw needsRootError(found);
      }
      return (await run(found.command, found.args, { group: "terminal", accept: "any" })).code;
    }
    // Not waited for: opening it takes as long as a tool's first request to the network.
    const logs = tool.writesLog(values) && (root.isRunning || isFolder(`${root.path}/var`));
    const logFile = logs ? attachLogFile(log, root, tool.name, env) : undefined;
    const ctx: Context = {
      root,
      out: output(screen, json),
      log,
      ui,
      run,
      signal: watch.signal,
      passPointOfNoReturn: watch.passPointOfNoReturn,
      now: () => new Date(),
      env,
    };
    try {
      return await tool.run(ctx, values) ?? ExitCode.Success;
    } catch (error) {
      return reportFailure(error, log);
    } finally {
      (await logFile)?.[Symbol.dispose]();
    }
  } catch (error) {
    return reportFailure(error, log);
  } finally {
    watch.stop();
  }
}

function logOptions(
  tool: { readonly name: string; readonly errorPrefix?: string },
  verbose: boolean,
  json: boolean,
) {
  return { tool: tool.name, errorPrefix: tool.errorPrefix, verbose, allOnStderr: json };
}

/** The log file is a comfort: not being able to write it is one warning. */
async function attachLogFile(
  log: ScreenLog,
  root: Root,
  tool: string,
  env: Readonly<Record<string, string>>,
): Promise<Disposable | undefined> {
  log.expectFile();
  try {
    const file = await openLogFile(root, tool, env.HYPERVISOR_LOG_FORMAT ?? "text");
    log.attach(file);
    return { [Symbol.dispose]: () => void file.close() };
  } catch (error) {
    log.attach(undefined);
    log.warn(`no log file is written: ${error instanceof Error ? error.message : error}`);
    return undefined;
  }
}

function output(screen: Screen, json: boolean): Output {
  const line = (text: string) => text.endsWith("\n") ? text : text + "\n";
  return {
    print: (text) => json ? screen.stderr(line(text)) : screen.stdout(line(text)),
    json: (value) => screen.stdout(jsonDocument(value)),
    get columns() {
      return screen.columns;
    },
  };
}

/** nix/host.nix reads the machine's files below HYPERVISOR_ROOT; --root decides what that is. */
function withRoot(env: Record<string, string>, root: Root): Record<string, string> {
  return { ...env, HYPERVISOR_ROOT: root.isRunning ? "" : root.path };
}

/**
 * A JSON document that the screen leaves as it is: what it would escape or colour is escaped in JSON's
 * own way (RFC 8259 7), so that every parser reads the very text.
 */
function jsonDocument(value: unknown): string {
  return JSON.stringify(value, null, 2).replace(
    /[\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]|[\u{F0000}-\u{F0007}]/gu,
    (character) =>
      Array.from(
        { length: character.length },
        (_, index) => "\\u" + character.charCodeAt(index).toString(16).padStart(4, "0"),
      ).join(""),
  ) + "\n";
}

/** A root that is not there must not be made by writing a lock or a log into it. */
function existingRoot(path: string): Root {
  if (isFolder(`${path}/etc`)) return new Root(path);
  throw new ToolError(`root ${path} holds no machine: it has no folder etc`, {
    code: ExitCode.InvalidArguments,
    hint: "name the folder where the machine's / is mounted",
  });
}

function isFolder(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}

function absolute(path: string): string {
  if (path === "") {
    throw new ToolError("option --root needs a path", { code: ExitCode.InvalidArguments });
  }
  return path.startsWith("/") ? path : `${Deno.cwd()}/${path}`;
}
