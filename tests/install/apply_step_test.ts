import { deepEqual, equal, match, notEqual, rejects } from "node:assert/strict";
import { applyStep, isStepDone } from "../../lib/install/apply_step.ts";
import type { Step } from "../../lib/install/step.ts";
import { revertStep } from "../../lib/install/undo/revert_step.ts";
import { listSource } from "../../lib/install/source/source_listing.ts";
import { readReceipts, type Receipt, writeReceipt } from "../../lib/machine/receipt.ts";
import { ensureStateFolder } from "../../lib/machine/state_folder.ts";
import { ToolError } from "../../lib/machine/tool_error.ts";
import { testContext } from "../support/context.ts";
import { mustRun } from "../support/must_run.ts";
import { isRoot } from "../support/needs.ts";
import { newReceipt } from "../support/receipt.ts";
import { type ScratchEntry, withScratch } from "../support/scratch_files.ts";
import { diffTrees, snapshotTree } from "../support/tree.ts";

interface Machine {
  readonly root: string;
  readonly ctx: ReturnType<typeof testContext>;
  readonly receipt: Receipt;
  readonly apply: (step: Step) => Promise<void>;
  readonly revert: () => string[];
  /** Everything but what the toolkit keeps for itself. */
  readonly seen: () => ReturnType<typeof snapshotTree>;
}

function withMachine(
  files: Readonly<Record<string, ScratchEntry>>,
  test: (machine: Machine) => Promise<void>,
): Promise<void> {
  return withScratch({ "var/lib/": "", "etc/": "", ...files }, async (root) => {
    for (const path of ["", "/var", "/var/lib"]) Deno.chmodSync(root + path, 0o755);
    const ctx = testContext({ root });
    ensureStateFolder(ctx);
    const receipt = newReceipt();
    writeReceipt(ctx, receipt);
    await test({
      root,
      ctx,
      receipt,
      apply: (step) => applyStep(ctx, receipt, step),
      revert: () =>
        receipt.steps.toReversed().flatMap((record) => revertStep(ctx, receipt, record)),
      seen: () => snapshotTree(root, { ignore: [/^var\/lib\/hyper-nixos(\/|$)/], times: true }),
    });
  });
}

const common = { id: "one", title: "do", why: "a test" };
const file = (path: string, content: string, mode = 0o644): Step => ({
  ...common,
  kind: "file",
  path,
  content,
  mode,
});

/** What people have in a place where an installation writes a file. */
const PRESENT: Readonly<Record<string, ScratchEntry>> = {
  "text": "{ a = 1; }\n",
  "not text": new Uint8Array([0xff, 0xfe, 0x00, 0x80]),
  "with a byte order mark": "\ufeff{ }\n",
  "nothing in it": "",
  "a link to another file": { link: "/etc/other" },
  "a link that leads nowhere": { link: "../persist/none" },
};

for (const [name, entry] of Object.entries(PRESENT)) {
  Deno.test(`applyStep() replaces ${name}, and reverting gives it back, to the byte and the time`, async () => {
    const there: Readonly<Record<string, ScratchEntry>> = { "etc/x": entry, "etc/other": "kept" };
    await withMachine(there, async ({ root, apply, revert, seen }) => {
      if (typeof entry === "string" || entry instanceof Uint8Array) {
        Deno.chmodSync(`${root}/etc/x`, 0o4750);
        Deno.utimeSync(`${root}/etc/x`, 1_000_000_000.123, 1_000_000_000.123);
      }
      const before = seen();
      await apply(file("/etc/x", "{ }\n"));
      deepEqual(new TextDecoder().decode(Deno.readFileSync(`${root}/etc/x`)), "{ }\n");
      equal(Deno.lstatSync(`${root}/etc/x`).isFile, true);
      equal(Deno.lstatSync(`${root}/etc/x`).mode! & 0o7777, 0o644);
      equal(Deno.readTextFileSync(`${root}/etc/other`), "kept", "no link is written through");
      deepEqual(revert(), []);
      equal(diffTrees(before, seen()), "");
    });
  });
}

Deno.test({
  name: "applyStep() gives a replaced file back to whom it belonged",
  ignore: !isRoot,
  fn: () =>
    withMachine({ "etc/x": "hers" }, async ({ root, apply, revert }) => {
      Deno.chownSync(`${root}/etc/x`, 1000, 100);
      await apply(file("/etc/x", "ours"));
      equal(Deno.statSync(`${root}/etc/x`).uid, 0);
      revert();
      const { uid, gid } = Deno.statSync(`${root}/etc/x`);
      deepEqual([uid, gid], [1000, 100]);
    }),
});

Deno.test("a step that is done is left alone: not written again, and not undone", async () => {
  await withMachine({ "etc/x": "same", "etc/link": { link: "/a" } }, async (machine) => {
    const { root, ctx, apply, revert, receipt, seen } = machine;
    Deno.chmodSync(`${root}/etc/x`, 0o644);
    const steps: Step[] = [
      file("/etc/x", "same"),
      { ...common, id: "two", kind: "link", path: "/etc/link", target: "/a" },
      { ...common, id: "three", kind: "remove", path: "/etc/none" },
      { ...common, id: "four", kind: "directory", path: "/etc", mode: 0o700 },
    ];
    const before = seen();
    const inode = Deno.statSync(`${root}/etc/x`).ino;
    for (const step of steps) {
      equal(isStepDone(ctx, step), true, step.kind);
      await apply(step);
    }
    equal(Deno.statSync(`${root}/etc/x`).ino, inode);
    deepEqual(receipt.steps.map(({ state }) => state), Array(4).fill("unchanged"));
    revert();
    equal(diffTrees(before, seen()), "");
  });
});

Deno.test("a file that others could read counts as done only with its mode", async () => {
  await withMachine({ "etc/x": "secret" }, async ({ root, ctx, apply }) => {
    const step: Step = {
      ...common,
      kind: "secret",
      path: "/etc/x",
      content: "secret",
      mode: 0o600,
    };
    for (const mode of [0o644, 0o640, 0o4600]) {
      Deno.chmodSync(`${root}/etc/x`, mode);
      equal(isStepDone(ctx, step), false);
    }
    await apply(step);
    equal(Deno.statSync(`${root}/etc/x`).mode! & 0o7777, 0o600);
  });
});

Deno.test("a second run with other content backs up what was there before the first", async () => {
  await withMachine({ "etc/x": "the owner's" }, async ({ root, apply, revert }) => {
    await apply(file("/etc/x", "first"));
    await apply(file("/etc/x", "second"));
    equal(Deno.readTextFileSync(`${root}/etc/x`), "second");
    deepEqual(revert(), []);
    equal(Deno.readTextFileSync(`${root}/etc/x`), "the owner's");
  });
});

Deno.test("an edit between two runs is kept, and named", async () => {
  await withMachine({ "etc/x": "the owner's" }, async ({ root, ctx, apply, revert }) => {
    await apply(file("/etc/x", "first"));
    Deno.writeTextFileSync(`${root}/etc/x`, "edited by hand");
    await apply(file("/etc/x", "second"));
    const [said] = ctx.messages("info").filter((line) => line.includes("kept in"));
    const kept = said!.replace(/.*kept in /, "");
    equal(Deno.readTextFileSync(ctx.root.host(kept)), "edited by hand");
    revert();
    equal(Deno.readTextFileSync(`${root}/etc/x`), "the owner's");
  });
});

Deno.test("what is in a step's way is refused before the receipt says that anything is done", async () => {
  const source = Deno.makeTempDirSync();
  try {
    Deno.writeTextFileSync(`${source}/flake.nix`, "{ }");
    const tree: Step = {
      ...common,
      kind: "tree",
      path: "/etc/x",
      source: listSource(source, () => true),
    };
    const folder: Step = { ...common, kind: "directory", path: "/etc/x", mode: 0o755 };
    const plants: [Step, string, (path: string) => void][] = [
      [file("/etc/x", ""), "a folder", (path) => Deno.mkdirSync(path)],
      [file("/etc/x", ""), "a pipe", (path) => mustRun("mkfifo", [path])],
      [folder, "a symbolic link", (path) => Deno.symlinkSync("/tmp", path)],
      [folder, "a file", (path) => Deno.writeTextFileSync(path, "")],
      [tree, "a file", (path) => Deno.writeTextFileSync(path, "")],
      [tree, "a symbolic link", (path) => Deno.symlinkSync("/tmp", path)],
    ];
    for (const [step, what, plant] of plants) {
      await withMachine({}, async ({ root, ctx, apply, receipt, seen }) => {
        plant(`${root}/etc/x`);
        const before = seen();
        await rejects(apply(step), (error) => {
          match((error as ToolError).message, new RegExp(`/etc/x is ${what}, where a `));
          return error instanceof ToolError;
        });
        equal(diffTrees(before, seen()), "");
        for (const { steps } of [receipt, ...readReceipts(ctx)]) {
          for (const { state } of steps) equal(state, "pending");
        }
      });
    }
  } finally {
    Deno.removeSync(source, { recursive: true });
  }
});

Deno.test("a file whose folder is a file is refused, and the folder's way is followed inside the root", async () => {
  await withMachine({
    "etc/file": "",
    "persist/nixos/": "",
    "etc/nixos": { link: "/persist/nixos" },
  }, async ({ root, apply, revert, receipt }) => {
    await rejects(apply(file("/etc/file/x", "")), /\/etc\/file is not a folder/);
    await rejects(apply(file("/etc/none/x", "")), /\/etc\/none is not a folder/);
    receipt.steps.length = 0;
    await apply(file("/etc/nixos/x", "inside"));
    equal(Deno.readTextFileSync(`${root}/persist/nixos/x`), "inside");
    revert();
    deepEqual([...Deno.readDirSync(`${root}/persist/nixos`)], []);
  });
});

Deno.test("the receipt holds no content of a secret, and not what would tell it", async () => {
  await withMachine({ "etc/x": "old hash" }, async ({ root, apply, receipt, revert }) => {
    const step: Step = { ...common, kind: "secret", path: "/etc/x", content: "hash", mode: 0o600 };
    await apply(step);
    const [record] = receipt.steps;
    equal(record!.after, null);
    equal(record!.before?.kind === "file" && record!.before.sha256, null);
    const folder = `${root}/var/lib/hyper-nixos/receipts`;
    const texts = [...Deno.readDirSync(folder)]
      .map(({ name }) => Deno.readTextFileSync(`${folder}/${name}`));
    notEqual(texts.length, 0);
    for (const text of texts) equal(text.includes('hash"'), false);
    revert();
    equal(Deno.readTextFileSync(`${root}/etc/x`), "old hash");
  });
});
