import assert from "node:assert/strict";
import fc from "fast-check";
import { applySteps, revertSteps } from "../../lib/install/apply.ts";
import { applyStep } from "../../lib/install/apply_step.ts";
import { revertStep } from "../../lib/install/undo/revert_step.ts";
import { readReceipts, type Receipt, writeReceipt } from "../../lib/machine/receipt.ts";
import { listSource } from "../../lib/install/source/source_listing.ts";
import type { Step } from "../../lib/install/step.ts";
import { ensureStateFolder } from "../../lib/machine/state_folder.ts";
import { testContext } from "../support/context.ts";
import { newReceipt } from "../support/receipt.ts";
import { diffTrees, snapshotTree } from "../support/tree.ts";

/** A machine's root with some files, and a source beside it. */
function machine(): { root: string; source: string } & Disposable {
  const folder = Deno.makeTempDirSync();
  const root = `${folder}/root`;
  const source = `${folder}/source`;
  Deno.mkdirSync(`${root}/etc/nixos`, { recursive: true });
  Deno.mkdirSync(`${root}/var/lib`, { recursive: true });
  for (const path of [root, `${root}/var`, `${root}/var/lib`]) Deno.chmodSync(path, 0o755);
  Deno.writeTextFileSync(`${root}/etc/nixos/configuration.nix`, "{ }\n");
  Deno.mkdirSync(`${source}/nix`, { recursive: true });
  Deno.writeTextFileSync(`${source}/flake.nix`, "{ }\n");
  Deno.writeTextFileSync(`${source}/nix/host.nix`, "{ }\n", { mode: 0o755 });
  Deno.symlinkSync("flake.nix", `${source}/link`);
  return {
    root,
    source,
    [Symbol.dispose]: () => Deno.removeSync(folder, { recursive: true }),
  };
}

/** A machine with its state folder, and what is seen of it before anything is applied. */
function prepared() {
  const scratch = machine();
  const ctx = testContext({ root: scratch.root });
  ensureStateFolder(ctx);
  return { ...scratch, ctx, before: seen(scratch.root) };
}

function steps(source: string): Step[] {
  const at = "/etc/hypervisor";
  return [
    { kind: "directory", id: "d", title: "make", why: "a test", path: at, mode: 0o755 },
    {
      kind: "tree",
      id: "t",
      title: "copy",
      why: "a test",
      path: `${at}/src`,
      source: listSource(source, () => true),
    },
    {
      kind: "secret",
      id: "s",
      title: "keep",
      why: "a test",
      path: "/var/lib/hyper-nixos/passwords/a",
      mode: 0o600,
      content: "$6$x\n",
    },
    {
      kind: "file",
      id: "f",
      title: "write",
      why: "a test",
      path: `${at}/host.json`,
      mode: 0o644,
      content: "{}\n",
    },
    {
      kind: "link",
      id: "l",
      title: "link",
      why: "a test",
      path: "/etc/nixos/flake.nix",
      target: `${at}/src/flake.nix`,
    },
  ];
}

/** What a user sees of the machine: everything but the toolkit's own state folder. */
function seen(root: string) {
  return snapshotTree(root, { ignore: [/^var\/lib\/hyper-nixos(\/|$)/], times: true });
}

Deno.test("applySteps() applies all, and revertSteps() gives back every byte, mode and time", async () => {
  using scratch = machine();
  Deno.mkdirSync(`${scratch.root}/etc/hypervisor/src`, { recursive: true, mode: 0o750 });
  Deno.writeTextFileSync(`${scratch.root}/etc/hypervisor/src/old.txt`, "old\n", { mode: 0o640 });
  Deno.writeTextFileSync(`${scratch.root}/etc/hypervisor/host.json`, "mine\n", { mode: 0o600 });
  Deno.utimeSync(`${scratch.root}/etc/hypervisor/host.json`, 1_700_000_000, 1_700_000_000);
  Deno.symlinkSync("../elsewhere/flake.nix", `${scratch.root}/etc/nixos/flake.nix`);
  const ctx = testContext({ root: scratch.root });
  ensureStateFolder(ctx);
  const before = seen(scratch.root);
  const done = newReceipt();

  await applySteps(ctx, done, steps(scratch.source));

  assert.equal(done.state, "applied");
  assert.equal(Deno.readTextFileSync(`${scratch.root}/etc/hypervisor/src/flake.nix`), "{ }\n");
  assert.equal(
    Deno.statSync(`${scratch.root}/etc/hypervisor/src/nix/host.nix`).mode! & 0o777,
    0o755,
  );
  assert.equal(Deno.statSync(`${scratch.root}/etc/hypervisor/src/flake.nix`).mode! & 0o777, 0o644);
  assert.equal(
    Deno.readLinkSync(`${scratch.root}/etc/nixos/flake.nix`),
    "/etc/hypervisor/src/flake.nix",
  );
  const secret = Deno.statSync(`${scratch.root}/var/lib/hyper-nixos/passwords/a`);
  assert.equal(secret.mode! & 0o777, 0o600);
  assert.doesNotMatch(
    Deno.readTextFileSync(`${scratch.root}/var/lib/hyper-nixos/receipts/${done.id}.json`),
    /\$6\$x/,
  );

  assert.deepEqual(revertSteps(ctx, done, "undoing", "undone"), []);

  assert.equal(diffTrees(before, seen(scratch.root)), "");
  assert.throws(() => Deno.statSync(`${scratch.root}/var/lib/hyper-nixos/passwords/a`));
});

Deno.test("applySteps() reverts everything when any step fails", async () => {
  const count = steps(Deno.cwd()).length;
  for (let broken = 1; broken < count; broken++) {
    using scratch = prepared();
    const { ctx, before } = scratch;
    // A folder where a file belongs cannot be replaced: the step fails for real.
    const list = steps(scratch.source).map((step, index) =>
      index === broken ? { ...failing(scratch.root), id: step.id } : step
    );
    const expected = seen(scratch.root);
    const done = newReceipt();
    await assert.rejects(applySteps(ctx, done, list), /is a folder, where a file belongs/);
    assert.equal(diffTrees(expected, seen(scratch.root)), "", `step ${broken}`);
    assert.equal(readReceipts(ctx)[0]?.state, "reverted");
    assert.notEqual(diffTrees(before, expected), "");
  }
});

function failing(root: string): Step {
  Deno.mkdirSync(`${root}/etc/in-the-way/of-it`, { recursive: true });
  return {
    kind: "file",
    id: "x",
    title: "fail",
    why: "a test",
    path: "/etc/in-the-way",
    mode: 0o644,
    content: "",
  };
}

Deno.test("applySteps() reverts when a signal arrives between steps", async () => {
  using scratch = prepared();
  const { ctx, before } = scratch;
  const applied = applySteps(ctx, newReceipt(), steps(scratch.source));
  ctx.abort(new Error("stopped by SIGINT"));
  await assert.rejects(applied, /SIGINT/);
  assert.equal(diffTrees(before, seen(scratch.root)), "");
});

Deno.test("applyStep() changes nothing the second time, and undoing still gives the first state back", async () => {
  using scratch = prepared();
  const { ctx, before } = scratch;
  const done = newReceipt();
  await applySteps(ctx, done, steps(scratch.source));
  const applied = snapshotTree(scratch.root, { ignore: [/receipts/] });
  for (const step of steps(scratch.source)) await applyStep(ctx, done, step);
  assert.equal(diffTrees(applied, snapshotTree(scratch.root, { ignore: [/receipts/] })), "");
  revertSteps(ctx, done, "undoing", "undone");
  assert.equal(diffTrees(before, seen(scratch.root)), "");
});

Deno.test("revertSteps() keeps what the owner changed since, and says where", async () => {
  using scratch = prepared();
  const { ctx, before } = scratch;
  const done = newReceipt();
  await applySteps(ctx, done, steps(scratch.source));
  Deno.writeTextFileSync(`${scratch.root}/etc/hypervisor/host.json`, "edited\n");
  Deno.writeTextFileSync(`${scratch.root}/etc/hypervisor/src/added.nix`, "mine\n");
  const kept = revertSteps(ctx, done, "undoing", "undone");
  assert.equal(diffTrees(before, seen(scratch.root)), "");
  assert.deepEqual(kept.length, 2);
  const contents = kept.map((path) =>
    Deno.statSync(scratch.root + path).isDirectory
      ? Deno.readTextFileSync(`${scratch.root}${path}/added.nix`)
      : Deno.readTextFileSync(scratch.root + path)
  );
  assert.deepEqual(contents.sort(), ["edited\n", "mine\n"]);
});

Deno.test("a receipt cut off at any write can be reverted", async () => {
  // Every receipt that was ever on disk is what a kill could have left: replay each.
  await fc.assert(
    fc.asyncProperty(fc.nat({ max: 40 }), async (cut) => {
      using scratch = prepared();
      const { ctx, before } = scratch;
      const done = newReceipt();
      const place = `${scratch.root}/var/lib/hyper-nixos/receipts/${done.id}.json`;
      let writes = 0;
      const cutting = new Proxy(done, {
        get(target, member) {
          // JSON.stringify asks for toJSON first: that is a receipt about to be written.
          if (member === "toJSON" && ++writes > cut) throw new CutOff();
          return Reflect.get(target, member);
        },
      });
      await assert.rejects(
        applyAll(ctx, cutting, steps(scratch.source)).then(() => {
          throw new CutOff();
        }),
        CutOff,
      );
      const left = Deno.readTextFileSync(place);
      const found = readReceipts(ctx)[0]!;
      revertSteps(ctx, found, "reverting", "reverted");
      assert.equal(diffTrees(before, seen(scratch.root)), "", `cut ${cut}: ${left}`);
    }),
    { numRuns: 45 },
  );
});

class CutOff extends Error {}

/** Without the reverting that applySteps does: a killed process reverts nothing. */
async function applyAll(ctx: ReturnType<typeof testContext>, record: Receipt, list: Step[]) {
  writeReceipt(ctx, { ...record });
  for (const step of list) await applyStep(ctx, record, step);
}

Deno.test("a backup that is not what was saved is not put back, and what is there stays", async () => {
  using at = machine();
  const ctx = testContext({ root: at.root });
  ensureStateFolder(ctx);
  const record = newReceipt();
  const path = "/etc/nixos/configuration.nix";
  const step: Step = {
    kind: "file",
    id: "f",
    title: "write",
    why: "a test",
    path,
    mode: 0o644,
    content: "new\n",
  };
  await applyStep(ctx, record, step);
  const { before } = record.steps[0]!;
  assert.ok(before?.kind === "file" && before.backup !== null);
  Deno.writeTextFileSync(at.root + before.backup, "{ \0");
  assert.throws(() => revertStep(ctx, record, record.steps[0]!), /is not what was saved/);
  assert.equal(Deno.readTextFileSync(at.root + path), "new\n");
  Deno.writeTextFileSync(at.root + before.backup, "{ }\n");
  revertStep(ctx, record, record.steps[0]!);
  assert.equal(Deno.readTextFileSync(at.root + path), "{ }\n");
});
