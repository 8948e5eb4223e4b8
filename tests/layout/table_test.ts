import assert from "node:assert/strict";
import { style } from "../../lib/layout/style.ts";
import { table } from "../../lib/layout/table.ts";

Deno.test("table() aligns columns, and continues the last one below itself", () => {
  assert.equal(
    table(["name", "what"], [["a", "one two three four five six seven"], ["bcd", "short"]], 40),
    `${style.bold("  name  what")}\n` +
      "  a     one two three four five six\n" +
      "        seven\n" +
      "  bcd   short",
  );
});

Deno.test("table() puts what does not fit beside the others below its row", () => {
  const option = "services.openssh.authorizedKeysFiles.and.more";
  assert.equal(
    table(["", ""], [[option, "[ a b c d e f g h i j k l ]"], ["x", "y"]], 60),
    `  ${option}\n      [ a b c d e f g h i j k l ]\n  x${" ".repeat(option.length + 1)}y`,
  );
  const path = "/dev/disk/by-uuid/1b6f0a54-2f9e-4b21-9c1e-7c0a4d5e6f33";
  assert.equal(
    table(["", "", ""], [["-", "a name of some width", path], ["", "", path]], 70),
    `  -  a name of some width\n      ${path}\n      ${path}`,
  );
  const name = "a name of some width";
  assert.equal(
    table(["", ""], [[name, "some longer text"], [name, "a short text"], [name, "yes"]], 33),
    `  ${name}\n      some longer text\n  ${name}  a short\n${" ".repeat(24)}text\n  ${name}  yes`,
    "two lines stand beside it, and nothing is wider than the terminal",
  );
});

Deno.test("table() breaks a row between its cells where even its first ones are too wide", () => {
  const version = "24.05.20240710.a046c12";
  assert.equal(
    table(["Generation", "Made (UTC)", "NixOS", ""], [
      ["9", "2026-11-28 10:00:00", version, "default, running, booted, --clean removes it"],
    ], 40),
    `${style.bold("  Generation  Made (UTC)           NixOS")}\n` +
      `  9  2026-11-28 10:00:00\n      ${version}\n` +
      "      default, running, booted, --clean\n      removes it",
  );
});
