import { amount } from "../../layout/amount.ts";
import { counted } from "../../layout/counted.ts";
import type { Context, Progress } from "../../machine/context.ts";
import { ACTIVITY, parseNixLogLine } from "../nix_log.ts";
import { storeName } from "../store/store_path.ts";

/** The end of what Nix says is enough to tell why it failed, in characters. */
const ERRORS_KEPT = 16 * 1024;

/**
 * Shows what `nix copy --log-format internal-json` is doing: how many paths of how many, and bytes where Nix
 * counts them (2.8 does not).
 */
export class CopyProgress {
  /** The end of what Nix said. */
  errors = "";
  #progress: Progress | undefined;
  #total = 0;
  #done = 0;
  #bytes = 0;
  /** Paths under way, with the bytes of each that were copied. */
  readonly #open = new Map<number, { readonly name: string; bytes: number }>();

  /** @param destination whereto it is copied, in a person's words */
  constructor(readonly ctx: Pick<Context, "ui" | "log">, readonly destination: string) {}

  /** Takes one line of Nix's stderr. */
  line(line: string): void {
    const event = parseNixLogLine(line);
    if (event.kind === "message") {
      this.ctx.log.debug(event.text);
      this.errors = `${this.errors}${event.text}\n`.slice(-ERRORS_KEPT);
    } else if (event.kind === "started" && event.activity === ACTIVITY.copyPaths) {
      this.#begin(Number(/\d+/.exec(event.text)?.[0] ?? 0));
    } else if (event.kind === "started" && event.activity === ACTIVITY.copyPath) {
      const path = /\/nix\/store\/[^'/ ]+/.exec(event.text)?.[0] ?? "";
      this.#open.set(event.id, { name: storeName(path), bytes: 0 });
    } else if (event.kind === "progress") {
      const path = this.#open.get(event.of);
      if (path === undefined) return;
      this.#bytes += event.done - path.bytes;
      path.bytes = event.done;
    } else if (event.kind !== "stopped" || !this.#open.delete(event.id)) return;
    else this.#done++;
    this.#draw();
  }

  /** Ends the display. */
  end(succeeded: boolean): void {
    const bytes = this.#bytes === 0 ? "" : `, ${amount(this.#bytes)}`;
    const copied = `${this.#done} of ${counted(this.#total, "path")}${bytes}`;
    if (!succeeded) this.#progress?.fail(`copied before it ended: ${copied}`);
    else this.#progress?.done(`copied to ${this.destination}: ${copied}`);
  }

  /** Nix counts first what it has to build, which is nothing. */
  #begin(total: number): void {
    if (total === 0) return;
    this.#total += total;
    this.#progress ??= this.ctx.ui.progress(`copying to ${this.destination}`, total);
  }

  #draw(): void {
    const bytes = this.#bytes === 0 ? "" : `, ${amount(this.#bytes)}`;
    const name = [...this.#open.values()].at(-1)?.name;
    const now = name === undefined ? "" : `: ${name}`;
    this.#progress?.update(this.#done, `${this.#done} of ${this.#total}${bytes}${now}`);
  }
}
