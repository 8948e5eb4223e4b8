/**
 * The whole toolkit in a minute, on a machine that does not exist:
 *
 *     deno task demo [--keep] [--mounted]
 *
 * Needs Linux and git; neither root nor Nix. Ends with 1 when something did not end as the story says.
 */
import { parseArgs } from "node:util";
import { hasCommand } from "../support/has_command.ts";
import { denoDirectory } from "./deno_directory.ts";
import { findGround } from "./ground.ts";
import { Narrator } from "./narrator.ts";
import { Interrupted, Player } from "./player.ts";
import { StoryError } from "./story_error.ts";
import { tell } from "./story.ts";
import { makeWorld, type World } from "./world.ts";

const TOOLS = ["dev-update", "rebuild-helper", "smart-sync", "system-installer", "validator"];

const HELP = `Usage: deno task demo [--keep] [--mounted]

Plays the whole story of the toolkit on a scratch machine below /tmp, in less than a
minute: install, sync, a saved local edit, a fault found and mended, a rebuild that
fails and the way back, undo. Every command is really run and shows its real output.

The five tools run as "deno run -A cmd/NAME.ts", or as the compiled executables in
HYPERVISOR_TEST_EXECUTABLES. GitHub is a server of the demo's own over a real git
repository; Nix, NixOS's and systemd's programs are stand-ins.

  --keep     leave the scratch machine, and say where it is
  --mounted  let the tools see it as a mounted machine, as where there are no namespaces
  --help     show this

Needs Linux and git. Needs neither root nor Nix, and changes nothing outside its folder.
`;

async function main(): Promise<number> {
  const args = Deno.args[0] === "--" ? Deno.args.slice(1) : Deno.args;
  let options: { keep: boolean; mounted: boolean };
  try {
    const { values } = parseArgs({
      args,
      options: {
        keep: { type: "boolean", default: false },
        mounted: { type: "boolean", default: false },
        help: { type: "boolean", short: "h" },
      },
    });
    if (values.help) return say(HELP, 0);
    options = values;
  } catch (error) {
    return say(`${error instanceof Error ? error.message : error}\n\n${HELP}`, 4);
  }
  if (Deno.build.os !== "linux") return say("The tools are for Linux, and so is this demo.\n", 2);
  if (!hasCommand("git")) {
    return say("The demo needs git, for the repository that it syncs from.\n", 2);
  }
  // A person's umask may let the group write; nothing of root's would be so.
  Deno.umask(0o022);
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    Deno.addSignalListener(signal, () => stop.abort());
  }
  const narrator = new Narrator();
  narrator.say("Preparing a scratch machine …");
  await fetchDependencies();
  await using world = await makeWorld(options.keep);
  const code = await play(world, narrator, stop.signal, options.mounted);
  if (options.keep) sayWhatIsKept(world, narrator);
  return code;
}

async function play(
  world: World,
  narrator: Narrator,
  signal: AbortSignal,
  mounted: boolean,
): Promise<number> {
  const started = Date.now();
  try {
    const ground = await findGround(world, await denoDirectory(), mounted);
    const player = new Player(ground, narrator, signal);
    introduce(world, player);
    await tell(world, player);
    narrator.heading(ground.running ? 8 : 7, "What you saw");
    for (const text of player.seen) narrator.saw(true, text);
  } catch (error) {
    if (error instanceof Interrupted) return 130;
    // Nobody reads on, as behind head(1): 128 + the number of SIGPIPE.
    if (error instanceof Deno.errors.BrokenPipe) return 141;
    if (!(error instanceof StoryError)) throw error;
    narrator.line();
    narrator.saw(false, error.message);
    return 1;
  }
  const seconds = Math.round((Date.now() - started) / 1000);
  narrator.line();
  narrator.say(
    `All of it in ${seconds} seconds. Next: "deno task try" plans an install of this ` +
      "machine and changes nothing; README.md has the commands for a real one.",
  );
  return 0;
}

function introduce({ machine }: World, { ground, narrator }: Player): void {
  narrator.line();
  narrator.say(
    `The machine: "${machine.facts.hostName}", a NixOS PC of alice and bob, in ${machine.root}. ` +
      ground.words,
  );
  narrator.say(
    "Real: the five tools, git, the files and everything they say. Stand-ins: GitHub is a server " +
      "of this demo on 127.0.0.1; nix gives the answers that Nix gave when they were recorded; " +
      "nixos-rebuild, systemctl and switch-to-configuration are scripts that start no service.",
  );
  if (!ground.running) narrator.command(`export HYPERVISOR_ROOT=${machine.root}`);
}

function sayWhatIsKept({ folder, machine, upstream }: World, narrator: Narrator): void {
  narrator.say(
    `Kept: ${machine.root} (the machine) and ${upstream} (what GitHub had). Look around with ` +
      `HYPERVISOR_ROOT=${machine.root}; remove both with: rm -rf ${folder}`,
  );
}

/** Fetches the npm packages that the tools need, where they are not there yet. */
async function fetchDependencies(): Promise<void> {
  const tool = (name: string) => new URL(`../../cmd/${name}.ts`, import.meta.url).pathname;
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["cache", "--quiet", ...TOOLS.map(tool)],
  }).output();
  if (!success) throw new Error(`deno cache: ${new TextDecoder().decode(stderr)}`);
}

function say(text: string, code: number): number {
  const stream = code === 0 ? Deno.stdout : Deno.stderr;
  stream.writeSync(new TextEncoder().encode(text));
  return code;
}

Deno.exit(await main());
