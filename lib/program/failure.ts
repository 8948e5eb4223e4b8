import { CommandError } from "../machine/run.ts";
import { ExitCode } from "../machine/exit_code.ts";
import { QuestionCancelled, ToolError } from "../machine/tool_error.ts";
import type { Log } from "../machine/context.ts";
import { SignalInterrupt } from "./signals.ts";

/** What ended a run, as it was told. */
export interface Failure {
  readonly code: ExitCode;
  readonly message: string;
  /** What to do next. */
  readonly hint: string | null;
}

/**
 * Reports what ended a run and says with which code to exit: the one place that maps errors to exit
 * codes. A ToolError is one line and a hint; anything unknown is a bug and shown with its stack.
 */
export function reportFailure(error: unknown, log: Log): Failure {
  if (error instanceof SuppressedError) {
    // Cleaning up failed, too; what ended the run is what it was about.
    log.debug(`and then: ${error.error instanceof Error ? error.error.message : error.error}`);
    return reportFailure(error.suppressed, log);
  }
  if (error instanceof SignalInterrupt) {
    log.warn(error.message);
    return { code: error.exitCode, message: error.message, hint: null };
  }
  if (error instanceof QuestionCancelled) {
    log.error(error.message, error.hint);
    return { code: ExitCode.Interrupted, message: error.message, hint: error.hint };
  }
  const known = error instanceof ToolError ? error : systemError(error);
  if (known) {
    log.error(known.message, known.hint);
    if (known instanceof CommandError) log.debug(known.result.stderr.trimEnd());
    for (let cause = known.cause; cause instanceof Error; cause = cause.cause) {
      log.debug(`caused by: ${cause.message}`);
    }
    return { code: known.code, message: known.message, hint: known.hint ?? null };
  }
  const details = error instanceof Error ? error.stack ?? error.message : String(error);
  const message = `this is a bug of the toolkit, please report it: ${details}`;
  log.error(message);
  return { code: ExitCode.General, message, hint: null };
}

/** What is in use or used up (errno(3)); their numbers are the same on every architecture we build for. */
const REFUSALS = /^(EAGAIN|ENOMEM|EBUSY|ENFILE|EMFILE|ETXTBSY|EMLINK)$/;

/** Failures of the system that can happen anywhere a file is touched. */
function systemError(error: unknown): ToolError | undefined {
  if (!(error instanceof Error)) return undefined;
  const errno = "code" in error && typeof error.code === "string" ? error.code : "";
  if (errno === "ENOSPC" || errno === "EDQUOT" || /\(os error (28|122)\)/.test(error.message)) {
    return new ToolError(`the disk is full: ${error.message}`, {
      hint: "free some space (nix-collect-garbage, journalctl --vacuum-size=200M) and run it again",
      cause: error,
    });
  }
  if (errno === "EROFS" || /\(os error 30\)/.test(error.message)) {
    return new ToolError(`a file system is read-only: ${error.message}`, {
      code: ExitCode.PermissionDenied,
      hint:
        "remount it writable (mount -o remount,rw …), or find out in dmesg why it went read-only",
      cause: error,
    });
  }
  if (
    error instanceof Deno.errors.PermissionDenied || errno === "EACCES" || errno === "EPERM" ||
    error instanceof Deno.errors.NotCapable
  ) {
    return new ToolError(`permission denied: ${error.message}`, {
      code: ExitCode.PermissionDenied,
      hint: Deno.uid() === 0
        ? "root was refused: look for an immutable file (lsattr -d) or a network file system"
        : "run it as root",
      cause: error,
    });
  }
  if (errno === "EIO" || /\(os error 5\)/.test(error.message)) {
    return new ToolError(`a disk failed: ${error.message}`, {
      hint: "look for the reason with dmesg, and at the disk with smartctl; then run it again",
      cause: error,
    });
  }
  if (
    error instanceof Deno.errors.NotADirectory || error instanceof Deno.errors.IsADirectory ||
    error instanceof Deno.errors.FilesystemLoop || /\(os error 36\)/.test(error.message)
  ) {
    return new ToolError(`something else is there than the toolkit puts there: ${error.message}`, {
      code: ExitCode.Configuration,
      hint: "look at it (namei -l PATH), and move it away if it is not yours",
      cause: error,
    });
  }
  if (REFUSALS.test(errno) || /\(os error (11|12|16|23|24|26|31)\)/.test(error.message)) {
    return new ToolError(`the system refused: ${error.message}`, {
      hint: "see what is in use or used up (findmnt, fuser -vm PATH, free, ulimit -a, dmesg), " +
        "then run it again",
      cause: error,
    });
  }
  return undefined;
}
