import { attempt } from "./attempt.ts";
import { ExitCode } from "./exit_code.ts";
import { ToolError } from "./tool_error.ts";
import { commandLine, shellWord } from "./shell_words.ts";

/**
 * Starts a child process.
 * @param path of a program that is there
 * @throws ToolError exit 2 when the machine lacks what starting it takes (/dev/null, the program's
 *   interpreter), 3 when it may not be started
 */
export function spawn(path: string, options: Deno.CommandOptions): Deno.ChildProcess {
  try {
    return new Deno.Command(path, options).spawn();
  } catch (error) {
    throw usesNull(options) && nullProblem() || notStarted(path, error) || error;
  }
}

function usesNull({ stdin, stdout, stderr }: Deno.CommandOptions): boolean {
  return [stdin, stdout, stderr].includes("null");
}

function nullProblem(): ToolError | undefined {
  try {
    Deno.openSync("/dev/null", { read: true, write: true }).close();
    return undefined;
  } catch (error) {
    const isMissing = error instanceof Deno.errors.NotFound;
    return new ToolError(
      `no program can be started: /dev/null ${isMissing ? "is missing" : "cannot be opened"}`,
      {
        code: ExitCode.MissingDependency,
        hint: "mount /dev first: in a chroot, mount --rbind /dev there from outside (nixos-enter " +
          "does it); else mount -t devtmpfs dev /dev",
        cause: error,
      },
    );
  }
}

function notStarted(path: string, error: unknown): ToolError | undefined {
  if (error instanceof Deno.errors.PermissionDenied) {
    return new ToolError(`${path} may not be started`, {
      code: ExitCode.PermissionDenied,
      hint: `see who may, and whether its file system is mounted with noexec: ${
        commandLine("findmnt", ["-T", path])
      }`,
      cause: error,
    });
  }
  if (!(error instanceof Deno.errors.NotFound) || !attempt(() => Deno.statSync(path))) {
    return undefined;
  }
  return new ToolError(`${path} cannot be started on this machine`, {
    code: ExitCode.MissingDependency,
    hint: `its interpreter or loader is missing (file ${shellWord(path)}): install it again`,
    cause: error,
  });
}
