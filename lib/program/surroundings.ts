import { attempt } from "../machine/attempt.ts";
import { ExitCode } from "../machine/exit_code.ts";
import { ToolError } from "../machine/tool_error.ts";

/** With fewer open files the runtime itself ends at once, in the midst of anything. */
const FEWEST_FILES = 32;

/**
 * Refuses to begin where the runtime would not come to an end: without /proc, through which open files are
 * reached, and where hardly any file may be open.
 * @throws ToolError exit 2 and 1
 */
export function requireSurroundings(): void {
  // proc_pid_limits(5)
  const limits = attempt(() => Deno.readTextFileSync("/proc/self/limits"));
  if (limits === undefined) {
    throw new ToolError("/proc is not mounted", {
      code: ExitCode.MissingDependency,
      hint: "mount it: mount -t proc proc /proc (for a chroot, nixos-enter does it)",
    });
  }
  const files = /^Max open files\s+(\d+)/m.exec(limits)?.[1];
  if (Number(files) >= FEWEST_FILES || files === undefined) return;
  throw new ToolError(`at most ${files} files may be open here, which is too few`, {
    hint: "raise the limit, then run it again: ulimit -n 1024",
  });
}
