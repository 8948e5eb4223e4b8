/** The story of the demo, chapter by chapter. Every chapter ends with something that was looked at. */
import { unowned } from "../e2e/installer.ts";
import { git } from "../support/repositories.ts";
import { diffTrees, snapshotTree } from "../support/tree.ts";
import { commitListing, localListing } from "../sync/synced_machine.ts";
import type { Player } from "./player.ts";
import type { World } from "./world.ts";

const TREE = "/etc/hypervisor/src";
const EDITED = "nix/module/virtualisation.nix";
const NOTE = "# my own note";

/**
 * What undoing leaves on purpose: the source tree that smart-sync changed since the installation, beside
 * the toolkit's own records.
 */
const KEPT = [...unowned, /^etc\/hypervisor(\/src\.[^/]*\.changed(\/.*)?)?$/];

/** Plays the whole story; throws StoryError where it goes another way. */
export async function tell(world: World, player: Player): Promise<void> {
  const before = snapshotTree(world.machine.root, { ignore: KEPT, times: true });
  await install(world, player);
  await sync(world, player);
  await localEdit(world, player);
  await fault(world, player);
  await failedRebuild(world, player);
  if (player.ground.running) await failedActivation(world, player);
  await undo(world, player, before);
}

async function install(world: World, player: Player): Promise<void> {
  const { narrator, ground } = player;
  narrator.heading(1, "Install Hyper-NixOS on a machine that runs already");
  narrator.say("The plan comes first; with --yes it is applied without a question.");
  await player.shell("git clone --quiet --depth 1 https://github.com/MasterofNull/Hyper-NixOS");
  const action = ground.running ? "switch" : "build";
  const configuration = world.machine.read("/etc/nixos/configuration.nix");
  await player.tool("system-installer", [
    "--source",
    "Hyper-NixOS",
    "--action",
    action,
    "--yes",
  ]);
  const { machine } = world;
  player.see(
    await isCommit(world, world.first) &&
      machine.read("/etc/nixos/configuration.nix") === configuration &&
      machine.exists("/etc/hypervisor/configuration/host.json"),
    "Installed: the owner's own configuration is the base, and none of its files was touched.",
  );
}

async function sync(world: World, player: Player): Promise<void> {
  player.narrator.heading(2, "GitHub gets a commit; smart-sync fetches what differs");
  const commit = await world.push("Guests: how to give one a bridge", [
    { path: "docs/guests.md", content: "# Guests\n\nA bridge is declared in local.nix.\n" },
    { path: "README.md", content: `${world.text("README.md")}\nSee docs/guests.md.\n` },
    { path: "nix/generic_host.nix", content: `${world.text("nix/generic_host.nix")}# Reviewed.\n` },
  ]);
  await showCommit(world, player);
  await player.tool("smart-sync", []);
  player.see(
    await isCommit(world, commit),
    `Synced: ${fileCount(world)} files were compared with the commit; all are equal.`,
  );
}

async function localEdit(world: World, player: Player): Promise<void> {
  const { narrator, ground } = player;
  narrator.heading(3, "Somebody edited a file here, and upstream changes it too");
  const file = ground.path(`${TREE}/${EDITED}`);
  await player.shell(`echo '${NOTE}' >> ${file}`);
  const commit = await world.push("Virtualisation: a comment", [
    { path: EDITED, content: `${world.text(EDITED)}# Upstream's note.\n` },
  ]);
  await showCommit(world, player);
  await player.tool("smart-sync", []);
  const backups = ground.path("/var/lib/hyper-nixos/backups");
  await player.shell(`grep -rn '${NOTE}' ${backups}`);
  player.see(
    await isCommit(world, commit),
    "The tree is the new commit, and the edit is in the backup: nothing is lost.",
  );
}

async function fault(world: World, player: Player): Promise<void> {
  const { narrator, ground } = player;
  narrator.heading(4, "Something is wrong; validator finds it and mends it");
  narrator.say("Everybody can write the folder of the modules that make this machine:");
  const path = "/etc/hypervisor/configuration";
  await player.shell(`chmod 0777 ${ground.path(path)}`);
  await player.tool("validator", ["--fix", "--quick", "--yes"]);
  const mode = Deno.statSync(world.machine.host(path)).mode! & 0o777;
  player.see(
    mode === 0o755,
    "Found and mended: root alone can write there again.",
  );
}

async function failedRebuild(world: World, player: Player): Promise<void> {
  const { narrator, ground } = player;
  narrator.heading(5, "An update that cannot be built, and the way back");
  const good = await world.server.repository("MasterofNull/Hyper-NixOS").commit("main");
  const host = world.text("nix/host.nix").replace(
    "imports = [ ./module ]",
    'imports = throw "this module was forgotten"',
  );
  await world.push("A new module (which nobody tried)", [{ path: "nix/host.nix", content: host }]);
  await showCommit(world, player);
  const runs = systemOf(world);
  const action = ground.running ? [] : ["--rebuild-action", "build"];
  await player.tool("dev-update", [...action, "--yes"], 6);
  player.see(systemOf(world) === runs, "The update failed before anything was activated.");
  await player.tool("smart-sync", ["--rollback"]);
  await player.tool("rebuild-helper", ["build"]);
  player.see(
    await isCommit(world, good!),
    "The previous sources are back, and they build.",
  );
  await world.reset(good!);
}

async function failedActivation(world: World, player: Player): Promise<void> {
  const { narrator } = player;
  narrator.heading(6, "A system that builds, but does not come up");
  narrator.say(
    "The stand-in for switch-to-configuration is told to fail, as a service would make it.",
  );
  await world.push("A comment", [
    { path: "nix/host.nix", content: `${world.text("nix/host.nix")}# Tried by nobody.\n` },
  ]);
  const [runs, boots] = [systemOf(world), bootOf(world)];
  world.machine.write("/run/standin-activation/exit-test", "2\n");
  await player.tool("dev-update", ["--yes"], 1);
  Deno.removeSync(world.machine.host("/run/standin-activation/exit-test"));
  player.see(
    systemOf(world) === runs && bootOf(world) === boots,
    "What the machine boots is the system that worked before.",
  );
  narrator.say("The fault is gone; the same command goes on where it stopped.");
  await player.tool("dev-update", ["--yes"]);
  await player.tool("rebuild-helper", ["--rollback", "--yes"]);
  player.see(
    systemOf(world) === runs,
    "Back to the previous generation, without a build or a network.",
  );
}

async function undo(
  world: World,
  player: Player,
  before: ReturnType<typeof snapshotTree>,
): Promise<void> {
  player.narrator.heading(player.ground.running ? 7 : 6, "Take the whole installation back");
  await player.tool("system-installer", ["--undo", "--yes"]);
  const after = snapshotTree(world.machine.root, { ignore: KEPT, times: true });
  const difference = diffTrees(before, after);
  if (difference !== "") player.narrator.say(difference);
  player.see(
    difference === "",
    `Undone: ${before.size} files, folders and links are as before the installation, byte for byte.`,
  );
}

async function showCommit(world: World, player: Player): Promise<void> {
  const format = ["show", "--stat=72", "--format=%h %s", "main"];
  player.narrator.line();
  player.narrator.say("On GitHub:");
  player.narrator.line(await git(world.upstream, format));
}

/** Whether the source tree is a commit, byte for byte and mode for mode. */
async function isCommit(world: World, commit: string): Promise<boolean> {
  const here = localListing(world.machine.host(TREE));
  const there = await commitListing(world.upstream, commit);
  return here.join("\n") === there.join("\n");
}

function fileCount(world: World): number {
  return localListing(world.machine.host(TREE)).length;
}

function systemOf(world: World): string {
  return Deno.readLinkSync(world.machine.host("/run/current-system"));
}

/** What the next boot starts. */
function bootOf(world: World): string {
  return Deno.readLinkSync(world.machine.host("/nix/var/nix/profiles/system"));
}
