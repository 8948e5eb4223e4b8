import { ExitCode } from "../../machine/exit_code.ts";
import { hideSecrets } from "../../layout/hidden_secrets.ts";
import { printableLine } from "../../layout/printable.ts";
import { MEMORY_HINT } from "../../machine/run.ts";
import { ToolError } from "../../machine/tool_error.ts";
import { evaluationHint } from "./evaluation_hint.ts";

/** How Nix, curl and git say that something could not be fetched. */
const NETWORK =
  /unable to download|could(?:n't| not) resolve (?:host|proxy)|failed to connect|connection (?:refused|reset|timed out)|unable to access 'https?:|network is unreachable|temporary failure in name resolution|HTTP error \d{3}|SSL (?:peer )?certificate/i;

/** How Nix and its collector say that they got none: where it is limited, nothing is killed. */
const NO_MEMORY = /^\s*error: (?:out of memory|.*cannot allocate memory|.*std::bad_alloc)/im;

/**
 * Nix looks into HOME for the user's channels before it evaluates anything. Where HOME is someone
 * else's, 2.8 ends with an uncaught exception, in colours even without a terminal.
 */
const CLOSED_HOME =
  /getting status of [^/]*(\/.*)\/\.nix-defexpr\/channels[^:]*: [^A-Z]*Permission denied/;

/** Lines of a failure that are worth a user's time. */
const LINES = 4;

/**
 * What a failed evaluation means, from Nix's stderr (2.8 to 2.3x): its last error, without the trace
 * and source excerpts, and the place in the configuration that it names.
 * @param what was evaluated
 */
export function evaluationFailure(what: string, stderr: string): ToolError {
  const home = CLOSED_HOME.exec(stderr)?.[1];
  if (home !== undefined) {
    return new ToolError(
      `evaluating ${what} failed: Nix may not look into ${printableLine(home)}, which HOME names`,
      {
        code: ExitCode.PermissionDenied,
        hint: "set HOME to a folder of the user who runs this, then run it again",
      },
    );
  }
  const error = lastError(stderr);
  const message = messageLines(error).slice(0, LINES).join(" / ") || "Nix gave no reason";
  if (NETWORK.test(error)) {
    return new ToolError(`evaluating ${what} could not fetch what it needs: ${message}`, {
      code: ExitCode.Network,
      hint: /HTTP error 40[134]\b/.test(error)
        ? evaluationHint(error)
        : "check the network, name resolution and proxy settings, then run it again",
    });
  }
  if (NO_MEMORY.test(error)) {
    return new ToolError(`evaluating ${what} failed: ${message}`, { hint: MEMORY_HINT });
  }
  const place = namedPlace(error) ?? namedPlace(stderr);
  const where = place === undefined || message.includes(place) ? "" : ` (at ${place})`;
  return new ToolError(`evaluating ${what} failed: ${message}${where}`, {
    code: ExitCode.Configuration,
    hint: evaluationHint(error),
  });
}

/** Whether an evaluation failed at the configuration itself, so that other parts of it may still evaluate. */
export function isOfConfiguration(error: unknown): error is ToolError {
  return error instanceof ToolError && error.code === ExitCode.Configuration;
}

/** From the last `error:` on: newer releases print the trace first, and the error proper last. */
function lastError(stderr: string): string {
  const starts = [...stderr.matchAll(/^\s*error: ?/gm)];
  // `error:` alone on its line heads a trace; the words follow after the last one.
  const start = starts.at(-1);
  if (start === undefined) return stderr;
  const error = stderr.slice(start.index);
  // Git and its ssh say why on their own lines, before Nix says that git failed.
  const fatal = stderr.search(/^(?:ssh: |fatal: |\S+: Permission denied \()/m);
  return /program 'git' failed/.test(error) && fatal >= 0 ? stderr.slice(fatal) : error;
}

/** Options whose values Nix must not be quoted with. */
const ABOUT_SECRET = /password|passphrase|psk\b|secret|token|private_?key/i;

/**
 * The message's own lines: no locations, source excerpts, carets and advice about --show-trace, and
 * no secrets, which Nix quotes when two definitions of one conflict.
 */
function messageLines(error: string): string[] {
  const lines = ownLines(error);
  const aboutSecret = ABOUT_SECRET.test(lines[0] ?? "");
  return (aboutSecret ? lines.slice(0, 1) : lines).map(hideSecrets);
}

function ownLines(error: string): string[] {
  return error.replace(/^\s*error: ?/, "").split("\n")
    .map((line) => line.trim())
    .filter((line) =>
      line !== "" && !/^at \S+:\d+/.test(line) && !/^\d*\|/.test(line) &&
      !/--show-trace/.test(line) && !/^…/.test(line) && !/^\(stack trace truncated/.test(line)
    )
    .map(printableLine);
}

/** The last `at FILE:LINE:COLUMN`, one of the configuration's own files where there is one. */
function namedPlace(text: string): string | undefined {
  const places = [...text.matchAll(/\bat (\/[^\n:]+:\d+):\d+/g)].map((match) => match[1]!);
  const own = places.filter((place) => !/\/nix\/store\/|\/nixpkgs\/|\/nixos\/lib\//.test(place));
  return (own.at(-1) ?? places.at(-1));
}
