import assert from "node:assert/strict";
import fc from "fast-check";
import { formatDiff, lineDiff } from "../../lib/layout/line_diff.ts";

const text = fc.array(fc.constantFrom("a", "b", "c", ""), { maxLength: 12 })
  .map((lines) => lines.map((line) => line + "\n").join(""));

Deno.test("lineDiff() gives both texts back", () => {
  fc.assert(fc.property(text, text, (before, after) => {
    const lines = lineDiff(before, after);
    const join = (dropped: string) =>
      lines.filter((line) => line.kind !== dropped).map((line) => line.text + "\n").join("");
    assert.equal(join("added"), before);
    assert.equal(join("removed"), after);
  }));
});

Deno.test("lineDiff() keeps what two texts share", () => {
  assert.deepEqual(lineDiff("a\nb\nc\n", "a\nx\nc\n").map((line) => `${line.kind} ${line.text}`), [
    "same a",
    "removed b",
    "added x",
    "same c",
  ]);
});

Deno.test("formatDiff() leaves out what is far from any change", () => {
  const before = Array.from({ length: 20 }, (_, index) => `line ${index}`).join("\n");
  const after = before.replace("line 10", "line ten");
  assert.deepEqual(formatDiff(lineDiff(before, after)), [
    "  …",
    "  line 8",
    "  line 9",
    "- line 10",
    "+ line ten",
    "  line 11",
    "  line 12",
    "  …",
  ]);
});
