import { ExitCode } from "../../machine/exit_code.ts";
import { printableLine } from "../../layout/printable.ts";
import { MEMORY_HINT } from "../../machine/run.ts";
import { ToolError } from "../../machine/tool_error.ts";
import { evaluationFailure } from "../../nix/evaluation/evaluation_failure.ts";

/** Nix's words for a derivation that did not build, 2.8 to 2.3x. */
const BUILDER = /builder for '([^']+)' failed|Cannot build '([^']+)'|build of '([^']+)' failed/;
const DISK_FULL = /No space left on device|disk quota exceeded/i;
/** 128 + SIGKILL, as a shell says it of a program that it waited for. */
const KILLED = 137;

/**
 * What a failed build means: a full disk, no memory or a builder that failed (1), the network (5), or a
 * configuration that does not evaluate (6). Nothing was activated.
 * @param errors what it wrote to stderr, without terminal sequences
 * @param log the host path of the rebuild log; undefined when none could be written
 */
export function buildFailure(
  what: string,
  code: number,
  errors: string,
  log: string | undefined,
): ToolError {
  const cause = reason(what, code, errors);
  const see = log === undefined ? "" : `; everything it said is in ${log}`;
  return new ToolError(cause.message, {
    hint: `${cause.hint ?? "correct it and build again"}${see}`,
    code: cause.code,
  });
}

function reason(what: string, code: number, errors: string): ToolError {
  if (DISK_FULL.test(errors)) {
    return new ToolError(`building ${what} filled the disk`, {
      hint:
        "free space in the store (rebuild-helper --clean, then nix-collect-garbage), then build again",
    });
  }
  const derivations = [...errors.matchAll(new RegExp(BUILDER, "g"))];
  // The first is the one that broke; the others could not be built because of it.
  const broken = derivations[0]?.slice(1).find((path) => path !== undefined);
  if (broken !== undefined && !isFetch(errors)) {
    const killed = /failed due to signal 9\b/.test(errors);
    return new ToolError(`building ${what} failed at ${printableLine(broken)}`, {
      hint: killed ? MEMORY_HINT : `see why with: nix log ${printableLine(broken)}`,
    });
  }
  if (code === KILLED) {
    return new ToolError(`building ${what} was ended by SIGKILL`, { hint: MEMORY_HINT });
  }
  if (/^\s*error:/m.test(errors)) return evaluationFailure(what, errors);
  return new ToolError(`building ${what} failed with exit code ${code}`, {
    code: ExitCode.General,
    hint: "its last lines say why",
  });
}

/** A fetching derivation (fixed output) that failed for want of a network. */
function isFetch(errors: string): boolean {
  return /unable to download|could(n't| not) resolve host/i.test(errors);
}
