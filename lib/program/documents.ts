import type { ExitCode } from "../machine/exit_code.ts";
import type { Document } from "../machine/context.ts";
import type { Screen } from "./output.ts";

/** What a run that failed prints with `--json`, version 1; no other document has a member `error`. */
export interface ErrorDocument extends Document {
  readonly version: 1;
  readonly exitCode: ExitCode;
  readonly error: {
    readonly message: string;
    /** What to do next. */
    readonly hint: string | null;
  };
}

/** The documents of one run on stdout; see {@link Document}. */
export class Documents {
  readonly #head: { readonly tool: string; readonly toolkit: string };
  /** Whether there is one already: a run prints a single one. */
  written = false;

  /** @param toolkit the toolkit's version */
  constructor(private readonly screen: Screen, tool: string, toolkit: string) {
    this.#head = { tool, toolkit };
  }

  /** Writes a document, with the tool's name and the toolkit's version after its own. */
  write({ version, ...members }: Document): void {
    this.written = true;
    this.screen.stdout(encode({ version, ...this.#head, ...members }));
  }
}

/**
 * A JSON document that the screen leaves as it is: what it would escape or colour is escaped in JSON's
 * own way (RFC 8259 7), so that every parser reads the very text.
 */
function encode(value: unknown): string {
  const text = JSON.stringify(value, (_, member) => member === undefined ? null : member, 2);
  return text.replace(
    /[\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]|[\u{F0000}-\u{F0017}]/gu,
    (character) =>
      Array.from(
        { length: character.length },
        (_, index) => "\\u" + character.charCodeAt(index).toString(16).padStart(4, "0"),
      ).join(""),
  ) + "\n";
}
