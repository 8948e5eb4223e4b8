/** The scenes of the README's pictures: the tools in a real terminal, on machines that stand still. */
import { launch } from "../support/launch.ts";
import { randomNumbers } from "../support/source_text.ts";
import { makeSource } from "../support/source.ts";
import { scratchMachine } from "../support/scratch_machine.ts";
import { standIns } from "../support/stand_ins.ts";
import { openTerminal, type Terminal } from "../support/terminal.ts";
import { denoDirectory } from "./deno_directory.ts";
import { findGround } from "./ground.ts";
import type { PictureOptions } from "./picture.ts";
import { makeWorld } from "./world.ts";

const COLUMNS = 80;
/** More than any scene has, so that nothing scrolls. */
const ROWS = 300;

/** A rented server, planned by its root over SSH. Needs root, Nix and ip(8). */
export async function planScene(): Promise<PictureOptions> {
  using machine = scratchMachine("rented");
  using programs = standIns();
  const folder = await Deno.makeTempDir({ prefix: "pictures-" });
  await Deno.chmod(folder, 0o755);
  try {
    makeSource(`${folder}/Hyper-NixOS`);
    using start = launch("system-installer", ["--dry-run", "--source", "Hyper-NixOS"], {
      inside: machine.root,
      standIns: programs.folder,
      cwd: folder,
      env: { SSH_CONNECTION: "198.51.100.7 50022 203.0.113.42 2222" },
    });
    const [card] = machine.facts.hardware.cards;
    await using terminal = await openTerminal({
      ...start,
      ...ownNetwork(start, card!.name, card!.ipv4),
      columns: COLUMNS,
      rows: ROWS,
    });
    return {
      title: "The plan of an installation, as system-installer --dry-run shows it in a terminal",
      description: "What the machine is, who its users are, which files would be made, and the " +
        "proofs that it can be reached again afterwards: the SSH server, its port, addresses, " +
        "keys and disks.",
      columns: COLUMNS,
      frames: [{
        command: "system-installer --dry-run",
        screen: await finalScreen(terminal),
      }],
      folds: [
        { after: /^ {2}networking\.domain/, before: /^$/ },
        { after: /^ {2}\/etc\/hypervisor\/configuration\/hardware-local/, before: /^$/ },
      ],
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/**
 * A machine whose owner edited a file, synced from a server at the end of a slow line: in the middle of it
 * and at its end.
 */
export async function syncScene(): Promise<PictureOptions> {
  await using world = await makeWorld(false);
  const ground = await findGround(world, await denoDirectory(), false);
  await finish(ground.launch("smart-sync", []));
  const tree = world.machine.host("/etc/hypervisor/src");
  const edited = "nix/module/virtualisation.nix";
  await Deno.writeTextFile(`${tree}/${edited}`, "# my own note\n", { append: true });
  await world.push("Pictures", [
    { path: edited, content: `${world.text(edited)}# Reviewed.\n` },
    { path: "LICENSE", deleted: true },
    ...Array.from({ length: 60 }, (_, index) => ({
      path: `docs/pictures/${index}.svg`,
      content: noise(index),
    })),
  ]);
  world.server.faults.add(
    { role: "git", path: "git-upload-pack" },
    { kind: "slow", bytesPerSecond: 100_000 },
  );
  using start = ground.launch("smart-sync", []);
  await using terminal = await openTerminal({ ...start, columns: COLUMNS, rows: ROWS });
  await terminal.waitFor(/█{6}/);
  const during = await terminal.colouredScreen();
  return {
    title: "A sync in a terminal: smart-sync while it receives, and what it says at its end",
    description:
      "A progress bar, then a table of what was checked, added, updated and deleted, and " +
      "the folder that keeps a local edit which was replaced.",
    columns: COLUMNS,
    frames: [
      { command: "sudo smart-sync", screen: during },
      { command: "sudo smart-sync", screen: await finalScreen(terminal), later: true },
    ],
  };
}

/** The screen once the program has ended well, without what tmux says below it. */
async function finalScreen(terminal: Terminal): Promise<string> {
  const code = await terminal.exitCode();
  const screen = await terminal.colouredScreen();
  if (code !== 0) throw new Error(`the scene ended with exit code ${code}\n${screen}`);
  return screen.replace(/\n[^\n]*Pane is dead[^\n]*$/, "").trimEnd();
}

/** Wraps a command so that it has a network of its own, with one card that has these addresses. */
function ownNetwork(
  { command, args }: { readonly command: string; readonly args: readonly string[] },
  card: string,
  addresses: readonly string[],
): { command: string; args: string[] } {
  const script = [
    `ip link add ${card} type veth peer name other`,
    ...addresses.map((address) => `ip address add ${address} dev ${card}`),
    `ip link set ${card} up`,
    'exec "$@"',
  ].join(" && ");
  return { command: "unshare", args: ["-n", "sh", "-c", script, "sh", command, ...args] };
}

async function finish(start: ReturnType<typeof launch>): Promise<void> {
  using _start = start;
  const { success, stderr } = await new Deno.Command(start.command, {
    args: [...start.args],
    env: { ...start.env },
    clearEnv: true,
    cwd: start.cwd,
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}

/** Text that cannot be compressed much, the same each time. */
function noise(seed: number): string {
  const random = randomNumbers(seed);
  return Array.from({ length: 800 }, () => random().toString(36).slice(2)).join("\n");
}
