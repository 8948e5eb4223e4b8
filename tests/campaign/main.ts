/** The fault campaign: `deno task campaign -- --minutes N`. See HELP. */
import { parseArgs } from "node:util";
import { executables } from "../support/launch.ts";
import { campaign, type CampaignOptions } from "./campaign.ts";
import { KINDS } from "./kind.ts";
import { missingRequirements } from "./requirements.ts";

const HELP = `Usage: deno task campaign -- [OPTIONS]

Runs the executables on random scratch machines, through random upstream histories, local
edits, faults of network and disk, signals, tools that run at once, a user without rights who
exchanges files meanwhile, and mounted disks that a stranger made, and checks after every run
what the toolkit promises: the source tree is one commit or the other, no edit is lost,
nothing outside the owned folders changes (bytes, mode, owner, time), no secret can be read
by others or is printed or logged, no temporary file, process or lock is left, receipts are
settled, --undo gives back every byte, exit codes are the documented ones, nothing that is
printed steers a terminal. Runs HYPERVISOR_TEST_EXECUTABLES, else the source.

Options:
  --minutes N    go on for so long (default: 5)
  --runs N       go on for so many cases instead
  --seed N       run exactly the case of this seed
  --from N       first seed of many (default: drawn)
  --kind NAMES   only these kinds, with commas: ${KINDS.map(({ name }) => name).join(", ")}
  --keep         keep what failed cases made, and the case of --seed, to look at
  --verbose      tell what happens in every case
  -h, --help     show this help

Seeds are printed before each case. The same seed makes the same machine, history, edits
and faults, and strace(1) delivers signals and failing system calls at the same call of the
same kind; which thread comes to it first, what is killed by the clock ("after N ms") and
tools that run at once are as the machine's load has it. Run such a seed several times.

Exit codes: 0 every promise was kept, 1 one was broken, 4 invalid arguments.
`;

function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}

function options(): CampaignOptions | undefined {
  const { values } = parseArgs({
    // `deno task NAME -- --help` hands the dashes on.
    args: Deno.args[0] === "--" ? Deno.args.slice(1) : Deno.args,
    options: {
      minutes: { type: "string", default: "5" },
      runs: { type: "string" },
      seed: { type: "string" },
      from: { type: "string" },
      kind: { type: "string" },
      keep: { type: "boolean", default: false },
      verbose: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return undefined;
  const names = values.kind?.split(",");
  const unknown = names?.find((name) => !KINDS.some((kind) => kind.name === name));
  if (unknown !== undefined) throw new TypeError(`--kind ${unknown} is unknown`);
  const seed = number("--seed", values.seed);
  return {
    minutes: number("--minutes", values.minutes)!,
    cases: seed === undefined ? number("--runs", values.runs) : 1,
    seed,
    from: number("--from", values.from) ?? Math.floor(Math.random() * 1e8),
    kinds: names,
    keep: values.keep,
    verbose: values.verbose || seed !== undefined,
    print,
  };
}

function number(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d+(\.\d+)?$/.test(text)) throw new TypeError(`${name} ${text} is not a number`);
  return Number(text);
}

try {
  const chosen = options();
  if (chosen === undefined) {
    print(HELP);
    Deno.exit(0);
  }
  print(`campaign of ${executables ? `the executables in ${executables}` : "the source"}\n`);
  for (const line of missingRequirements()) print(`SKIPPING: ${line}\n`);
  Deno.exit(await campaign(chosen) ? 0 : 1);
} catch (error) {
  if (!(error instanceof TypeError)) throw error;
  print(`${error.message}\nsee deno task campaign -- --help\n`);
  Deno.exit(4);
}
