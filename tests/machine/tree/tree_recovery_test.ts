import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { createStaging, sourceTree } from "../../../lib/machine/tree/source_tree.ts";
import {
  decideChange,
  draftJournal,
  type Operation,
  staged,
} from "../../../lib/machine/tree/tree_journal.ts";
import {
  discardChange,
  hasInterruptedChange,
  recoverSourceTree,
} from "../../../lib/machine/tree/tree_recovery.ts";
import { ToolError } from "../../../lib/machine/tool_error.ts";
import { type TestContext, testContext } from "../../support/context.ts";
import { type ScratchEntry, withScratch } from "../../support/scratch_files.ts";
import { diffTrees, snapshotTree } from "../../support/tree.ts";

const STATE = "var/lib/hyper-nixos/sync/state.json";

function withTree(
  files: Readonly<Record<string, ScratchEntry>>,
  test: (ctx: TestContext, root: string) => Promise<void>,
): Promise<void> {
  const all = { "var/lib/": "", "etc/hypervisor/src/file": "old", ...files };
  return withScratch(all, async (root) => {
    for (const path of ["", "/etc", "/etc/hypervisor", "/var", "/var/lib"]) {
      Deno.chmodSync(root + path, 0o755);
    }
    await test(testContext({ root }), root);
  });
}

/** Stages a new content of `file`, and a state. */
function stage(ctx: TestContext, content: string): { staging: string; operations: Operation[] } {
  const tree = sourceTree(ctx);
  const staging = createStaging(ctx, tree);
  Deno.mkdirSync(staged.new(staging));
  Deno.mkdirSync(staged.previousTree(staging), { recursive: true });
  Deno.writeTextFileSync(`${staged.new(staging)}/file`, content);
  Deno.linkSync(`${tree.path}/file`, `${staged.previousTree(staging)}/file`);
  Deno.writeTextFileSync(staged.state(staging), `{"of":"${content}"}`);
  const operations: Operation[] = [{ do: "put", path: "file" }];
  return { staging, operations };
}

function decide(ctx: TestContext, content: string): string {
  const { staging, operations } = stage(ctx, content);
  draftJournal(staging, operations);
  decideChange(staging);
  return staging;
}

const names = (folder: string) => [...Deno.readDirSync(folder)].map(({ name }) => name).sort();

Deno.test("recoverSourceTree() of a whole tree does nothing, and says nothing", async () => {
  await withTree({ [STATE]: "{}" }, async (ctx, root) => {
    const before = snapshotTree(root, { times: true });
    equal(hasInterruptedChange(ctx), false);
    deepEqual(await recoverSourceTree(ctx), { finished: 0, discarded: 0 });
    equal(diffTrees(before, snapshotTree(root, { times: true })), "");
    deepEqual(ctx.lines, []);
  });
  await withScratch({}, async (root) => {
    deepEqual(await recoverSourceTree(testContext({ root })), { finished: 0, discarded: 0 });
    deepEqual(names(root), [], "not even where nothing is installed");
  });
});

Deno.test("recoverSourceTree() finishes what was decided and discards the rest, all of it", async () => {
  await withTree({ [STATE]: "before" }, async (ctx, root) => {
    stage(ctx, "never decided");
    decide(ctx, "new");
    Deno.writeTextFileSync(`${root}/var/lib/hyper-nixos/sync/.state.json.0123abcd.tmp`, "half");
    ok(hasInterruptedChange(ctx));
    deepEqual(await recoverSourceTree(ctx), { finished: 1, discarded: 1 });
    equal(Deno.readTextFileSync(`${root}/etc/hypervisor/src/file`), "new");
    equal(Deno.readTextFileSync(`${root}/${STATE}`), '{"of":"new"}');
    deepEqual(names(`${root}/etc/hypervisor`), [".src-previous", "src"]);
    deepEqual(names(`${root}/var/lib/hyper-nixos/sync`), ["state.json"]);
    // The way back is that of the last change, and of no earlier one.
    decide(ctx, "newer");
    await recoverSourceTree(ctx);
    equal(Deno.readTextFileSync(`${root}/etc/hypervisor/.src-previous/tree/file`), "new");
    deepEqual(names(`${root}/etc/hypervisor`), [".src-previous", "src"]);
  });
});

Deno.test("a change whose state cannot be written is taken back whole, and the state with it", async () => {
  // A folder is where the index belongs; what is in it keeps it from being replaced.
  const index = "var/lib/hyper-nixos/sync/index/in/the/way";
  await withTree({ [STATE]: "before", [index]: "x" }, async (ctx, root) => {
    const staging = decide(ctx, "new");
    Deno.writeTextFileSync(staged.index(staging), "index");
    const before = snapshotTree(root, { ignore: [/staging/] });
    await rejects(recoverSourceTree(ctx));
    equal(diffTrees(before, snapshotTree(root)), "");
    equal(hasInterruptedChange(ctx), false);
  });
});

Deno.test("a change whose state is in place already is not taken back when it is done again, but finished later", async () => {
  await withTree({ [STATE]: "before" }, async (ctx, root) => {
    const staging = decide(ctx, "new");
    // A run was ended when only the way back was left to be put in its place.
    Deno.renameSync(`${staged.new(staging)}/file`, `${root}/etc/hypervisor/src/file`);
    Deno.removeSync(`${root}/${STATE}`);
    Deno.linkSync(staged.state(staging), `${root}/${STATE}`);
    // The next one meets something else.
    Deno.writeTextFileSync(staged.index(staging), "index");
    Deno.mkdirSync(`${root}/var/lib/hyper-nixos/sync/index/below`, { recursive: true });
    await rejects(recoverSourceTree(ctx), /stopped half-way/);
    const file = () => Deno.readTextFileSync(`${root}/etc/hypervisor/src/file`);
    deepEqual([file(), Deno.readTextFileSync(`${root}/${STATE}`)], ["new", '{"of":"new"}']);
    ok(hasInterruptedChange(ctx));
    Deno.removeSync(`${root}/var/lib/hyper-nixos/sync/index`, { recursive: true });
    deepEqual(await recoverSourceTree(ctx), { finished: 1, discarded: 0 });
    deepEqual([file(), Deno.readTextFileSync(`${root}/${STATE}`)], ["new", '{"of":"new"}']);
  });
});

Deno.test("a damaged journal is told with a line that removes it and nothing else, whatever it is called", async () => {
  await withTree({}, async (ctx, root) => {
    const folder = `${root}/etc/hypervisor`;
    const evil = `${folder}/.src-staging-$(touch pwned); touch pwned`;
    Deno.mkdirSync(evil, { mode: 0o700 });
    Deno.writeTextFileSync(staged.journal(evil), "{");
    let hint = "";
    await rejects(recoverSourceTree(ctx), (error) => {
      ok(error instanceof ToolError && error.code === 6);
      hint = error.hint ?? "";
      return true;
    });
    match(hint, /: rm -r .* && smart-sync --force-full --root \/\S+$/);
    const typed = hint.replace(/^.*?: (?=rm -r )/, "").replace(/ && smart-sync.*/, "");
    await new Deno.Command("sh", { args: ["-c", typed], cwd: folder }).output();
    deepEqual(names(folder), ["src"], typed);
  });
});

Deno.test("discardChange() takes the backup with it, and leaves a change that was decided", async () => {
  const backup = "/var/lib/hyper-nixos/backups/sync-2026-12-01T000000";
  await withTree({
    [`${backup.slice(1)}/edit`]: "kept for a change",
    "var/lib/hyper-nixos/backups/other": "not ours",
  }, async (ctx, root) => {
    const { staging } = stage(ctx, "new");
    for (const named of ["/var/lib/hyper-nixos/backups/../backups/other", "/etc", `${backup}/..`]) {
      Deno.writeTextFileSync(staged.backup(staging), named);
      const before = snapshotTree(root, { ignore: [/staging/] });
      const again = `${root}/etc/hypervisor/.src-staging-again`;
      Deno.mkdirSync(again);
      Deno.writeTextFileSync(staged.backup(again), named);
      await discardChange(ctx, again);
      equal(diffTrees(before, snapshotTree(root, { ignore: [/staging/] })), "", named);
    }
    Deno.writeTextFileSync(staged.backup(staging), backup);
    await discardChange(ctx, staging);
    deepEqual(names(`${root}/var/lib/hyper-nixos/backups`), ["other"]);
    const decided = decide(ctx, "newer");
    await discardChange(ctx, decided);
    ok(hasInterruptedChange(ctx));
  });
});
