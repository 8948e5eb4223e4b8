import assert from "node:assert/strict";
import { parseAnsi } from "./ansi_text.ts";

Deno.test("parseAnsi() gives spans with their columns and looks", () => {
  const plain = { bold: false, dim: false, colour: undefined };
  assert.deepEqual(parseAnsi("a\x1b[1;32mb✓\x1b[0mc"), [[
    { text: "a", column: 0, ...plain },
    { text: "b✓", column: 1, ...plain, bold: true, colour: 2 },
    { text: "c", column: 3, ...plain },
  ]]);
});

Deno.test("parseAnsi() keeps a look from line to line, and drops what is no text", () => {
  const [first, second] = parseAnsi("\x1b[2mone\x1b[K\x07\n\x1b(Btwo\x1b[22m three");
  assert.deepEqual(first?.map(({ text, dim }) => [text, dim]), [["one", true]]);
  assert.deepEqual(second?.map(({ text, dim }) => [text, dim]), [["two", true], [" three", false]]);
});
