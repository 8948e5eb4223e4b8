import { deepEqual, equal } from "node:assert/strict";
import { summaryOf, type SyncFacts } from "../../lib/sync/summary.ts";
import { manifestFromList } from "../../lib/sync/tree/manifest_trees.ts";
import { NOTHING_NEW } from "../../lib/sync/fetch/target.ts";

function factsOf(change: Partial<SyncFacts["plan"]> = {}): SyncFacts {
  const target = manifestFromList("b".repeat(40), []);
  const http = { bytes: 12, requests: 3 };
  return {
    begun: { ref: "main", remote: { repository: "o/n", http } } as SyncFacts["begun"],
    local: { checked: 4, hashed: 1 },
    plan: {
      ...{ target, figures: new Float64Array(), excluded: 1, files: 9 },
      ...{ staged: [], operations: [], replaced: [], submodules: ["s"] },
      ...{ added: ["a"], updated: ["u"], modes: ["m"], deleted: ["d", "e"], kept: ["z", "k"] },
      edited: ["u"],
      ...change,
    },
    target: { ...NOTHING_NEW, manifest: target, transport: "git trees", reason: "one" },
    signer: undefined,
    previousCommit: "a".repeat(40),
    written: true,
    started: performance.now(),
  };
}

Deno.test("summaryOf() counts what was done, and takes what was edited in the last moment for kept", () => {
  const mode = { do: "mode", mode: 0o755, before: 0o700 } as const;
  const operations = [{ do: "put", path: "a" }, { ...mode, path: "m" }, {
    ...mode,
    path: "dir",
  }] as const;
  const applied = { backup: "/b", edited: ["late", "u"], left: ["e"] };
  const delivery = { transport: "raw files", reason: "two" };
  const summary = summaryOf({ ...factsOf({ operations }), applied, delivery });
  deepEqual(summary.counts, {
    ...{ checked: 4, hashed: 1, files: 9, added: 1, updated: 1 },
    ...{ modes: 1, deleted: 1, kept: 3, excluded: 1 },
  });
  deepEqual([summary.deleted, summary.kept, summary.edited], [["d"], ["e", "k", "z"], [
    "late",
    "u",
  ]]);
  deepEqual(summary.modes, ["m", "dir"]);
  equal(summary.changed, true);
  equal(summary.backup, "/b");
  equal(summary.transport, "git trees, then raw files");
  equal(summary.reason, "one; two");
});

Deno.test("summaryOf() of what was only looked at says what would be, and that nothing is to do", () => {
  const clean = summaryOf({ ...factsOf(), written: false });
  equal(clean.changed, false);
  equal(clean.written, false);
  deepEqual([clean.deleted, clean.kept, clean.edited], [["d", "e"], ["k", "z"], ["u"]]);
  equal(clean.backup, undefined);
  equal(clean.transport, "git trees");
  deepEqual([clean.bytes, clean.requests, clean.repository, clean.ref], [12, 3, "o/n", "main"]);
});
