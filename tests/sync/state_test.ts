import { deepEqual, equal, throws } from "node:assert/strict";
import { encodeState, readSyncState, type SyncState } from "../../lib/sync/state.ts";
import { testContext } from "../support/context.ts";
import { withScratch } from "../support/scratch_files.ts";

const FILE = "var/lib/hyper-nixos/sync/state.json";
const STATE: SyncState = {
  version: 1,
  repository: "owner/name",
  commit: "a".repeat(40),
  ref: "main",
  time: "2024-07-01T00:00:00.000Z",
};

async function read(text: string): Promise<SyncState | undefined> {
  let state: SyncState | undefined;
  await withScratch(
    { [FILE]: text },
    (root) => void (state = readSyncState(testContext({ root }))),
  );
  return state;
}

Deno.test("readSyncState() reads what encodeState() writes", async () => {
  const counts = { files: 3, added: 1, updated: 0, deleted: 0, kept: 0 };
  for (const state of [STATE, { ...STATE, counts }]) {
    deepEqual(await read(encodeState(state)), state);
  }
  await withScratch(
    { "etc/": "" },
    (root) => equal(readSyncState(testContext({ root })), undefined),
  );
});

Deno.test("readSyncState() refuses by name what no tool of ours has written", async () => {
  const bad: readonly string[] = [
    "",
    "null",
    "[]",
    "{}",
    ...[
      { version: 2 },
      { commit: "A".repeat(40) },
      { commit: "a".repeat(39) },
      { commit: `${"a".repeat(40)}\n` },
      { ref: null },
      { counts: { files: -1, added: 0, updated: 0, deleted: 0, kept: 0 } },
    ].map((change) => JSON.stringify({ ...STATE, ...change })),
  ];
  for (const text of bad) {
    await withScratch({ [FILE]: text }, (root) => {
      throws(() => readSyncState(testContext({ root })), {
        name: "ToolError",
        code: 6,
        message: /state\.json cannot be understood/,
      }, text);
    });
  }
});

Deno.test("encodeState() writes nothing that could not be read again", () => {
  throws(() => encodeState({ ...STATE, commit: "main" }));
});
