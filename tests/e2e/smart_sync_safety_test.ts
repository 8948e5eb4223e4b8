/** What must never be lost or left half-done, seen through the executable. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { lstatIfExists } from "../../lib/machine/files/files.ts";
import { startTool } from "../support/executable.ts";
import { until } from "../support/until.ts";
import { hasSetpriv, isRoot } from "../support/needs.ts";
import { commit } from "../support/repositories.ts";
import { diffTrees, snapshotTree } from "../support/tree.ts";
import { localListing, SyncedMachine } from "../sync/synced_machine.ts";

Deno.test("smart-sync keeps replaced local edits in a backup and lists them", async () => {
  await using machine = await SyncedMachine.start();
  const { first, second } = machine.repository;
  await machine.expect(0, ["--ref", first]);
  const { tree } = machine;
  await Deno.writeTextFile(`${tree}/README.md`, "# Mine\n");
  await Deno.writeTextFile(`${tree}/deep/a/b/c/d/e/f/g.txt`, "mine\n");
  await Deno.writeTextFile(`${tree}/notes.txt`, "never upstream\n");
  await Deno.remove(`${tree}/crlf.txt`);
  const summary = await machine.summary();
  equal(summary.edited.join(), "README.md");
  equal(summary.kept.join(), "deep/a/b/c/d/e/f/g.txt");
  const backup = `${machine.root}${summary.backup}`;
  equal(await Deno.readTextFile(`${backup}/README.md`), "# Mine\n");
  equal(await Deno.readTextFile(`${tree}/deep/a/b/c/d/e/f/g.txt`), "mine\n");
  await machine.expectCommit(second, ["deep/", "notes.txt"]);
  // Going back brings the edit back, too.
  await machine.expect(0, ["--rollback"]);
  equal(await Deno.readTextFile(`${tree}/README.md`), "# Mine\n");
  equal(lstatIfExists(`${tree}/crlf.txt`), undefined);
  await machine.expectCommit(first, ["README.md", "crlf.txt", "deep/", "notes.txt"]);
});

Deno.test("smart-sync repairs the tree without a new commit", async () => {
  await using machine = await SyncedMachine.start();
  const { second } = machine.repository;
  await machine.expect(0);
  const { tree } = machine;
  await Deno.remove(`${tree}/long`, { recursive: true });
  await Deno.writeTextFile(`${tree}/binary.bin`, "broken");
  await Deno.chmod(`${tree}/flake.nix`, 0o600);
  await Deno.chmod(`${tree}/specials`, 0o700);
  const summary = await machine.summary();
  equal(summary.requests, 2);
  equal(summary.counts.modes, 1);
  await machine.expectCommit(second);
});

Deno.test("smart-sync writes nothing behind a folder that became a link", async () => {
  await using machine = await SyncedMachine.start();
  const { first, second } = machine.repository;
  for (const git of [true, false]) {
    machine.server.faults.clear();
    await machine.expect(0, ["--ref", first]);
    const outside = `${machine.directory}/outside-${git}`;
    for (const folder of ["scripts", "swap", "links"]) {
      await Deno.mkdir(`${outside}/${folder}`, { recursive: true });
      await Deno.writeTextFile(`${outside}/${folder}/file`, "outside\n");
      await Deno.remove(`${machine.tree}/${folder}`, { recursive: true });
      await Deno.symlink(`${outside}/${folder}`, `${machine.tree}/${folder}`);
    }
    if (!git) {
      machine.server.faults.set([{
        match: { role: "git" },
        fault: { kind: "status", status: 404 },
      }]);
    }
    const before = snapshotTree(outside, { times: true });
    const summary = await machine.summary();
    equal(diffTrees(before, snapshotTree(outside, { times: true })), "");
    equal(summary.edited.join(), "links,scripts,swap");
    await machine.expectCommit(second);
  }
});

Deno.test("smart-sync makes nothing before what was asked for is known to be good", async () => {
  await using machine = await SyncedMachine.start();
  const signers = `${machine.root}/none`;
  for (const args of [["--repo", "a"], ["--ref", "a..b"], ["--signed-by", signers]]) {
    await machine.expect(4, args);
    for (const path of ["etc/hypervisor", "var/lib/hyper-nixos"]) {
      equal(lstatIfExists(`${machine.root}/${path}`), undefined, `${path}: ${args.join(" ")}`);
    }
  }
});

Deno.test("smart-sync refuses a tree that is a link as a whole", async () => {
  await using machine = await SyncedMachine.start();
  await Deno.mkdir(`${machine.root}/etc/hypervisor`, { recursive: true });
  await Deno.mkdir(`${machine.root}/home`);
  await Deno.symlink("/home", machine.tree);
  const { stderr } = await machine.expect(6);
  match(stderr, /is a symbolic link/);
  equal([...Deno.readDirSync(`${machine.root}/home`)].length, 0);
});

Deno.test("smart-sync notices a change within the second in which it looked", async () => {
  await using machine = await SyncedMachine.start();
  const { second } = machine.repository;
  await machine.expect(0);
  const path = `${machine.tree}/crlf.txt`;
  const { mtime, atime, size } = await Deno.stat(path);
  for (let run = 0; run < 3; run++) {
    // Same size, same times, same inode: only reading it tells.
    await Deno.writeTextFile(path, "x".repeat(size));
    await Deno.utime(path, atime!, mtime!);
    equal((await machine.summary()).edited.join(), "crlf.txt");
    await machine.expectCommit(second);
  }
});

Deno.test("smart-sync is not misled by a clock that went backwards", async () => {
  await using machine = await SyncedMachine.start();
  const { first, second } = machine.repository;
  await machine.expect(0, ["--ref", first]);
  const future = new Date(Date.now() + 86_400_000);
  for (const line of localListing(machine.tree)) {
    const path = `${machine.tree}/${line.split("\t")[1]}`;
    if (!Deno.lstatSync(path).isSymlink) await Deno.utime(path, future, future);
  }
  await machine.expect(0);
  await machine.expectCommit(second);
  const path = `${machine.tree}/crlf.txt`;
  await Deno.writeTextFile(path, "y".repeat(Deno.statSync(path).size));
  await Deno.utime(path, future, future);
  equal((await machine.summary()).edited.join(), "crlf.txt");
});

Deno.test("smart-sync never takes another repository or a commit without a host silently", async () => {
  await using machine = await SyncedMachine.start();
  machine.server.add({ owner: "other", name: "fork", directory: machine.repository.directory });
  const { first, noHost } = machine.repository;
  await machine.expect(0, ["--ref", first]);
  const other = await machine.expect(6, [], { env: { HYPERVISOR_REPO: "other/fork" } });
  match(other.stderr, /the tree came from owner\/awkward/);
  const useless = await machine.expect(6, ["--ref", "no-host"]);
  match(useless.stderr, /cannot build this host: it has no nix\/host\.nix/);
  await machine.expectCommit(first);
  await machine.expect(0, ["--ref", "no-host", "--repo", "other/fork"]);
  await machine.expectCommit(noHost);
  // From now on that is the tree's own repository.
  equal(
    (await machine.summary(["--check-only"], { env: { HYPERVISOR_REPO: undefined } })).repository,
    "other/fork",
  );
});

Deno.test("smart-sync refuses a commit of the other layout by name, on an installation also with --repo", async () => {
  await using machine = await SyncedMachine.start();
  const { first, directory } = machine.repository;
  const published = await commit(directory, {
    ref: "refs/heads/published",
    from: first,
    changes: [
      { path: "nix", deleted: true },
      { path: "configuration.nix", content: "{ }\n" },
      { path: "flake.lock", content: "{ }\n" },
      { path: "modules/core.nix", content: "{ }\n" },
    ],
  });
  const noLock = await commit(directory, {
    ref: "refs/heads/no-lock",
    from: published,
    changes: [{ path: "flake.lock", deleted: true }],
  });
  await machine.expect(0, ["--ref", first]);
  const other = await machine.expect(6, ["--ref", "published"]);
  match(other.stderr, /it is of the published layout .*, the host of the native layout/);
  match(other.stderr, /system-installer --undo/);
  await machine.expectCommit(first);
  // Without an installation it is only a tree, and may be changed over.
  await machine.expect(0, ["--ref", "published", "--repo", "owner/awkward"]);
  await machine.expectCommit(published);
  const noPin = await machine.expect(6, ["--ref", "no-lock"]);
  match(noPin.stderr, /cannot build this host: it has no flake\.lock/);
  const record = { version: 2, hostName: "a", system: "x86_64-linux", base: null, tools: null };
  const folder = `${machine.root}/etc/hypervisor/configuration`;
  await Deno.mkdir(folder);
  await Deno.writeTextFile(
    `${folder}/host.json`,
    JSON.stringify({ ...record, layout: "published" }),
  );
  const back = await machine.expect(6, ["--ref", first, "--repo", "owner/awkward"]);
  match(back.stderr, /it is of the native layout .*, the host of the published layout/);
  await Deno.remove(folder, { recursive: true });
  await machine.expectCommit(published);
  await machine.expect(0, ["--ref", noLock, "--repo", "owner/awkward"]);
  await machine.expectCommit(noLock);
});

Deno.test("smart-sync writes nothing with --check-only and --dry-run", async () => {
  await using machine = await SyncedMachine.start();
  const { first, second } = machine.repository;
  const empty = snapshotTree(machine.root, { times: true });
  const fresh = await machine.summary(["--check-only"]);
  equal(fresh.changed, true);
  equal(diffTrees(empty, snapshotTree(machine.root, { times: true })), "");
  await machine.expect(0, ["--ref", first]);
  const before = snapshotTree(machine.root, { times: true });
  for (const option of ["--check-only", "--dry-run"]) {
    const summary = await machine.summary([option]);
    equal(summary.commit, second);
    equal(summary.changed, true);
    equal(summary.counts.added, 4);
    ok(summary.deleted.includes("deep/a/b/c/d/e/f/g.txt"));
    equal(diffTrees(before, snapshotTree(machine.root, { times: true })), "");
  }
  const { stdout } = await machine.expect(0, ["--dry-run"]);
  match(stdout, /^~ README\.md$/m);
  match(stdout, /^- case\/Name\.txt$/m);
  match(stdout, /^\+ case\/name\.txt$/m);
});

Deno.test({
  name: "smart-sync needs root only for what writes",
  ignore: !hasSetpriv,
  fn: async () => {
    await using machine = await SyncedMachine.start();
    const { first } = machine.repository;
    await machine.expect(0, ["--ref", first]);
    await Deno.chmod(machine.directory, 0o755);
    const other = { uid: 65534 };
    match((await machine.expect(3, [], other)).stderr, /needs root/);
    equal((await machine.summary(["--check-only"], other)).changed, true);
    equal((await machine.summary(["--check-only", "--ref", first], other)).changed, false);
    const unnamed = { ...other, env: { HYPERVISOR_REPO: undefined } };
    const { stderr } = await machine.sync(["--check-only"], unnamed);
    match(stderr, /only root may read which repository .* MasterofNull\/Hyper-NixOS, the default/);
    await machine.expectCommit(first);
  },
});

Deno.test({
  name: "smart-sync survives a full disk while staging and while applying",
  ignore: !isRoot,
  fn: async () => {
    await using machine = await SyncedMachine.start();
    const { first, second } = machine.repository;
    const folder = `${machine.root}/etc/hypervisor`;
    await Deno.mkdir(folder);
    await mount(folder, "size=4m,mode=755");
    try {
      await machine.expect(0, ["--ref", first]);
      const big = crypto.getRandomValues(new Uint8Array(65_536));
      const changes = Array.from({ length: 80 }, (_, i) => ({ path: `big/${i}`, content: big }));
      const large = await commit(machine.repository.directory, {
        ref: "refs/heads/large",
        from: second,
        changes,
      });
      const { stderr } = await machine.expect(1, ["--ref", "large"]);
      match(stderr, /the disk is full/);
      await machine.expectCommit(first);
      // Few inodes left: staging works up to some step, whichever it is.
      for (let inodes = 60; inodes < 200; inodes += 9) {
        await mount(folder, `remount,size=60m,nr_inodes=${inodes}`);
        const { code } = await machine.sync(["--ref", "large"]);
        if (code === 0) break;
        equal(code, 1);
        await machine.expectCommit(first);
      }
      await mount(folder, "remount,nr_inodes=1000");
      await machine.expect(0, ["--ref", "large"]);
      await machine.expectCommit(large);
    } finally {
      await new Deno.Command("umount", { args: [folder] }).output();
    }
  },
});

Deno.test({
  name: "smart-sync says that the tree is read-only",
  ignore: !isRoot,
  fn: async () => {
    await using machine = await SyncedMachine.start();
    const { first } = machine.repository;
    await machine.expect(0, ["--ref", first]);
    const folder = `${machine.root}/etc/hypervisor`;
    await new Deno.Command("mount", { args: ["--bind", folder, folder] }).output();
    try {
      await mount(folder, "remount,bind,ro", []);
      match((await machine.expect(3)).stderr, /read-only/);
      equal((await machine.summary(["--check-only"])).changed, true);
    } finally {
      await new Deno.Command("umount", { args: [folder] }).output();
    }
    await machine.expectCommit(first);
  },
});

Deno.test("smart-sync leaves the machine to the one who holds the lock", async () => {
  await using machine = await SyncedMachine.start();
  const { second } = machine.repository;
  const held = Promise.withResolvers<void>();
  machine.server.faults.set([
    { match: { role: "git", nth: 1 }, fault: { kind: "held", until: held.promise } },
  ]);
  await using slow = startTool("smart-sync", ["--verbose"], {
    root: machine.root,
    env: { ...machine.env, HYPERVISOR_TIMEOUT: "100" },
  });
  const lock = `${machine.root}/run/hyper-nixos.lock`;
  await until("it asks", () => machine.server.requests.find(({ role }) => role === "git"));
  await until(
    "it holds the lock",
    () => lstatIfExists(lock) && /\d/.test(Deno.readTextFileSync(lock)) || undefined,
  );
  const { stderr } = await machine.expect(1);
  match(stderr, /another tool is changing this machine/);
  held.resolve();
  equal((await slow.result).code, 0);
  await machine.expectCommit(second);
});

Deno.test("smart-sync reverts and leaves nothing when it is told to stop", async () => {
  await using machine = await SyncedMachine.start();
  const { first } = machine.repository;
  await machine.expect(0, ["--ref", first]);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    machine.server.requests.length = 0;
    machine.server.faults.set([{
      match: { role: "git", nth: 2 },
      fault: { kind: "stall", after: 10 },
    }]);
    await using running = startTool("smart-sync", [], {
      root: machine.root,
      env: { ...machine.env, HYPERVISOR_TIMEOUT: "20" },
    });
    await until("it asks twice", () => machine.server.requests.at(1));
    running.kill(signal);
    equal((await running.result).code, { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }[signal]);
    await machine.expectCommit(first);
  }
});

async function mount(folder: string, options: string, type = ["-t", "tmpfs"]): Promise<void> {
  const source = type.length > 0 ? ["tmpfs"] : [];
  const { success, stderr } = await new Deno.Command("mount", {
    args: [...type, "-o", options, ...source, folder],
  }).output();
  ok(success, new TextDecoder().decode(stderr));
}

Deno.test({
  name:
    "smart-sync gives back to root what another user owns in the tree, content unchanged or not",
  ignore: !isRoot,
  fn: async () => {
    await using machine = await SyncedMachine.start();
    await machine.expect(0);
    const commit = machine.stateCommit!;
    const owners = () =>
      [`${machine.tree}/README.md`, `${machine.tree}/scripts`].map((path) =>
        Deno.statSync(path).uid
      );
    for (const name of ["README.md", "scripts"]) {
      Deno.chownSync(`${machine.tree}/${name}`, 1000, 100);
    }
    await machine.expect(0);
    deepEqual(owners(), [0, 0]);
    await machine.expectCommit(commit);
  },
});

Deno.test("smart-sync that is refused leaves no folder behind", async () => {
  await using machine = await SyncedMachine.start();
  const ignore = [/^var\/log(\/|$)/];
  const before = snapshotTree(machine.root, { ignore });
  await machine.expect(6, ["--rollback"]);
  await machine.expect(4, ["--ref", "nowhere"]);
  equal(diffTrees(before, snapshotTree(machine.root, { ignore })), "");
  // A folder that was there stays.
  Deno.mkdirSync(`${machine.root}/etc/hypervisor`, { mode: 0o755 });
  await machine.expect(4, ["--ref", "nowhere"]);
  ok(lstatIfExists(`${machine.root}/etc/hypervisor`));
  await machine.expect(0);
  ok(lstatIfExists(`${machine.root}/var/lib/hyper-nixos/receipts`));
});
