import { deepEqual, equal, throws } from "node:assert/strict";
import {
  attributeName,
  commentLines,
  indentedLines,
  isIdentifier,
  quotedString,
} from "../../../lib/nix/expressions/nix_string.ts";

Deno.test("attributeName() quotes what Nix would not read as a name", () => {
  for (const name of ["a", "_a", "a-b", "A1", "x'".slice(0, 1), "__proto__"]) {
    equal(attributeName(name), name);
  }
  const quoted = ["", "1a", "-a", "a.b", "a b", "ä", "if", "or", "rec", "inherit", "a\n"];
  for (const name of quoted) equal(isIdentifier(name), false, name);
  equal(attributeName("a.b"), '"a.b"');
  equal(attributeName('a"${x}'), String.raw`"a\"\${x}"`);
});

Deno.test("quotedString() leaves nothing that Nix would take for code or for an end", () => {
  const table: readonly (readonly [string, string])[] = [
    ["", '""'],
    ['"', String.raw`"\""`],
    ["\\", String.raw`"\\"`],
    ["${a}", String.raw`"\${a}"`],
    ["$${a}", String.raw`"$\${a}"`],
    ["$", '"$"'],
    ["\\${", String.raw`"\\\${"`],
    ["a\r\n\tb", String.raw`"a\r\n\tb"`],
    ["ä€𝄞", '"ä€𝄞"'],
  ];
  for (const [text, written] of table) equal(quotedString(text), written);
  for (const text of ["a\0b", "\ud800", "a\udc00"]) {
    throws(() => quotedString(text), { name: "ToolError", code: 6 }, JSON.stringify(text));
  }
});

Deno.test("indentedLines() takes texts only that Nix reads back the same", () => {
  deepEqual(indentedLines("a\n\n  b ${x}\n"), ["a", "", "  b ''${x}"]);
  const refused = [
    "one line\n",
    "no end",
    "a\nb",
    "a''b\nc\n",
    "a'${b}\nc\n",
    "a$${b}\nc\n",
    "a\tb\r\nc\n",
    // Nix would take the indentation that all lines share, and blanks of a blank line.
    "  a\n  b\n",
    "a\n  \nb\n",
  ];
  for (const text of refused) equal(indentedLines(text), undefined, JSON.stringify(text));
  throws(() => indentedLines("a\0\nb\n"), { code: 6 });
});

Deno.test("commentLines() lets no line end of any kind leave the comment", () => {
  deepEqual(commentLines("a\nb\r\nc\rd\n"), ["# a", "# b", "# c", "# d", "#"]);
});
