import type { Context } from "../program/context.ts";
import { style } from "../program/style.ts";
import { table } from "../program/table.ts";

/** The steps, in their order. */
const NAMES = ["validation", "smart sync", "rebuild"] as const;
export type StepName = (typeof NAMES)[number];

interface Ended {
  /** Milliseconds; undefined for a step that was not done. */
  readonly took: number | undefined;
  readonly result: string;
}

/** The steps of one update: a heading as each begins, and at the end how each ended and how long it took. */
export class Steps {
  readonly #ctx: Context;
  readonly #ended = new Map<StepName, Ended>();

  constructor(ctx: Context) {
    this.#ctx = ctx;
  }

  /** Does a step. What it throws is thrown on. @param said its result, in a few words */
  async run<T>(name: StepName, work: () => Promise<T>, said: (value: T) => string): Promise<T> {
    const number = NAMES.indexOf(name) + 1;
    this.#ctx.log.info(style.bold(`Step ${number} of ${NAMES.length}: ${name}`));
    const start = performance.now();
    let result = "failed";
    try {
      const value = await work();
      result = said(value);
      return value;
    } catch (error) {
      if (this.#ctx.signal.aborted) result = "stopped";
      throw error;
    } finally {
      this.#ended.set(name, { took: performance.now() - start, result });
    }
  }

  /** Leaves a step out. @param why in a few words */
  skip(name: StepName, why: string): void {
    this.#ended.set(name, { took: undefined, result: why });
  }

  /** The summary: a line per step and the total; a step that was not reached says so. */
  render(columns: number): string {
    const rows = NAMES.map((name) => {
      const { took, result } = this.#ended.get(name) ?? { took: undefined, result: "not reached" };
      return [name, seconds(took), result];
    });
    const total = [...this.#ended.values()].reduce((sum, { took }) => sum + (took ?? 0), 0);
    return table(["Step", "Time", "Result"], [...rows, ["total", seconds(total), ""]], columns);
  }
}

function seconds(milliseconds: number | undefined): string {
  return milliseconds === undefined ? "–" : `${(milliseconds / 1000).toFixed(1)} s`;
}
