/** What the demo itself says between the tools' own output: headings, command lines, what was seen. */
import { wrapWords } from "../../lib/layout/table.ts";

const WIDTH = 78;
/** Select Graphic Rendition (ECMA-48 8.3.117). */
const CODES = { bold: 1, red: 31, green: 32, cyan: 36 } as const;

export class Narrator {
  readonly #colour = Deno.stdout.isTerminal() && !Deno.env.get("NO_COLOR");
  /** Words for signs, where the tools are told so too. */
  readonly #plain = Boolean(Deno.env.get("HYPERVISOR_PLAIN")) || Deno.env.get("TERM") === "dumb";

  /** A chapter's heading. */
  heading(number: number, text: string): void {
    const rule = "━".repeat(Math.max(2, WIDTH - 7 - text.length));
    const line = this.#plain ? `Section: ${number}. ${text}` : `━━ ${number}. ${text} ${rule}`;
    this.#write(`\n${this.#style("bold", line)}\n`);
  }

  /** A paragraph of explanation. */
  say(text: string): void {
    this.#write(wrapWords(text, WIDTH).join("\n") + "\n");
  }

  /** A command line, as a person types it. */
  command(line: string): void {
    this.#write(`\n${this.#style("bold", "$")} ${this.#style("cyan", line)}\n`);
  }

  /** Something that the demo looked at itself. */
  saw(good: boolean, text: string): void {
    const [passed, failed] = this.#plain ? ["ok:", "failed:"] : ["✓", "✗"];
    const mark = good ? this.#style("green", passed!) : this.#style("red", failed!);
    const [first, ...more] = wrapWords(text, WIDTH - 2);
    this.#write([`${mark} ${first}`, ...more.map((line) => `  ${line}`)].join("\n") + "\n");
  }

  line(text = ""): void {
    this.#write(`${text}\n`);
  }

  #style(name: keyof typeof CODES, text: string): string {
    return this.#colour ? `\x1b[${CODES[name]}m${text}\x1b[0m` : text;
  }

  #write(text: string): void {
    const bytes = new TextEncoder().encode(text);
    for (let done = 0; done < bytes.length;) done += Deno.stdout.writeSync(bytes.subarray(done));
  }
}
