import { deepEqual, equal, throws } from "node:assert/strict";
import {
  isAttributeSet,
  membersOf,
  mkOverride,
  path,
} from "../../../lib/nix/expressions/expression.ts";
import { printExpression } from "../../../lib/nix/expressions/expression_layout.ts";

Deno.test("path() takes what Nix reads as a path from somewhere, and no search path, home or URL", () => {
  for (const text of ["/", "/etc/nixos", "./x", "../x", "./a b", "/${x}"]) {
    equal(path(text).form.kind, "path");
  }
  for (const text of ["", "x", "~/x", "<nixpkgs>", "https://x", ".", "..", ".x", " /x"]) {
    throws(() => path(text), TypeError, text);
  }
});

Deno.test("isAttributeSet() is true of sets alone", () => {
  for (const set of [{}, { a: 1 }, Object.create(null)]) equal(isAttributeSet(set), true);
  for (const other of [null, "x", 1, true, [], [{}], path("/x"), mkOverride(50, {})]) {
    equal(isAttributeSet(other), false);
  }
});

Deno.test("membersOf() keeps the order and what is null, and leaves out what is undefined", () => {
  deepEqual(membersOf({ b: 1, a: undefined, c: null, d: false }), [["b", 1], ["c", null], [
    "d",
    false,
  ]]);
  // A name from outside, which an assignment would lose.
  const hostile = Object.fromEntries([["__proto__", "x"], ["constructor", "y"]]);
  deepEqual(membersOf(hostile), [["__proto__", "x"], ["constructor", "y"]]);
  equal(printExpression(hostile), '{\n  __proto__ = "x";\n  constructor = "y";\n}');
});
