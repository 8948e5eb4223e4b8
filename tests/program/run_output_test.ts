import { deepEqual, doesNotMatch, equal } from "node:assert/strict";
import fc from "fast-check";
import { printable } from "../../lib/layout/printable.ts";
import { renderStyles, style } from "../../lib/layout/style.ts";
import { documentText } from "../../lib/program/run_output.ts";

Deno.test("documentText() is JSON of the very text, whatever text it is", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    // What looks like a URL may lose what may be a secret.
    fc.pre(!text.includes("://"));
    deepEqual(JSON.parse(documentText({ text, list: [text] })), { text, list: [text] });
  }));
  const marks = String.fromCodePoint(0xF0000, 0xF0018, 0xF001F) + style.red("x");
  equal(JSON.parse(documentText(marks)), marks);
  equal(documentText({ none: undefined }), '{\n  "none": null\n}\n');
});

Deno.test("documentText() holds nothing that a terminal would obey", () => {
  const orders = "\u001b[31m\u009b\u007f\u202e\u2066\u200f\r\n\t";
  doesNotMatch(documentText(orders).trimEnd(), /[\p{Cc}\p{Bidi_Control}]/u);
  equal(JSON.parse(documentText(orders)), orders);
});

for (
  const [text, expected] of [
    ["see https://host/?token=a", "see https://host/"],
    ['see https://host/?q=a"b', 'see https://host/"b'],
    ["https://me:secret@host/x\nand more", "https://host/x\nand more"],
    ['"https://host/?ref=main\n&t=secret"', '"https://host/?ref=main\n&t=secret"'],
    ["https://host/?q=1\\", "https://host/"],
    ["'https://host/?q=1', 'https://host/?q=2'", "'https://host/', 'https://host/'"],
  ] as const
) {
  Deno.test(`documentText() cuts secrets as the screen does, and stays JSON: ${JSON.stringify(text)}`, () => {
    equal(JSON.parse(documentText({ text })).text, expected);
    equal(renderStyles(printable(text)), expected);
  });
}
