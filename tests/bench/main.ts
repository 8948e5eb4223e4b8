/**
 * The benchmark: `deno task bench`, all of it in 20 minutes, or a part:
 *
 *     deno task bench --quick                        small repository, two networks, few rounds
 *     deno task bench --sizes large --networks slow --changes 0,5 --iterations 3
 *     deno task bench --only network|local|startup   --peers-only (without smart-sync)
 *     deno task bench --history PATH|URL [--named TEXT] … [--networks loopback,fast] [--changes 0,5,install]
 *     deno task bench --plan NIXPKGS [--module FILE] [--named TEXT] [--iterations 5]
 *
 * With `--history`, the newest commits of real bare repositories, CPU seconds beside wall; with `--plan`,
 * system-installer's plan of a machine with that complete nixpkgs, beside the evaluations that it needs.
 * `--output` then replaces that part of a report.
 * A full run writes docs/benchmarks.md; a partial one only prints (or writes to `--output FILE`).
 * smart-sync runs compiled where HYPERVISOR_TEST_EXECUTABLES names a folder of executables or
 * DENO_COMPILE a compiler, otherwise from source.
 */
import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { canCompile, compileTool } from "../support/compile.ts";
import { executables } from "../support/launch.ts";
import {
  largeRepository,
  type RepositorySize,
  sizedRepository,
  smallRepository,
} from "../support/sized_repository.ts";
import { benchHistory } from "./history_bench.ts";
import { historyReport, type MeasuredHistory } from "./history_report.ts";
import { benchLocal, type LocalFigures } from "./local_bench.ts";
import { describeMachine } from "./machine.ts";
import { run } from "./measure.ts";
import { benchNetwork, type Scenario } from "./network_bench.ts";
import { benchPlan } from "./plan_bench.ts";
import { planReport } from "./plan_report.ts";
import { report } from "./report.ts";
import { OWN_PARTS, withPart, withPartsOf } from "./report_parts.ts";
import { benchStartup, type StartupFigures } from "./startup_bench.ts";
import { networkKinds } from "./test_network.ts";

const SIZES: Readonly<Record<string, RepositorySize>> = {
  small: smallRepository,
  large: largeRepository,
};

/** Rounds of local work. */
const LOCAL_ROUNDS = 7;

/** giget's release that is measured. */
const GIGET = "giget@3.3.1";

const { values: options } = parseArgs({
  args: Deno.args,
  options: {
    quick: { type: "boolean", default: false },
    "peers-only": { type: "boolean", default: false },
    only: { type: "string" },
    sizes: { type: "string" },
    networks: { type: "string" },
    changes: { type: "string", default: "0,5,50,500,install" },
    iterations: { type: "string" },
    output: { type: "string" },
    history: { type: "string", multiple: true },
    plan: { type: "string" },
    module: { type: "string" },
    named: { type: "string", multiple: true, default: [] },
  },
});

function say(line: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(line + "\n"));
}

/** Fewer where one round takes long: installs of the large repository, and all over the slow network. */
function rounds(size: string, network: string, change: number | "install"): number {
  if (options.iterations !== undefined) return Number(options.iterations);
  if (size !== "large") return options.quick ? 3 : 4;
  return (network === "slow" ? 2 : 3) - (change === "install" ? 1 : 0);
}

/** What the report says of {@link rounds}. */
function roundsText(size: string): string {
  const of = networkKinds.filter(({ name, tls }) =>
    networks.includes(name) && !(size === "large" && tls)
  ).map(({ name }) => {
    const [update, install] = [rounds(size, name, 0), rounds(size, name, "install")];
    return update === install ? `${update} (${name})` : `${update}, installs ${install} (${name})`;
  });
  const all = new Set(of.map((text) => text.replace(/ \(.*/, "")));
  const shown = all.size === 1 ? [...all].join() : of.join("; ");
  return `Rounds with ${SIZES[size]?.files} files: ${shown}.`;
}

/** How smart-sync is started, and what the report calls that. */
async function findTool(): Promise<{ command: string[]; kind: string }> {
  if (executables !== undefined) {
    return { command: [`${executables}/smart-sync`], kind: "compiled executable" };
  }
  if (canCompile) {
    return { command: [await compileTool("smart-sync")], kind: "compiled executable" };
  }
  const script = new URL("../../cmd/smart-sync.ts", import.meta.url).pathname;
  return { command: [Deno.execPath(), "run", "-A", script], kind: "run from source" };
}

/** giget from the npm registry; undefined, with a line that says so, when it cannot be had. */
async function installGiget(folder: string): Promise<string | undefined> {
  await Deno.mkdir(`${folder}/giget`);
  const env = Deno.env.toObject();
  try {
    const args = ["install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", GIGET];
    await run({ command: "npm", args, cwd: `${folder}/giget`, env });
    return `${folder}/giget/node_modules/giget/dist/cli.mjs`;
  } catch (error) {
    say(`giget is left out: ${error instanceof Error ? error.message : error}`);
    return undefined;
  }
}

async function benchRealHistories(sources: readonly string[], folder: string): Promise<void> {
  if (!canCompile) {
    throw new Error("--history compares with a compiled empty program: set DENO_COMPILE");
  }
  const tool = await findTool();
  const script = `${folder}/empty.ts`;
  await Deno.writeTextFile(script, "");
  const empty = await compileTool(script);
  const [loadBefore = 0] = Deno.loadavg();
  const histories: MeasuredHistory[] = [];
  for (const [index, source] of sources.entries()) {
    const scenarios: Scenario[] = [];
    await Deno.mkdir(`${folder}/${index}`);
    const measuring = benchHistory({
      ...{ source, folder: `${folder}/${index}`, say, changes, tool: tool.command, empty },
      networks: (options.networks ?? "loopback").split(","),
      rounds: Number(options.iterations ?? 9),
    });
    for await (const scenario of measuring) scenarios.push(scenario);
    const name = options.named[index] ?? source.replace(/\/+$/, "").split("/").at(-1)!;
    histories.push({ name, scenarios });
  }
  const [loadAfter = 0] = Deno.loadavg();
  const where = `Machine: ${await describeMachine()}. smart-sync: ${tool.kind}. ` +
    `Load average before and after: ${loadBefore.toFixed(1)}, ${loadAfter.toFixed(1)}.`;
  await writePart(OWN_PARTS[0], historyReport(where, histories));
}

async function benchRealPlan(nixpkgs: string, folder: string): Promise<void> {
  const [loadBefore = 0] = Deno.loadavg();
  const figures = await benchPlan({
    ...{ nixpkgs, folder, say, rounds: Number(options.iterations ?? 5) },
    module: options.module === undefined ? "{ }" : await Deno.readTextFile(options.module),
  });
  const [loadAfter = 0] = Deno.loadavg();
  const kind = executables === undefined ? "bundled, run by Deno" : "compiled executable";
  const where = `Nixpkgs: ${options.named[0] ?? nixpkgs.split("/").at(-1)}, as the channel of a ` +
    `scratch machine. Machine: ${await describeMachine()}. system-installer: ${kind}. ` +
    `Load average before and after: ${loadBefore.toFixed(1)}, ${loadAfter.toFixed(1)}.`;
  await writePart(OWN_PARTS[1], planReport(where, figures));
}

async function writePart(heading: string, part: string): Promise<void> {
  if (options.output !== undefined) {
    const old = await Deno.readTextFile(options.output);
    await Deno.writeTextFile(options.output, withPart(old, heading, part));
  }
  await Deno.stdout.write(new TextEncoder().encode(part));
}

const partial = options.only !== undefined || options.sizes !== undefined ||
  options.networks !== undefined || options["peers-only"] || options.quick ||
  options.changes !== "0,5,50,500,install";
const sizes = (options.sizes ?? (options.quick ? "small" : "small,large")).split(",");
const networks = (options.networks ?? (options.quick ? "fast,slow" : "fast,slow,tls")).split(",");
const changes = options.changes.split(",").map((text) => text === "install" ? text : Number(text));
const wants = (part: string) => options.only === undefined || options.only === part;

const output = options.output ??
  (partial ? undefined : new URL("../../docs/benchmarks.md", import.meta.url).pathname);

/** The whole benchmark, or what was asked for of it. */
async function benchGenerated(folder: string): Promise<void> {
  const tool = options["peers-only"] ? undefined : await findTool();
  const head = {
    machine: await describeMachine(),
    tool: tool?.kind ?? "not measured",
    rounds: sizes.map(roundsText).join(" "),
  };
  const [loadBefore = 0] = Deno.loadavg();
  const before = output !== undefined && existsSync(output) ? Deno.readTextFileSync(output) : "";
  const scenarios: Scenario[] = [];
  const local: LocalFigures[] = [];
  let startup: StartupFigures | undefined;
  /** The report so far: a run that is stopped leaves what it has measured. */
  const written = async (complete = false) => {
    const [loadAfter = 0] = Deno.loadavg();
    const load = `Load average before and after: ${loadBefore.toFixed(1)}, ${
      loadAfter.toFixed(1)
    }.`;
    const text = report({ ...head, load, complete }, { scenarios, local, startup });
    if (output !== undefined) {
      await Deno.writeTextFile(output, withPartsOf(text, before));
    }
    return text;
  };
  if (tool && wants("startup")) startup = await benchStartup(tool.command, folder, 21);
  const gigetCli = wants("network") && changes.includes("install")
    ? await installGiget(folder)
    : undefined;
  for (const size of wants("network") || wants("local") ? sizes : []) {
    say(`generating the ${size} repository`);
    const repository = await sizedRepository(`${folder}/${size}.git`, SIZES[size]!, [5, 50, 500]);
    const shared = { repository, folder: `${folder}/${size}` };
    const givenUp = new Map<string, string>();
    // The targets are for many files; with a thousand only the start of the program is measured.
    if (tool && wants("local") && (size === "large" || options.only === "local")) {
      const { command } = tool;
      local.push(await benchLocal({ ...shared, tool: command, iterations: LOCAL_ROUNDS }));
      await written();
    }
    for (const network of networkKinds.filter(({ name }) => networks.includes(name))) {
      if (!wants("network") || size === "large" && network.tls) continue;
      const scenariosHere = benchNetwork({
        ...shared,
        network,
        changes,
        rounds: (change) => rounds(size, network.name, change),
        givenUp,
        tool: tool?.command,
        gigetCli,
        say,
      });
      for await (const scenario of scenariosHere) {
        scenarios.push(scenario);
        await written();
      }
    }
  }
  await Deno.stdout.write(new TextEncoder().encode(await written(true)));
}

const folder = await Deno.makeTempDir({ prefix: "bench-" });
try {
  if (options.plan !== undefined) await benchRealPlan(options.plan, folder);
  else if (options.history === undefined) await benchGenerated(folder);
  else await benchRealHistories(options.history, folder);
} finally {
  await Deno.remove(folder, { recursive: true });
}
