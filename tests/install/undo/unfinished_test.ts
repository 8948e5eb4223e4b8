import { deepEqual, equal, match } from "node:assert/strict";
import { applyStep } from "../../../lib/install/apply_step.ts";
import { receiptNotes, settleUnfinished } from "../../../lib/install/undo/unfinished.ts";
import type { Step } from "../../../lib/install/step.ts";
import { readReceipts, type Receipt, writeReceipt } from "../../../lib/machine/receipt.ts";
import { ensureStateFolder } from "../../../lib/machine/state_folder.ts";
import { type TestContext, testContext } from "../../support/context.ts";
import { newReceipt } from "../../support/receipt.ts";
import { withScratch } from "../../support/scratch_files.ts";

const file = (name: string): Step => ({
  kind: "file",
  id: name,
  title: "write",
  why: "a test",
  path: `/etc/${name}`,
  content: `new ${name}`,
  mode: 0o644,
});

interface Machine {
  readonly ctx: TestContext;
  readonly receipt: Receipt;
  readonly text: (name: string) => string;
}

/** A machine on which `one` is written, `two` was being written, and `three` has not begun. */
function withHalf(
  answers: Readonly<Record<string, unknown>>,
  changes: Partial<Receipt>,
  test: (machine: Machine) => Promise<void>,
): Promise<void> {
  const files = { "etc/one": "old one", "etc/two": "old two", "etc/three": "old three" };
  return withScratch({ "var/lib/": "", ...files }, async (root) => {
    for (const path of ["", "/var", "/var/lib"]) Deno.chmodSync(root + path, 0o755);
    const ctx = testContext({ root, answers });
    ensureStateFolder(ctx);
    const receipt = newReceipt(changes);
    for (const name of ["one", "two"]) await applyStep(ctx, receipt, file(name));
    receipt.steps[1]!.state = "doing";
    receipt.steps.push({
      ...receipt.steps[1]!,
      id: "three",
      path: "/etc/three",
      state: "pending",
      before: null,
      after: null,
    });
    writeReceipt(ctx, receipt);
    await test({ ctx, receipt, text: (name) => Deno.readTextFileSync(`${root}/etc/${name}`) });
  });
}

const ALL = ["one", "two", "three"];
const OLD = ["old one", "old two", "old three"];

Deno.test("settleUnfinished() has nothing to settle after installations that came to an end", async () => {
  for (
    const state of ["applied", "built", "activating", "activated", "reverted", "undone"] as const
  ) {
    await withHalf({}, { state }, async ({ ctx, text }) => {
      equal(await settleUnfinished(ctx), undefined);
      deepEqual(ALL.map(text), ["new one", "new two", "old three"], state);
      deepEqual([...ctx.messages("warn"), ...ctx.messages("info")], []);
    });
  }
});

Deno.test("settleUnfinished() reverts where nobody is asked, also what was begun twice", async () => {
  for (
    const [state, end] of [
      ["applying", "reverted"],
      ["reverting", "reverted"],
      ["undoing", "undone"],
    ] as const
  ) {
    await withHalf({}, { state }, async ({ ctx, text, receipt }) => {
      equal(await settleUnfinished(ctx), undefined);
      deepEqual(ALL.map(text), OLD, state);
      deepEqual(readReceipts(ctx).map((one) => one.state), [end]);
      match(ctx.messages("warn")[0]!, new RegExp(`cut off while ${state} \\(2 steps begun\\)`));
      equal(await settleUnfinished(ctx), undefined, "once");
      deepEqual(readReceipts(ctx).map(({ id }) => id), [receipt.id]);
    });
  }
});

Deno.test("settleUnfinished() that is to finish takes back the half step alone", async () => {
  await withHalf({ "--yes": true }, {}, async ({ ctx, text }) => {
    const receipt = await settleUnfinished(ctx);
    deepEqual(ALL.map(text), ["new one", "old two", "old three"]);
    deepEqual(receipt?.steps.map(({ state }) => state), ["done", "reverted", "pending"]);
    for (const name of ALL) await applyStep(ctx, receipt!, file(name));
    deepEqual(ALL.map(text), ["new one", "new two", "new three"]);
  });
});

Deno.test("settleUnfinished() asks nothing once an installation is being taken back", async () => {
  for (const state of ["reverting", "undoing"] as const) {
    await withHalf({ "--yes": true }, { state }, async ({ ctx, text }) => {
      equal(await settleUnfinished(ctx), undefined);
      deepEqual(ALL.map(text), OLD);
    });
  }
});

Deno.test("settleUnfinished() keeps an edit made since the run was cut off, and names it, either way", async () => {
  for (const finish of [true, false]) {
    await withHalf({ "--yes": finish }, {}, async ({ ctx }) => {
      Deno.writeTextFileSync(ctx.root.host("/etc/two"), "edited since");
      await settleUnfinished(ctx);
      const said = ctx.messages("info").find((line) => line.includes("kept in"));
      const place = said?.replace(/.*kept in /, "") ?? "/none";
      equal(Deno.readTextFileSync(ctx.root.host(place)), "edited since");
      equal(Deno.readTextFileSync(ctx.root.host("/etc/two")), "old two");
    });
  }
});

Deno.test("receiptNotes() say what earlier installations mean for the next run", async () => {
  for (
    const [state, note] of [
      ["applying", /was cut off; the next run offers to revert or finish it/],
      ["undoing", /was cut off while undoing; the next run takes back the rest of it/],
      ["reverting", /was cut off while reverting; the next run takes back the rest of it/],
      ["activated", /^installed before, on 2026-11-24T06:00:00\.000Z \(activated\); --undo/],
      ["undone", undefined],
    ] as const
  ) {
    await withHalf({}, { state }, (machine) => {
      const notes = receiptNotes(machine.ctx);
      equal(notes.length, note === undefined ? 0 : 1);
      if (note !== undefined) match(notes[0]!, note);
      return Promise.resolve();
    });
  }
});
