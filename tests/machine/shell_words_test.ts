import assert from "node:assert/strict";
import fc from "fast-check";
import { commandLine, quote } from "../../lib/machine/shell_words.ts";

Deno.test("commandLine() quotes what a shell would change", () => {
  assert.equal(
    commandLine("nixos-rebuild", ["--flake", "/etc/nixos#host", "it's", "$HOME", ""]),
    `nixos-rebuild --flake /etc/nixos#host 'it'\\''s' '$HOME' ''`,
  );
});

Deno.test("quote() gives sh one word, whatever it contains", async () => {
  const word = fc.string({ unit: "grapheme" }).filter((text) => !text.includes("\0"));
  const words = fc.array(word, { minLength: 1, maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(words, async (list) => {
      const { stdout } = await new Deno.Command("sh", {
        args: ["-c", `printf '%s\\0' ${list.map(quote).join(" ")}`],
      }).output();
      assert.deepEqual(new TextDecoder().decode(stdout).split("\0").slice(0, -1), list);
    }),
    { numRuns: 30 },
  );
});

Deno.test("commandLine() of what a stranger named is one command, with these words", async () => {
  const word = fc.string({ unit: "grapheme" }).filter((text) => !text.includes("\0"));
  const odd = fc.constantFrom(
    "a b",
    "; rm -r x",
    "$(id)",
    "`id`",
    "~",
    "a\nb",
    "*",
    "#",
    "=x",
    "-e",
  );
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(word, odd), { minLength: 1 }), async (list) => {
      const { stdout } = await new Deno.Command("sh", {
        args: ["-c", commandLine("printf", ["%s\\0", ...list])],
      }).output();
      assert.deepEqual(new TextDecoder().decode(stdout).split("\0").slice(0, -1), list);
    }),
    { numRuns: 30 },
  );
});
