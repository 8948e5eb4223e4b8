import assert from "node:assert/strict";
import fc from "fast-check";
import { parseRef } from "../../lib/github/ref_name.ts";
import { ToolError } from "../../lib/machine/tool_error.ts";

function accepts(text: string): boolean {
  try {
    return parseRef(text) === text;
  } catch (error) {
    assert.ok(error instanceof ToolError);
    assert.equal(error.code, 4);
    return false;
  }
}

Deno.test("parseRef() takes what people name", () => {
  for (const name of ["main", "feature/a.b-c", "v2.1", "refs/tags/v1", "HEAD", "a@b", "ünïcode"]) {
    assert.ok(accepts(name), name);
  }
  assert.ok(accepts("0123456789abcdef0123456789abcdef01234567"));
  assert.ok(accepts("long/".repeat(50) + "name"));
  assert.throws(() => parseRef("x".repeat(100_000)), /^ToolError: "x{100}…" is not the name/);
});

Deno.test("parseRef() agrees with git on what can be a ref", () => {
  const piece = fc.constantFrom("a", "b", "/", ".", "..", ".lock", "@", "@{", "-", "~", "^", ":");
  const odd = fc.constantFrom("?", "*", "[", "\\", " ", "\t", "\x7f", "é", "lock", "//", "\x01");
  const names = fc.array(fc.oneof(piece, odd), { maxLength: 6 }).map((pieces) => pieces.join(""));
  fc.assert(
    fc.property(names, (name) => {
      // As `git branch` has it: a name that looks like an option is none, nor is "@".
      const { success } = new Deno.Command("git", {
        args: ["check-ref-format", `refs/heads/${name}`],
        stderr: "null",
      }).outputSync();
      assert.equal(accepts(name), success && !name.startsWith("-") && name !== "@", name);
    }),
    { numRuns: 150 },
  );
});
