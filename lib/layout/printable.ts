import { withoutSecrets } from "./public_url.ts";

/**
 * What each of our own marks begins with: characters for private use that are drawn anew in every run, so
 * that no text from outside can hold a mark. `style.ts` has the marks.
 */
export const MARK_HEAD: string = String.fromCodePoint(
  ...Array.from(crypto.getRandomValues(new Uint16Array(4)), (number) => 0xF0100 + number % 0xFE00),
);

/**
 * Our marks, which stay; then control characters (C0 except newline and tab, DEL, C1), bidirectional
 * controls, and what is a mark without its head.
 */
const SPECIAL = new RegExp(
  MARK_HEAD + "[\\u{F0000}-\\u{F001F}]|" +
    "[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069]|" +
    "[\\u{F0000}-\\u{F001F}]",
  "gu",
);

/**
 * Makes a text safe to print: control characters, bidirectional controls that can reorder a line, and
 * what looks like a style mark become `\xNN` or `\u{NNNN}`; secrets are cut from URLs. Everything that
 * came from a server, a file or a child goes through here before it reaches a terminal or a log.
 */
export function printable(text: string): string {
  return withoutSecrets(text).replace(SPECIAL, (found) => {
    if (found.startsWith(MARK_HEAD)) return found;
    const code = found.codePointAt(0)!;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`;
  });
}

/** {@link printable} for a value inside a sentence: newlines and tabs are escaped too. */
export function printableLine(text: string): string {
  return printable(text).replaceAll("\n", "\\n").replaceAll("\t", "\\t");
}
