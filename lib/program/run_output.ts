import type { Document, Output } from "../machine/context.ts";
import { withoutSecrets } from "../layout/public_url.ts";
import type { Screen } from "./output.ts";
import { VERSION } from "./version.ts";

/** What one run writes on the screen: text, and at most one document on stdout. */
export class RunOutput implements Output {
  /** Whether there is a document already. */
  hasDocument = false;

  /** @param dataOnStdout whether stdout is a program's: all else goes to stderr */
  constructor(
    private readonly screen: Screen,
    private readonly tool: string,
    private readonly dataOnStdout: boolean,
  ) {}

  print(text: string): void {
    this.relay(text, this.dataOnStdout ? "stderr" : "stdout");
  }

  /** Writes a document, with the tool's name and the toolkit's version after its own. */
  json({ version, ...members }: Document): void {
    this.hasDocument = true;
    this.screen.exact(documentText({ version, tool: this.tool, toolkit: VERSION, ...members }));
  }

  data(text: string): void {
    this.screen.stdout(text);
  }

  relay(text: string, stream: "stdout" | "stderr"): void {
    this.screen[stream](text.endsWith("\n") ? text : text + "\n");
  }

  get isHeard(): boolean {
    return this.screen.isHeard;
  }

  get columns(): number {
    return this.screen.columns;
  }
}

/**
 * A JSON document, with no secret in a URL and nothing that a terminal would take for an order: that is
 * escaped in JSON's own way (RFC 8259 7), so that every parser reads the very text. Secrets are cut before
 * it is JSON: of `https://host/?q=a"b` the quote's backslash would be taken for a part of the query.
 */
export function documentText(value: unknown): string {
  const json = JSON.stringify(value, (_, member) => {
    if (member === undefined) return null;
    return typeof member === "string" ? withoutSecrets(member) : member;
  }, 2);
  return json.replace(
    /[\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    (character) => "\\u" + character.charCodeAt(0).toString(16).padStart(4, "0"),
  ) + "\n";
}
