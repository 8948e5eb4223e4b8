import assert from "node:assert/strict";
import fc from "fast-check";
import { renderStyles, sign, style } from "../../lib/layout/style.ts";
import { printable, printableLine } from "../../lib/layout/printable.ts";

Deno.test("printable() shows control and bidirectional characters as escapes", () => {
  assert.equal(printable("\x1b]0;title\x07"), "\\x1b]0;title\\x07");
  assert.equal(printable("a\rb\x00\x7f\x9b"), "a\\x0db\\x00\\x7f\\x9b");
  assert.equal(printable("\u202egnp.exe\u2066 \u200f"), "\\u{202e}gnp.exe\\u{2066} \\u{200f}");
});

Deno.test("printable() leaves text of every language, newlines and tabs alone", () => {
  const text = "Zoë 日本語 🦉 עברית\n\tend";
  assert.equal(printable(text), text);
});

Deno.test("printableLine() is one line", () => {
  assert.equal(printableLine("a\nb\tc"), "a\\nb\\tc");
});

Deno.test("printable() never lets a control character through", () => {
  const character = fc.integer({ min: 0, max: 0x2fff }).map((code) => String.fromCodePoint(code));
  fc.assert(
    fc.property(fc.array(character), (characters) => {
      const text = characters.join("");
      assert.doesNotMatch(
        printable(text),
        // deno-lint-ignore no-control-regex
        /[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/,
      );
      assert.equal(printable(printable(text)), printable(text));
    }),
    { numRuns: 100 },
  );
});

Deno.test("printable() lets no text from outside look like one of our own marks", () => {
  const all = Array.from({ length: 0x400 }, (_, at) => String.fromCodePoint(0xF0000 + at)).join("");
  for (const outside of [all, `\u{F0010} passed`, `\u{F0004}green\u{F0000}`]) {
    for (const rendering of [{ colour: true, plain: false }, { colour: false, plain: true }]) {
      const shown = renderStyles(printable(outside), rendering);
      // deno-lint-ignore no-control-regex
      assert.doesNotMatch(shown, /\x1b|✓|ok:|[\u{F0000}-\u{F001F}]/u);
    }
  }
  const ours = `${sign.pass} ${style.green("fine")}`;
  assert.equal(printable(ours), ours);
});
