import assert from "node:assert/strict";
import { objectHash } from "../../../lib/machine/tree/blob_hash.ts";
import { CommitHistory } from "../../../lib/sync/signature/commit_history.ts";

Deno.test("CommitHistory knows what comes after what, along every parent, and keeps commits only", () => {
  const history = new CommitHistory();
  const commit = (name: string, ...parents: string[]) => {
    const lines = [`tree ${"0".repeat(40)}`, ...parents.map((parent) => `parent ${parent}`)];
    const text = `${lines.join("\n")}\nauthor x\n\n${name}\nparent ${"f".repeat(40)}\n`;
    const data = new TextEncoder().encode(text);
    const sha = objectHash("commit", data);
    history.put(sha, { kind: "commit", data });
    return sha;
  };
  const known = "a".repeat(40);
  const left = commit("left", known);
  const right = commit("right");
  const merge = commit("merge", right, left);
  assert.ok(history.descends(merge, known));
  assert.ok(history.descends(merge, left));
  assert.ok(history.descends(left, left));
  assert.ok(!history.descends(right, known));
  assert.ok(!history.descends(left, merge));
  // What a message says is no parent.
  assert.ok(!history.descends(merge, "f".repeat(40)));

  history.put("b".repeat(40), { kind: "blob", data: new Uint8Array(8) });
  assert.equal(history.get("b".repeat(40)), undefined);
  assert.equal(history.received(merge, "tag"), undefined);
});
