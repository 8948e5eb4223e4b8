/** A first install by the archive of everything, which may be anything but what was asked for. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { packTar, type ParsedTarEntryWithData } from "modern-tar";
import { listIfExists, lstatIfExists } from "../../lib/machine/files/files.ts";
import { startTool } from "../support/executable.ts";
import type { Fault, FaultMatch } from "../support/github/faults.ts";
import { isRoot } from "../support/needs.ts";
import { git } from "../support/repositories.ts";
import { sizedRepository } from "../support/sized_repository.ts";
import { until } from "../support/until.ts";
import { commitListing, localListing, patience, SyncedMachine } from "../sync/synced_machine.ts";

/** The requests of a first install. */
const PHASES: Readonly<Record<string, FaultMatch>> = {
  "resolving over git": { role: "git", nth: 1 },
  "the link to the archive": { role: "web", path: "/archive/", nth: 1 },
  "the archive": { role: "codeload", nth: 1 },
  "the commit, or the folders, or the files over git": { role: "git", nth: 3 },
};
const FAULTS: Readonly<Record<string, Fault>> = {
  "status 500": { kind: "status", status: 500 },
  "status 404": { kind: "status", status: 404 },
  "a reset in mid-body": { kind: "reset", after: 2000 },
  "a body that is cut, length and all": { kind: "truncate", after: 1500, length: "short" },
  "a stall in mid-body": { kind: "stall", after: 1000 },
  "a stall before the answer": { kind: "stall" },
  "a flipped byte": { kind: "corrupt", at: 700 },
  "another content": { kind: "content", body: "{ not what was asked for" },
};

/** Takes the machine back to where nothing was ever synced. */
function forget(machine: SyncedMachine): void {
  Deno.removeSync(`${machine.root}/etc/hypervisor`, { recursive: true });
  Deno.removeSync(`${machine.root}/var/lib/hyper-nixos`, { recursive: true });
}

for (const [name, fault] of Object.entries(FAULTS)) {
  Deno.test(`smart-sync installs in spite of ${name}, whichever request it meets`, async () => {
    await using machine = await SyncedMachine.start();
    const { second } = machine.repository;
    for (const where of Object.values(PHASES)) {
      machine.server.faults.set([{ match: where, fault }]);
      await machine.expect(0, [], patience(fault));
      await machine.expectCommit(second);
      forget(machine);
    }
  });
}

Deno.test("smart-sync installs the commit that the ref was when it asked, whatever the archive is", async () => {
  await using machine = await SyncedMachine.start();
  const { first, second, branch } = machine.repository;
  for (const match of [{ role: "git", nth: 1 }, { role: "web", nth: 1 }] as const) {
    await machine.server.repository("owner/awkward").updateRef("refs/heads/main", second);
    for (const when of ["before", "after"] as const) {
      const fault: Fault = { kind: "move-ref", ref: "refs/heads/main", to: branch, when };
      machine.server.faults.set([{ match, fault }]);
      await machine.expect(0);
      const commit = machine.stateCommit;
      ok(commit === second || commit === branch);
      await machine.expectCommit(commit);
      forget(machine);
    }
  }
  // A link that leads to the archive of quite another commit.
  machine.server.faults.set([{
    match: { role: "web", path: "/archive/" },
    fault: {
      kind: "redirect",
      location: `${machine.server.apart.codeload}/owner/awkward/tar.gz/${first}`,
    },
  }]);
  await machine.expect(0, ["--ref", second]);
  await machine.expectCommit(second);
});

/** Serves a tar archive, gzipped. */
async function serveArchive(
  entries: ParsedTarEntryWithData[],
): Promise<Deno.HttpServer<Deno.NetAddr>> {
  const tar = await packTar(entries);
  const gzipped = new Blob([tar]).stream().pipeThrough(new CompressionStream("gzip"));
  const body = await new Response(gzipped).arrayBuffer();
  return Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response(body),
  );
}

function entry(
  name: string,
  content = "",
  header: Partial<ParsedTarEntryWithData["header"]> = {},
): ParsedTarEntryWithData {
  const data = new TextEncoder().encode(content);
  return {
    header: { name: `top/${name}`, size: data.length, type: "file", mode: 0o644, ...header },
    data,
  };
}

const folder = { type: "directory", mode: 0o755, size: 0 } as const;

const ARCHIVES: Readonly<Record<string, readonly ParsedTarEntryWithData[]>> = {
  "paths that lead out of the tree": [
    entry("../outside", "x"),
    entry("a/../../outside", "x"),
    entry("/etc/outside", "x"),
    entry("flake.nix", "not the flake"),
  ],
  "a link and a file behind it": [
    entry("nix", "", { type: "symlink", linkname: "../../..", size: 0 }),
    entry("nix/outside", "x"),
  ],
  "a hard link to a file outside": [
    entry("flake.nix", "", { type: "link", linkname: "/etc/passwd", size: 0 }),
  ],
  "a file that is a folder, too": [
    entry("nix", "", folder),
    entry("nix/host.nix", "x"),
    entry("nix", "x"),
    entry("flake.nix", "x"),
    entry("flake.nix/x", "x"),
    entry("flake.nix", "y"),
  ],
  "Git's own folder": [entry(".git", "", folder), entry(".git/config", "x")],
  "files and folders that the commit has not": [
    entry("nix", "", folder),
    entry("nix/deep", "", folder),
    entry("nix/deep/er", "", folder),
    entry("nix/deep/er/stray", "x"),
    entry("nix/stray", "x"),
    entry("stray", "x"),
    entry("empty-folder", "", folder),
  ],
  "no folder before its files": [entry("one/two/three", "x"), entry("nix/host.nix", "x")],
  "nothing": [],
};

for (const [name, entries] of Object.entries(ARCHIVES)) {
  Deno.test(`smart-sync makes the commit of an archive with ${name}`, async () => {
    await using machine = await SyncedMachine.start();
    const { second } = machine.repository;
    await using server = await serveArchive([entry("", "", folder), ...entries]);
    machine.server.faults.set([{
      match: { role: "web", path: "/archive/" },
      fault: { kind: "redirect", location: `http://127.0.0.1:${server.addr.port}/x.tar.gz` },
    }]);
    await machine.expect(0);
    await machine.expectCommit(second);
    for (const path of ["etc/hypervisor/outside", "etc/outside", "outside", "etc/stray"]) {
      equal(lstatIfExists(`${machine.root}/${path}`), undefined, path);
    }
  });
}

Deno.test("smart-sync keeps of a wrong archive what is right in it, with the commit's permissions", async () => {
  await using machine = await SyncedMachine.start();
  const { second, directory } = machine.repository;
  const content = await git(directory, ["show", `${second}:scripts/plain.sh`]);
  const flake = await git(directory, ["show", `${second}:flake.nix`]);
  await using server = await serveArchive([
    entry("", "", folder),
    entry("flake.nix", flake),
    entry("scripts", "", folder),
    // Right, but not executable.
    entry("scripts/plain.sh", content, { mode: 0o644 }),
  ]);
  machine.server.faults.set([{
    match: { role: "web", path: "/archive/" },
    fault: { kind: "redirect", location: `http://127.0.0.1:${server.addr.port}/x.tar.gz` },
  }]);
  const { stdout } = await machine.expect(0, ["--verbose"]);
  match(stdout, /transport +archive, then git files/);
  await machine.expectCommit(second);
  equal(Deno.statSync(`${machine.tree}/scripts/plain.sh`).mode! & 0o777, 0o755);
});

/** So many files that they are written in another thread. */
async function manyFiles(machine: SyncedMachine): Promise<{ commit: string; directory: string }> {
  const directory = `${machine.directory}/many.git`;
  const size = { files: 5000, bytes: 300, shape: "packages", seed: 5 } as const;
  const { base } = await sizedRepository(directory, size, []);
  machine.server.add({ owner: "owner", name: "many", directory });
  return { commit: base, directory };
}

Deno.test("smart-sync installs thousands of files, or leaves nothing when it is stopped or killed", async () => {
  await using machine = await SyncedMachine.start();
  const { commit, directory } = await manyFiles(machine);
  const env = { ...machine.env, HYPERVISOR_REPO: "owner/many", HYPERVISOR_TIMEOUT: "30" };
  for (const [signal, code] of [["SIGTERM", 143], ["SIGKILL", 137]] as const) {
    machine.server.faults.set([{
      match: { role: "codeload" },
      fault: { kind: "stall", after: 1e6 },
    }]);
    await using running = startTool("smart-sync", [], { root: machine.root, env });
    await until("the other thread writes", () => stagedFiles(machine) > 2500 || undefined);
    running.kill(signal);
    equal((await running.result).code, code);
    if (signal === "SIGTERM") deepEqual(beside(machine), []);
    machine.server.faults.clear();
  }
  await machine.expect(0, [], { env });
  deepEqual(localListing(machine.tree), await commitListing(directory, commit));
  deepEqual(beside(machine), [".src-previous", "src"]);
});

Deno.test({
  name: "smart-sync says that the disk is full when another thread finds that out",
  ignore: !isRoot,
  fn: async () => {
    await using machine = await SyncedMachine.start();
    const { commit, directory } = await manyFiles(machine);
    const env = { HYPERVISOR_REPO: "owner/many" };
    const folder = `${machine.root}/etc/hypervisor`;
    await Deno.mkdir(folder);
    const mount = async (...args: string[]) => {
      const { success, stderr } = await new Deno.Command("mount", { args: [...args, folder] })
        .output();
      ok(success, new TextDecoder().decode(stderr));
    };
    await mount("-t", "tmpfs", "-o", "nr_inodes=6000,mode=755", "tmpfs");
    try {
      const { stderr } = await machine.expect(1, [], { env });
      match(stderr, /the disk is full/);
      deepEqual(beside(machine), []);
      await mount("-o", "remount,nr_inodes=20000");
      await machine.expect(0, [], { env });
      deepEqual(localListing(machine.tree), await commitListing(directory, commit));
    } finally {
      await new Deno.Command("umount", { args: [folder] }).output();
    }
  },
});

/** What is in the folder of the source tree. */
function beside(machine: SyncedMachine): string[] {
  return listIfExists(`${machine.root}/etc/hypervisor`);
}

/** How many packages have a folder in the staging folder so far, two files in each. */
function stagedFiles(machine: SyncedMachine): number {
  const [staging] = beside(machine);
  const top = `${machine.root}/etc/hypervisor/${staging}/new/pkgs/by-name`;
  return listIfExists(top).reduce(
    (sum, name) => sum + 2 * listIfExists(`${top}/${name}`).length,
    0,
  );
}
