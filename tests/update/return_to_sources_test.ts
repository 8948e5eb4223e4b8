import { deepEqual, equal } from "node:assert/strict";
import { encodeState } from "../../lib/sync/state.ts";
import { offerReturn, sayHowToReturn } from "../../lib/update/return_to_sources.ts";
import { testContext } from "../support/context.ts";
import { type ScratchEntry, withScratch } from "../support/scratch_files.ts";

const [NEW, OTHER] = ["a".repeat(40), "b".repeat(40)];
const STATE = "var/lib/hyper-nixos/sync/state.json";
const PREVIOUS = "etc/hypervisor/.src-previous/record.json";
const state = encodeState({
  version: 1,
  repository: "o/n",
  commit: NEW,
  ref: "main",
  time: "2026-11-24T08:00:00.000Z",
});
const record = (to: string) =>
  JSON.stringify({ version: 1, to, state: null, added: [], modes: [] });

const YES = "the sources are kept; to return to the previous ones: smart-sync --rollback";
const NO = "the sources are kept; there are no previous ones to return to";

for (
  const [what, files, known] of [
    ["the last sync can be taken back", { [STATE]: state, [PREVIOUS]: record(NEW) }, true],
    ["there was none", {}, false],
    ["it was taken back already", { [STATE]: state }, false],
    ["what is kept is of another sync", { [STATE]: state, [PREVIOUS]: record(OTHER) }, false],
    ["what is kept is damaged", { [STATE]: state, [PREVIOUS]: "{ half" }, false],
    // What failed is said already, and must not be hidden by this.
    ["the state is damaged", { [STATE]: "", [PREVIOUS]: record(NEW) }, false],
    ["a folder is in the record's place", { [STATE]: state, [`${PREVIOUS}/x`]: "" }, false],
  ] satisfies [string, Record<string, ScratchEntry>, boolean][]
) {
  Deno.test(`sayHowToReturn() when ${what}`, async () => {
    await withScratch({ "etc/hypervisor/src/": "", ...files }, (root) => {
      const ctx = testContext({ root });
      equal(sayHowToReturn(ctx), known);
      deepEqual(ctx.messages("info"), [known ? YES : NO]);
    });
  });
}

Deno.test("offerReturn() changes nothing where nobody can be asked", async () => {
  await withScratch(
    { "etc/hypervisor/src/": "", [STATE]: state, [PREVIOUS]: record(NEW) },
    async (root) => {
      const ctx = testContext({ root });
      await offerReturn(ctx, undefined);
      deepEqual(ctx.lines.map(({ text }) => text), [YES]);
      equal(Deno.readTextFileSync(`${root}/${STATE}`), state);
    },
  );
});
