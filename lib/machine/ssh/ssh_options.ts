import { ExitCode } from "../exit_code.ts";
import { quote } from "../shell_words.ts";
import { ToolError } from "../tool_error.ts";

/** Blanks, or one of: '…', "…", a sign after a backslash, signs as they are, and what begins and does not end. */
const PART = /\s+|'([^']*)'|"((?:[^"\\]|\\[^])*)"|\\([^])|([^\s'"\\]+)|([^])/g;

/**
 * The words of NIX_SSHOPTS, taken apart as Nix does it since 2.26: quotes and backslashes as in sh(1).
 * @throws ToolError exit 4 for a quote without an end
 */
export function sshOptions(text: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  const end = () => {
    if (word !== undefined) words.push(word);
    word = undefined;
  };
  for (const [, single, double, escaped, plain, open] of text.matchAll(PART)) {
    if (open !== undefined) throw unfinished(text);
    const part = single ?? double?.replace(/\\([$`"\\])/g, "$1") ?? escaped ?? plain;
    if (part === undefined) end();
    else word = (word ?? "") + part;
  }
  end();
  return words;
}

function unfinished(text: string): ToolError {
  return new ToolError(`NIX_SSHOPTS has a quote without an end: ${text}`, {
    code: ExitCode.InvalidArguments,
    hint: `for example: NIX_SSHOPTS='-p 2222 -o "ProxyCommand nc %h %p"'`,
  });
}

/** Options as NIX_SSHOPTS has them; quoted only where it is needed, because Nix before 2.26 knows no quotes. */
export function sshOptionsText(options: readonly string[]): string {
  return options.map((word) => /^[^\s'"\\]+$/.test(word) ? word : quote(word)).join(" ");
}
