/**
 * Compiles every executable into dist/<system>/<name> for the systems of the flake, with whatever
 * runtime ("denort") is at hand: DENORT_BIN when it is for that processor, else what Deno has in its
 * cache or can download. DENO_COMPILE names another Deno than the running one. Exit code 0 when
 * something was compiled, with a line for every system that was not; 2 when nothing was.
 */
import { targetOfElf } from "./elf.ts";

/** A system as Nix names it, with Deno's name for it. */
export const TARGETS = {
  "x86_64-linux": "x86_64-unknown-linux-gnu",
  "aarch64-linux": "aarch64-unknown-linux-gnu",
} as const;

export type System = keyof typeof TARGETS;

/** How one system went: its executables, or why there are none. */
export interface Compiled {
  readonly system: System;
  readonly files: readonly { readonly name: string; readonly size: number }[];
  readonly problem?: string;
}

const REPOSITORY = new URL("..", import.meta.url).pathname;
const MIB = 1024 * 1024;

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
  const work = Deno.makeTempDirSync({ prefix: "hyper-nixos-compile-" });
  try {
    const scripts = await bundleTools(work, report);
    const results: Compiled[] = [];
    for (const system of Object.keys(TARGETS) as System[]) {
      results.push(await compileSystem(system, scripts, `${output}/${system}`));
    }
    return results;
  } finally {
    Deno.removeSync(work, { recursive: true });
  }
}

/** One file per tool: smaller, and sooner started. Without a bundler the sources are compiled. */
async function bundleTools(
  work: string,
  report: (line: string) => void,
): Promise<Map<string, string>> {
  const scripts = new Map<string, string>();
  for (const name of toolNames()) {
    const source = `${REPOSITORY}cmd/${name}.ts`;
    const bundle = `${work}/${name}.js`;
    const { success, stderr } = await deno(["bundle", "--quiet", "--output", bundle, source]);
    if (!success) {
      report(`not bundled, the executables are larger: ${problemLine(stderr)}`);
      return new Map(toolNames().map((tool) => [tool, `${REPOSITORY}cmd/${tool}.ts`]));
    }
    scripts.set(name, bundle);
  }
  return scripts;
}

async function compileSystem(
  system: System,
  scripts: ReadonlyMap<string, string>,
  folder: string,
): Promise<Compiled> {
  const runtime = Deno.env.get("DENORT_BIN");
  const fits = runtime !== undefined && targetOfElf(Deno.readFileSync(runtime)) === system;
  const files: { name: string; size: number }[] = [];
  // What an earlier run compiled stays until all of it can be replaced.
  const staged = `${folder}.${Deno.pid}`;
  Deno.mkdirSync(staged, { recursive: true });
  try {
    for (const [name, script] of scripts) {
      const file = `${staged}/${name}`;
      // Without the code cache, which another user could plant in the temporary folder.
      const { success, stderr } = await deno([
        ...["compile", "--quiet", "--allow-all", "--no-check", "--no-code-cache"],
        ...["--target", TARGETS[system], "--output", file, script],
      ], fits ? {} : { DENORT_BIN: undefined });
      const problem = success ? await startProblem(system, file) : noRuntime(system, stderr);
      if (problem) return { system, files: [], problem };
      files.push({ name, size: Deno.statSync(file).size });
    }
    Deno.mkdirSync(folder, { recursive: true });
    for (const { name } of files) Deno.renameSync(`${staged}/${name}`, `${folder}/${name}`);
    return { system, files };
  } finally {
    Deno.removeSync(staged, { recursive: true });
  }
}

async function startProblem(system: System, file: string): Promise<string | undefined> {
  if (targetOfElf(Deno.readFileSync(file)) !== system) {
    return "the runtime is for another processor";
  }
  if (system !== `${Deno.build.arch}-${Deno.build.os}`) return undefined;
  const { success, stderr } = await new Deno.Command(file, { args: ["--version"] }).output();
  if (success) return undefined;
  return `the executable does not start (is the runtime of another Deno version?): ${
    problemLine(stderr)
  }`;
}

function noRuntime(system: System, stderr: Uint8Array): string {
  const text = new TextDecoder().decode(stderr);
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

/** What went wrong: the first line that says error, without what Deno puts around it. */
function problemLine(bytes: Uint8Array): string {
  const lines = new TextDecoder().decode(bytes).trim().split("\n");
  return (lines.find((line) => line.startsWith("error")) ?? lines[0] ?? "").replace(/^error: /, "");
}

if (import.meta.main) {
  const print = (line: string) => Deno.stdout.writeSync(new TextEncoder().encode(line + "\n"));
  const results = await compileAll(`${REPOSITORY}dist`, print);
  for (const { system, files, problem } of results) {
    if (problem) print(`${system}: nothing compiled: ${problem}`);
    for (const { name, size } of files) {
      print(`dist/${system}/${name}`.padEnd(44) + `${(size / MIB).toFixed(1)} MiB`.padStart(10));
    }
  }
  if (results.every(({ problem }) => problem)) Deno.exit(2);
}
