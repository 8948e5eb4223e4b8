import assert from "node:assert/strict";
import fc from "fast-check";
import { commandLine, quote } from "../../lib/machine/shell_words.ts";
import { filesBelow } from "../../lib/machine/tree/files_below.ts";

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

Deno.test("no path is pasted unquoted into a line that people or a shell are given", () => {
  const lib = new URL("../../lib", import.meta.url).pathname;
  const pasted =
    /\b(?:rm|mv|cp|ls|chown|chmod|diff|findmnt|namei|lsattr|tail|fuser|ln|mkdir)(?: -\w+)*(?: root:root)? \$\{(?!\s*(?:shellWord\(|quote\(|commandLine\(|(?:word|mode)\}))/g;
  const files = filesBelow(lib, "").filter((file) => file.endsWith(".ts"));
  assert.ok(files.length > 300);
  for (const file of files) {
    const found = Deno.readTextFileSync(`${lib}/${file}`).match(pasted);
    assert.deepEqual(found ?? [], [], file);
  }
});
