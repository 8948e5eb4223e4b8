import type { Context, Progress } from "../../machine/context.ts";
import { spawn } from "../../machine/spawn.ts";
import { ACTIVITY, parseNixLogLine } from "../../nix/nix_log.ts";

/** The end of what went wrong is enough to say what it was, in characters: as much, or twice. */
const ERRORS_KEPT = 256 * 1024;

/** Activities that count what is built and fetched; others count bytes. */
const COUNTING: readonly number[] = [ACTIVITY.builds, ACTIVITY.copyPaths];
/** Activities worth a line. */
const SHOWN: readonly number[] = [ACTIVITY.build, ACTIVITY.copyPath, ACTIVITY.substitution];

/**
 * Shows a build to the person and writes it down: lines, and a count of what is built and fetched.
 * `nom` draws instead when it is there, its input is Nix's own log.
 */
export class BuildOutput {
  /** The end of everything that was said on Nix's or nixos-rebuild's part, build logs excepted. */
  errors = "";
  readonly #progress: Progress | undefined;
  readonly #nom: Nom | undefined;
  /** Done and total of every counting activity of Nix. */
  readonly #counts = new Map<number, readonly [done: number, total: number]>();

  constructor(
    readonly ctx: Context,
    readonly write: (line: string) => void,
    jsonLog: boolean,
  ) {
    this.#nom = jsonLog && ctx.ui.interactive ? startNom(ctx) : undefined;
    this.#progress = this.#nom === undefined ? ctx.ui.progress("building") : undefined;
  }

  /** Takes one line of the child's output. */
  line(line: string): void {
    this.#nom?.line(line);
    const event = parseNixLogLine(line);
    if (event.kind === "nothing" || event.kind === "stopped") return;
    if (event.kind === "started") {
      if (COUNTING.includes(event.activity)) this.#counts.set(event.id, [0, 0]);
      if (!SHOWN.includes(event.activity) || event.text === "") return;
    }
    if (event.kind === "progress") {
      if (!this.#counts.has(event.of)) return;
      this.#counts.set(event.of, [event.done, event.total]);
      const counts = [...this.#counts.values()];
      const total = counts.reduce((sum, [, total]) => sum + total, 0);
      const done = counts.reduce((sum, [done]) => sum + done, 0);
      this.#progress?.update(done, `${done} of ${total}`);
      return;
    }
    if (event.kind !== "build-line") {
      this.errors += `${event.text}\n`;
      // Not at each line: a long text is copied for it.
      if (this.errors.length > 2 * ERRORS_KEPT) this.errors = this.errors.slice(-ERRORS_KEPT);
    }
    for (const text of event.text.split("\n")) {
      this.write(text);
      if (this.#nom === undefined) this.ctx.out.print(text);
    }
  }

  /** Ends the display. */
  async end(succeeded: boolean): Promise<void> {
    if (succeeded) this.#progress?.done("the build is done");
    else this.#progress?.fail("the build has failed");
    await this.#nom?.end();
  }
}

interface Nom {
  line(line: string): void;
  end(): Promise<void>;
}

/** Starts nix-output-monitor on the terminal; undefined when it is not installed. */
function startNom(ctx: Context): Nom | undefined {
  const command = ctx.run.which("nom");
  if (command === undefined) return undefined;
  // Not through ctx.run: it draws on the terminal and reads lines as they come.
  const child = spawn(command, {
    args: ["--json"],
    env: { ...ctx.run.env },
    clearEnv: true,
    stdin: "piped",
  });
  const writer = child.stdin.getWriter();
  const encoder = new TextEncoder();
  return {
    line: (line) => void writer.write(encoder.encode(line + "\n")).catch(() => {}),
    end: async () => {
      await writer.close().catch(() => {});
      await child.status;
    },
  };
}
