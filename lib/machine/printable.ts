/**
 * Makes a text safe to print: control characters (C0 except newline and tab, DEL, C1), and the
 * bidirectional controls that can reorder a line, become `\xNN` or `\u{NNNN}`. Everything that came
 * from a server, a file or a child goes through here before it reaches a terminal or a log.
 */
export function printable(text: string): string {
  return text.replace(
    // deno-lint-ignore no-control-regex
    /[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    (character) => {
      const code = character.charCodeAt(0);
      return code < 0x100
        ? `\\x${code.toString(16).padStart(2, "0")}`
        : `\\u{${code.toString(16)}}`;
    },
  );
}

/** {@link printable} for a value inside a sentence: newlines and tabs are escaped too. */
export function printableLine(text: string): string {
  return printable(text).replaceAll("\n", "\\n").replaceAll("\t", "\\t");
}
