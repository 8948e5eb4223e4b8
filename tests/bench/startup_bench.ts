import { canCompile, compileTool } from "../support/compile.ts";
import { median, timed } from "./measure.ts";

/** Milliseconds until `--help` is printed; medians. */
export interface StartupFigures {
  readonly help: number;
  readonly empty: number;
}

/** Starts a compiled smart-sync and a compiled empty program in turns; undefined without a compiler. */
export async function benchStartup(
  tool: readonly string[],
  folder: string,
  iterations: number,
): Promise<StartupFigures | undefined> {
  if (!canCompile) return undefined;
  const script = `${folder}/empty.ts`;
  await Deno.writeTextFile(script, "");
  const empty = await compileTool(script);
  const env = { PATH: Deno.env.get("PATH") ?? "", HOME: folder };
  const [program = "", ...first] = tool;
  const samples = { help: [] as number[], empty: [] as number[] };
  for (let round = 0; round < iterations; round++) {
    samples.help.push(await timed({ command: program, args: [...first, "--help"], env }));
    samples.empty.push(await timed({ command: empty, args: [], env }));
  }
  return { help: median(samples.help), empty: median(samples.empty) };
}
