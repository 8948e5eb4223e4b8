import type { Ground } from "./ground.ts";
import type { Narrator } from "./narrator.ts";
import { StoryError } from "./story_error.ts";

/** How a program ends of HUP, INT and TERM: 128 + N. */
const INTERRUPTED = [129, 130, 143];

/** Ended by Ctrl-C. */
export class Interrupted extends Error {}

/** Runs command lines of the story: shows each as a person types it, then its output as it comes. */
export class Player {
  /** What was seen, for the summary. */
  readonly seen: string[] = [];

  constructor(
    readonly ground: Ground,
    readonly narrator: Narrator,
    readonly signal: AbortSignal,
  ) {}

  /**
   * Runs one of the five tools.
   * @throws StoryError when it ends with another exit code than `expect`
   */
  async tool(tool: string, args: readonly string[], expect = 0): Promise<void> {
    await this.#run([tool, ...args].join(" "), tool, args, expect);
  }

  /** Runs a shell command on the scratch machine; throws as {@link tool}. */
  async shell(command: string): Promise<void> {
    await this.#run(command, "/bin/sh", ["-c", command], 0);
  }

  /**
   * Something that the demo compared itself, for the summary too.
   * @throws StoryError when it does not hold
   */
  see(good: boolean, text: string): void {
    this.narrator.saw(good, text);
    if (!good) throw new StoryError(`this was not seen: ${text}`);
    this.seen.push(text);
  }

  async #run(shown: string, tool: string, args: readonly string[], expect: number): Promise<void> {
    if (this.signal.aborted) throw new Interrupted();
    this.narrator.command(shown);
    using start = this.ground.launch(tool, args);
    const { code } = await new Deno.Command(start.command, {
      args: [...start.args],
      env: { ...start.env },
      clearEnv: true,
      cwd: start.cwd,
      stdin: "null",
      stdout: "inherit",
      stderr: "inherit",
    }).output();
    // A tool may end of the same Ctrl-C before the demo hears of it.
    if (this.signal.aborted || INTERRUPTED.includes(code)) throw new Interrupted();
    if (code !== expect) {
      throw new StoryError(`${shown} ended with exit code ${code}, the story says ${expect}`);
    }
    if (code !== 0) this.narrator.say(`(exit code ${code})`);
  }
}
