/**
 * Compiles the executables with whatever runtime ("denort") is at hand: DENORT_BIN when it is for that
 * processor, else what Deno has in its cache or can download. DENO_COMPILE names another Deno than the
 * running one.
 *
 *     deno run -A nix/compile.ts                        all, into dist/<system>/<name>, for both systems
 *     deno run -A nix/compile.ts --into FOLDER [NAME…]  these, into FOLDER/<name>, for this machine
 *
 * Exit code 0 when something was compiled, with a line for every system that was not; 2 when nothing
 * was, 4 for a tool that is none.
 */
import { resolve } from "node:path";
import { bundle, REPOSITORY } from "./bundle.ts";
import { type Compiler, type Program, withCompiledCode } from "./compiled_code.ts";
import { targetOfElf } from "./elf.ts";

/** A system as Nix names it, with Deno's name for it. */
export const TARGETS = {
  "x86_64-linux": "x86_64-unknown-linux-gnu",
  "aarch64-linux": "aarch64-unknown-linux-gnu",
} as const;

/** A system that is compiled for, by its name in Nix. */
export type System = keyof typeof TARGETS;

/** How one system went: its executables, or why there are none. */
export interface Compiled {
  readonly system: System;
  readonly files: readonly { readonly name: string; readonly size: number }[];
  readonly problem?: string;
}

/**
 * For programs that run a tenth of a second: young objects get 4 MB instead of 16 (a large sync needs 50 MB
 * less, and is no slower), and what runs only some hundred times is interpreted: V8's other threads took a
 * tenth of an update's CPU time to compile what was then hardly used.
 */
const V8_FLAGS = [
  "--max-semi-space-size=4",
  "--invocation-count-for-maglev=2000",
  "--no-sparkplug",
];

const MIB = 1024 * 1024;
const THIS_SYSTEM = `${Deno.build.arch}-${Deno.build.os}`;

/** The names of the executables in this tree. */
export function toolNames(): string[] {
  return [...Deno.readDirSync(`${REPOSITORY}cmd`)]
    .map(({ name }) => name).filter((name) => name.endsWith(".ts"))
    .map((name) => name.slice(0, -".ts".length)).sort();
}

/**
 * Compiles for every system, into `<output>/<system>/<name>`. An executable for this machine is run
 * once: a runtime of another Deno version compiles without complaint and then does not start.
 * @param report told what happens, a line at a time
 * @throws Error when the tree itself cannot be compiled
 */
export async function compileAll(
  output: string,
  report: (line: string) => void,
): Promise<Compiled[]> {
  const results: Compiled[] = [];
  for (const system of Object.keys(TARGETS) as System[]) {
    results.push(await compileFor(system, toolScripts(toolNames()), `${output}/${system}`, report));
  }
  return results;
}

/**
 * Compiles for this machine, into `<folder>/<name>`.
 * @param scripts absolute paths by name, for example from {@link toolScripts}
 * @throws Error when the scripts cannot be compiled
 */
export async function compileHere(
  scripts: ReadonlyMap<string, string>,
  folder: string,
  report: (line: string) => void,
): Promise<Compiled> {
  const system = Object.keys(TARGETS).find((name): name is System => name === THIS_SYSTEM);
  if (system === undefined) throw new Error(`nothing can be compiled for ${THIS_SYSTEM}`);
  return await compileFor(system, scripts, folder, report);
}

/** The scripts of tools by their names. */
export function toolScripts(names: readonly string[]): Map<string, string> {
  return new Map(names.map((name) => [name, `${REPOSITORY}cmd/${name}.ts`]));
}

async function compileFor(
  system: System,
  scripts: ReadonlyMap<string, string>,
  folder: string,
  report: (line: string) => void,
): Promise<Compiled> {
  const work = Deno.makeTempDirSync({ prefix: "hyper-nixos-compile-" });
  // What an earlier run compiled stays until all of it can be replaced.
  const staged = `${resolve(folder)}.${Deno.pid}`;
  Deno.mkdirSync(staged, { recursive: true });
  try {
    const files: { name: string; size: number }[] = [];
    for (const [name, program] of await programsOf(system, scripts, work, report)) {
      const file = `${staged}/${name}`;
      const stderr = await compileProgram(system, program, file);
      const problem = stderr === undefined
        ? await startProblem(system, file)
        : noRuntime(system, stderr);
      if (problem) return { system, files: [], problem };
      files.push({ name, size: Deno.statSync(file).size });
    }
    Deno.mkdirSync(folder, { recursive: true });
    for (const { name } of files) Deno.renameSync(`${staged}/${name}`, `${folder}/${name}`);
    return { system, files };
  } finally {
    Deno.removeSync(staged, { recursive: true });
    Deno.removeSync(work, { recursive: true });
  }
}

/**
 * The best that can be made of scripts: tools of this machine's system with V8's code of them, which takes
 * starting the runtime; others bundled; where nothing can be bundled, the sources.
 */
async function programsOf(
  system: System,
  scripts: ReadonlyMap<string, string>,
  work: string,
  report: (line: string) => void,
): Promise<ReadonlyMap<string, Program>> {
  const plain = (mains: ReadonlyMap<string, string>) =>
    new Map([...mains].map(([name, main]): [string, Program] => [name, { main, files: [] }]));
  const areTools = [...scripts.values()].every((path) => path.startsWith(`${REPOSITORY}cmd/`));
  if (system === THIS_SYSTEM && areTools) {
    const compiler: Compiler = async (main, output, v8Flags) => {
      const stderr = await compileProgram(system, { main, files: [] }, output, v8Flags);
      if (stderr !== undefined) throw new NoRuntime(noRuntime(system, stderr));
    };
    try {
      return await withCompiledCode(scripts, `${work}/code`, compiler);
    } catch (error) {
      // Nothing will be compiled then, for the reason that is said there.
      if (!(error instanceof NoRuntime)) {
        report(`without V8's code, the executables start later: ${messageLine(error)}`);
      }
    }
  }
  try {
    return plain(bundle(scripts, work));
  } catch (error) {
    report(`not bundled, the executables are larger and start later: ${messageLine(error)}`);
    return plain(scripts);
  }
}

/** @returns what the compiler says when it fails */
async function compileProgram(
  system: System,
  { main, files }: Program,
  output: string,
  v8Flags: readonly string[] = [],
): Promise<string | undefined> {
  const runtime = Deno.env.get("DENORT_BIN");
  const fits = runtime !== undefined && targetOfElf(runtime) === system;
  // Without the code cache, which another user could plant in the temporary folder.
  const { success, stderr } = await deno([
    ...["compile", "--quiet", "--allow-all", "--no-check", "--no-code-cache"],
    `--v8-flags=${[...V8_FLAGS, ...v8Flags].join()}`,
    ...files.flatMap((file) => ["--include", file]),
    // ESBUILD is named where nothing can be downloaded (bundle.ts).
    ...(Deno.env.get("ESBUILD") ? ["--cached-only"] : []),
    ...["--target", TARGETS[system], "--output", output, main],
  ], fits ? {} : { DENORT_BIN: undefined });
  return success ? undefined : new TextDecoder().decode(stderr);
}

async function startProblem(system: System, file: string): Promise<string | undefined> {
  if (targetOfElf(file) !== system) {
    return "the runtime is for another processor";
  }
  if (system !== THIS_SYSTEM) return undefined;
  const { success, stderr } = await new Deno.Command(file, { args: ["--version"] }).output();
  if (success) return undefined;
  return `the executable does not start (is the runtime of another Deno version?): ${
    problemLine(new TextDecoder().decode(stderr))
  }`;
}

class NoRuntime extends Error {}

function noRuntime(system: System, text: string): string {
  if (!/denort|base binary/.test(text)) throw new Error(text);
  return `no runtime: name a denort for ${system} in DENORT_BIN, or let Deno download it`;
}

/** Runs the Deno that compiles. */
function deno(
  args: readonly string[],
  changes: Readonly<Record<string, string | undefined>> = {},
): Promise<Deno.CommandOutput> {
  const env = { ...Deno.env.toObject(), ...changes, NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" };
  return new Deno.Command(Deno.env.get("DENO_COMPILE") ?? Deno.execPath(), {
    args: [...args],
    cwd: REPOSITORY,
    clearEnv: true,
    env: Object.fromEntries(
      Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
    ),
  }).output();
}

function messageLine(error: unknown): string {
  return problemLine(error instanceof Error ? error.message : String(error));
}

/** What went wrong: the first line that says error, without what Deno puts around it. */
function problemLine(text: string): string {
  const lines = text.trim().split("\n");
  return (lines.find((line) => line.startsWith("error")) ?? lines[0] ?? "").replace(/^error: /, "");
}

if (import.meta.main) {
  const print = (line: string) => Deno.stdout.writeSync(new TextEncoder().encode(line + "\n"));
  const [option, into, ...names] = Deno.args;
  const unknown = names.filter((name) => !toolNames().includes(name));
  if (unknown.length > 0) {
    print(`there is no tool ${unknown.join(", ")}`);
    Deno.exit(4);
  }
  const given = names.length > 0 ? names : toolNames();
  const results = option === "--into" && into !== undefined
    ? [await compileHere(toolScripts(given), into, print)]
    : await compileAll(`${REPOSITORY}dist`, print);
  for (const { system, files, problem } of results) {
    if (problem) print(`${system}: nothing compiled: ${problem}`);
    for (const { name, size } of files) {
      const path = option === "--into" ? `${into}/${name}` : `dist/${system}/${name}`;
      print(path.padEnd(44) + `${(size / MIB).toFixed(1)} MiB`.padStart(10));
    }
  }
  if (results.every(({ problem }) => problem)) Deno.exit(2);
}
