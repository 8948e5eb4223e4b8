import { ExitCode } from "../machine/exit_code.ts";
import { ToolError } from "../machine/tool_error.ts";

/** What git-check-ref-format(1) forbids in the name of a branch or tag; `@{` and `~` are for commands. */
const FORBIDDEN = [
  // deno-lint-ignore no-control-regex
  /[\x00-\x20\x7f~^:?*[\\]/,
  /\.\.|@\{|\/\/|^@$/,
  /^[-/]|[/.]$/,
  /(^|\/)\.|\.lock(\/|$)/,
];

/** A ref is a file of that path, for Git (PATH_MAX of limits.h, characters). */
const LONGEST = 4095;
/** So much of a name is repeated (characters). */
const SHOWN = 100;

/**
 * A branch, tag or SHA as a person names it, before anybody is asked for it.
 * @returns the name itself
 * @throws ToolError exit 4 for what cannot be the name of a ref
 */
export function parseRef(text: string): string {
  const shown = text.length > SHOWN ? text.slice(0, SHOWN) + "…" : text;
  if (
    text === "" || text.length > LONGEST || FORBIDDEN.some((pattern) => pattern.test(text))
  ) {
    throw new ToolError(`${JSON.stringify(shown)} is not the name of a branch, tag or commit`, {
      code: ExitCode.InvalidArguments,
      hint: "name one that is on GitHub, for example --ref main, --ref v2.1 or a commit's SHA",
    });
  }
  return text;
}
