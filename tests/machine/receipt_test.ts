import assert from "node:assert/strict";
import {
  latestInstallation,
  newReceiptId,
  presentInstallation,
  readReceipts,
  removeUnwrittenReceipts,
  unfinishedInstallation,
  writeReceipt,
} from "../../lib/machine/receipt.ts";
import { testContext } from "../support/context.ts";
import { newReceipt } from "../support/receipt.ts";
import { withScratch } from "../support/scratch_files.ts";

const FOLDER = "var/lib/hyper-nixos/receipts";

Deno.test("newReceiptId() makes the newest installation the last one, whatever the clock says", async () => {
  await withScratch({ [`${FOLDER}/`]: "" }, (root) => {
    const ctx = testContext({ root });
    // A clock without a battery; one that was hours ahead until the network came up.
    const times = [
      "2026-11-24T06:00:00.000Z",
      "2026-11-24T06:00:00.000Z",
      "1970-01-01T00:00:42.000Z",
      "2026-11-24T08:00:00.999Z",
      "2026-11-24T07:59:59.000Z",
      "2027-01-01T00:00:00.000Z",
    ];
    const made = times.map((time) => {
      const receipt = newReceipt({ id: newReceiptId(ctx, new Date(time)), startedAt: time });
      writeReceipt(ctx, receipt);
      assert.equal(latestInstallation(readReceipts(ctx))?.id, receipt.id, time);
      return receipt.id;
    });
    assert.equal(made[0], "2026-11-24T06-00-00-000Z");
    assert.equal(made.at(-1), "2027-01-01T00-00-00-000Z");
    assert.equal(new Set(made).size, times.length);
  });
});

Deno.test("newReceiptId() goes by the clock where what is there is no receipt of a time", async () => {
  const now = new Date("2026-11-24T06:00:00.000Z");
  await withScratch({ [`${FOLDER}/notes.json`]: "{}" }, (root) => {
    assert.equal(newReceiptId(testContext({ root }), now), "2026-11-24T06-00-00-000Z");
  });
  await withScratch({}, (root) => {
    assert.equal(newReceiptId(testContext({ root }), now), "2026-11-24T06-00-00-000Z");
  });
});

Deno.test("receipts that cannot be understood stop whoever would put files back, and nobody else", async () => {
  const good = JSON.stringify(newReceipt({ id: "1", state: "activated" }));
  const bad = [
    "",
    "{",
    "[]",
    good.replace('"version":1', '"version":2'),
    good.replace("activated", "melted"),
  ];
  for (const text of bad) {
    await withScratch({ [`${FOLDER}/1.json`]: good, [`${FOLDER}/2.json`]: text }, (root) => {
      const ctx = testContext({ root });
      assert.throws(() => readReceipts(ctx), /2\.json cannot be read/, text);
      assert.equal(presentInstallation(ctx), undefined);
      assert.equal(ctx.messages("warn").length, 1);
    });
  }
  await withScratch(
    { [`${FOLDER}/1.json`]: good, [`${FOLDER}/.2.json.0a1b2c3d.tmp`]: "{" },
    (root) => {
      const ctx = testContext({ root });
      assert.equal(presentInstallation(ctx)?.id, "1");
      removeUnwrittenReceipts(ctx);
      assert.deepEqual([...Deno.readDirSync(`${root}/${FOLDER}`)].map(({ name }) => name), [
        "1.json",
      ]);
    },
  );
});

Deno.test("the last installation is the newest that stands; an unfinished one the newest cut off", () => {
  const of = (...states: Parameters<typeof newReceipt>[0][]) =>
    states.map((changes, index) => newReceipt({ id: String(index), ...changes }));
  const receipts = of(
    { state: "activated" },
    { state: "applying" },
    { state: "undone" },
    { state: "reverted" },
  );
  assert.equal(latestInstallation(receipts)?.id, "1");
  assert.equal(unfinishedInstallation(receipts)?.id, "1");
  assert.equal(latestInstallation(of({ state: "undone" }, { state: "reverted" })), undefined);
  for (const state of ["reverting", "undoing"] as const) {
    assert.equal(unfinishedInstallation(of({ state: "activated" }, { state }))?.id, "1");
  }
  for (const state of ["applied", "built", "activating", "activated"] as const) {
    assert.equal(unfinishedInstallation(of({ state })), undefined, state);
  }
});
