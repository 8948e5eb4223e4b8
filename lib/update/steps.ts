import type { ExitCode } from "../machine/exit_code.ts";
import { ToolError } from "../machine/tool_error.ts";
import type { Context, Document } from "../machine/context.ts";
import { style } from "../layout/style.ts";
import { table } from "../layout/table.ts";

/** The steps, in their order. */
const NAMES = ["validation", "smart sync", "rebuild"] as const;
/** One of the steps. */
export type StepName = (typeof NAMES)[number];

/** How a step ended. */
export type StepStatus = "done" | "skipped" | "failed" | "stopped" | "not reached";

interface Ended {
  /** Milliseconds; undefined for a step that was not done. */
  readonly took: number | undefined;
  readonly status: StepStatus;
  readonly result: string;
}

/** The steps of one update: a heading as each begins, and at the end how each ended and how long it took. */
export class Steps {
  readonly #ended = new Map<StepName, Ended>();
  #failure: ToolError | undefined;

  constructor(private readonly ctx: Context) {}

  /** Does a step. What it throws is thrown on. @param said its result, in a few words */
  async run<T>(name: StepName, work: () => Promise<T>, said: (value: T) => string): Promise<T> {
    const number = NAMES.indexOf(name) + 1;
    this.ctx.log.info(style.bold(`Step ${number} of ${NAMES.length}: ${name}`));
    const start = performance.now();
    let status: StepStatus = "failed";
    let result: string = status;
    try {
      const value = await work();
      status = "done";
      result = said(value);
      return value;
    } catch (error) {
      if (this.ctx.signal.aborted) result = status = "stopped";
      if (error instanceof ToolError) this.#failure = error;
      throw error;
    } finally {
      this.#ended.set(name, { took: performance.now() - start, status, result });
    }
  }

  /** Leaves a step out. @param why in a few words */
  skip(name: StepName, why: string): void {
    this.#ended.set(name, { took: undefined, status: "skipped", result: why });
  }

  /** The summary: a line per step and the total; a step that was not reached says so. */
  render(columns: number): string {
    const rows = this.#all().map(({ name, took, result }) => [name, seconds(took), result]);
    const total = [...this.#ended.values()].reduce((sum, { took }) => sum + (took ?? 0), 0);
    return table(["Step", "Time", "Result"], [...rows, ["total", seconds(total), ""]], columns);
  }

  /** `dev-update --json`. @param failure what ended the run, a step's own failure when not given */
  document(exitCode: ExitCode, failure: ToolError | undefined = this.#failure): Document {
    return {
      version: 1,
      exitCode,
      steps: this.#all().map(({ name, status, result, took }) => ({
        name,
        status,
        result,
        seconds: took === undefined ? null : Math.round(took) / 1000,
      })),
      ...(failure && { error: { message: failure.message, hint: failure.hint ?? null } }),
    };
  }

  #all(): (Ended & { readonly name: StepName })[] {
    return NAMES.map((name) => ({ name, ...(this.#ended.get(name) ?? NOT_REACHED) }));
  }
}

const NOT_REACHED: Ended = { took: undefined, status: "not reached", result: "not reached" };

function seconds(milliseconds: number | undefined): string {
  return milliseconds === undefined ? "–" : `${(milliseconds / 1000).toFixed(1)} s`;
}
