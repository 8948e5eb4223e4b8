import { ExitCode } from "../../machine/exit_code.ts";
import { printableLine } from "../../layout/printable.ts";
import { ToolError } from "../../machine/tool_error.ts";

/** Words that are not identifiers (Nix manual, "Identifiers"); `or` is one only by accident. */
const KEYWORDS = new Set([
  "assert",
  "else",
  "if",
  "in",
  "inherit",
  "let",
  "or",
  "rec",
  "then",
  "with",
]);

/** Whether a name can be written without quotes as an attribute name or a variable. */
export function isIdentifier(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_-]*$/.test(name) && !KEYWORDS.has(name);
}

/** An attribute name, quoted where it is no identifier. */
export function attributeName(name: string): string {
  return isIdentifier(name) ? name : quotedString(name);
}

const ESCAPES: Readonly<Record<string, string>> = {
  "\\": "\\\\",
  '"': '\\"',
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "${": "\\${",
};

/**
 * A text as a Nix string in double quotes (Nix manual, "String literal"). A carriage return must be
 * escaped: Nix turns a raw one into a newline.
 * @throws ToolError exit 6 for what Nix cannot hold: NUL, and halves of surrogate pairs
 */
export function quotedString(text: string): string {
  refuseUnprintable(text);
  return `"${text.replace(/[\\"\n\r\t]|\$\{/g, (found) => ESCAPES[found]!)}"`;
}

/**
 * A text of several lines as an indented string (`''`), without its indentation: the lines between
 * the two marks. Undefined where that form would need care to read the same: then quote it.
 */
export function indentedLines(text: string): string[] | undefined {
  refuseUnprintable(text);
  if (!text.endsWith("\n")) return undefined;
  const lines = text.slice(0, -1).split("\n");
  if (lines.length < 2) return undefined;
  // deno-lint-ignore no-control-regex
  if (/''|'\$|\$\$|[\x00-\x08\x0b-\x1f\x7f]/.test(text)) return undefined;
  // Nix strips the indentation that all lines share, and it must find none besides ours.
  const blank = lines.some((line) => /^ +$/.test(line));
  const flush = lines.some((line) => /^[^ ]/.test(line));
  if (blank || !flush) return undefined;
  return lines.map((line) => line.replaceAll("${", "''${"));
}

/** The lines of a comment, each with its `#`. */
export function commentLines(text: string): string[] {
  refuseUnprintable(text);
  // A carriage return ends a comment for Nix.
  return text.split(/\r\n|\r|\n/).map((line) => `# ${line}`.trimEnd());
}

function refuseUnprintable(text: string): void {
  const what = text.includes("\0")
    ? "a NUL character"
    : text.isWellFormed()
    ? undefined
    : "half of a surrogate pair";
  if (what === undefined) return;
  throw new ToolError(
    `"${
      printableLine(text.toWellFormed()).slice(0, 60)
    }" cannot be written in Nix: it holds ${what}`,
    { code: ExitCode.Configuration, hint: "correct the value where it comes from" },
  );
}
