import { ExitCode } from "../exit_code.ts";
import { foreignPart, isRootOrSelf } from "../files/file_trust.ts";
import { KEPT_FOR_ROOT } from "../kept_variables.ts";
import { findOnPath, type Runner } from "../run.ts";
import { commandLine } from "../shell_words.ts";
import { ToolError } from "../tool_error.ts";
import { canElevate, cannotElevate, ELEVATORS } from "./elevators.ts";

/** A command that starts this program again as root. */
export interface Elevation {
  readonly command: string;
  readonly args: readonly string[];
}

/**
 * How this program can start itself again as root: through sudo, doas or run0, the first that can work;
 * by its path where PATH has another of its name before it.
 * @param env the caller's environment: what of it must be kept is named to the program
 * @param args the command-line arguments of this run
 * @returns undefined when there is no such program
 * @throws ToolError exit 3 when others could change this program, so that root must not start it
 */
export function elevation(
  run: Runner,
  env: Readonly<Record<string, string>>,
  args: readonly string[],
): Elevation | undefined {
  const self = [...ownCommand(env), ...args];
  const kept = KEPT_FOR_ROOT.filter((name) => env[name] !== undefined);
  const options = {
    sudo: kept.length > 0 ? [`--preserve-env=${kept.join(",")}`] : [],
    doas: [],
    run0: kept.map((name) => `--setenv=${name}`),
  };
  for (const elevator of ELEVATORS) {
    const { name } = elevator;
    const path = findOnPath(name, run.env.PATH ?? "", (mode) => canElevate(elevator, mode));
    if (path === undefined) continue;
    const command = path === run.which(name) ? name : path;
    return { command, args: [...options[name], "--", ...self] };
  }
  return undefined;
}

/** The refusal for who is not root, with the line to type. */
export function needsRootError(run: Runner, found: Elevation | undefined): ToolError {
  const useless = ELEVATORS.flatMap(({ name }) => run.which(name) ?? [])[0];
  const why = useless === undefined ? "" : `${cannotElevate(useless)}; `;
  return new ToolError("this needs root: it changes the system's configuration", {
    code: ExitCode.PermissionDenied,
    hint: found
      ? `run: ${commandLine(found.command, found.args)}`
      : `run it as root; ${why}neither sudo, doas nor run0 was found${why && " that works"}`,
  });
}

/** A program in the store, which is root's: without `..`, which could lead out of it. */
const STORE_PROGRAM = /^\/nix\/store\/\w[\w.+-]*\/bin\/\w[\w.+-]*$/;

/**
 * The command that started this program: the Nix wrapper, which sets `HYPERVISOR_EXECUTABLE`; the USB
 * stick's launcher, which sets `HYPERVISOR_LAUNCHER` and copies the program to a folder that is gone
 * when it ends; the compiled executable, or Deno with the script. Where others can change the program,
 * or put another in its place, it is not named.
 */
function ownCommand(env: Readonly<Record<string, string>>): string[] {
  const wrapper = env.HYPERVISOR_EXECUTABLE;
  if (wrapper !== undefined && STORE_PROGRAM.test(wrapper)) return [wrapper];
  const files = env.HYPERVISOR_LAUNCHER !== undefined
    ? [env.HYPERVISOR_LAUNCHER]
    : Deno.build.standalone
    ? [Deno.execPath()]
    : [Deno.execPath(), new URL(Deno.mainModule).pathname];
  for (const file of files) {
    const foreign = foreignPartOf(file);
    if (foreign === undefined) continue;
    throw new ToolError("this needs root: it changes the system's configuration", {
      code: ExitCode.PermissionDenied,
      hint: `copy the program to a folder of your own and start it there as root: ${foreign}`,
    });
  }
  // Sticks are often mounted without permission to execute; a shell reads the launcher all the same.
  if (env.HYPERVISOR_LAUNCHER !== undefined) return ["/bin/sh", ...files];
  return files.length === 1 ? files : [files[0]!, "run", "-A", files[1]!];
}

function foreignPartOf(file: string): string | undefined {
  try {
    const foreign = foreignPart(file, isRootOrSelf);
    return foreign && `${foreign.path} ${foreign.problem}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
