import { deepEqual, equal } from "node:assert/strict";
import { changedDefinitions, holdsIn } from "../../../lib/nix/evaluation/changed_definitions.ts";
import { CANNOT_BE_SHOWN } from "../../../lib/nix/evaluation/owners_definitions_expression.ts";

function changed(value: unknown, result: unknown, after: unknown) {
  return changedDefinitions([{ option: ["a"], files: ["/f"], value, result }], [after])
    .map(({ option, value }) => [option.join("."), value]);
}

Deno.test("changedDefinitions() names the members of a set that have another value", () => {
  const set = { x: 1, y: { z: true, w: "s" } };
  deepEqual(changed(set, set, set), []);
  deepEqual(changed(set, set, { x: 1, y: { z: false, w: "s" }, more: 1 }), [["a.y.z", true]]);
  deepEqual(changed(set, set, { x: 1 }), [["a.y", { z: true, w: "s" }]]);
  // Only what the owner says counts, not what others say of the same option.
  deepEqual(changed({ x: 1 }, { x: 1, other: 2 }, { x: 1 }), []);
  deepEqual(changed(set, set, undefined), [["a", set]]);
  const constructor = JSON.parse('{ "constructor": 1 }');
  deepEqual(changed(constructor, constructor, {}), [["a.constructor", 1]]);
});

Deno.test("changedDefinitions() asks of lists and lines that what was said is there, more may be", () => {
  deepEqual(changed(["b"], ["a", "b"], ["b", "c", "a"]), []);
  deepEqual(changed(["b", "c"], ["a", "b", "c"], ["a", "c"]), [["a", ["b"]]]);
  // A type that makes other entries of what is said: then all that were there count.
  deepEqual(changed("b", ["B", "A"], ["A", "B"]), []);
  deepEqual(changed("b", ["B", "A"], ["A"]), [["a", ["b"]]]);
  deepEqual(changed("x\n\ny\n", "w\nx\ny\n", "y\nz\nx\nw\n"), []);
  deepEqual(changed("x\ny\n", "w\nx\ny\n", "w\nx\n"), [["a", "y"]]);
  deepEqual(changed("x", "x", "x\nmore"), []);
  deepEqual(changed("x", "x", "y"), [["a", "x"]]);
});

Deno.test("changedDefinitions() takes another hash or version in the store for the same", () => {
  const path = (hash: string, version: string) =>
    `/nix/store/${hash.repeat(32)}-vim-${version}/bin`;
  deepEqual(changed([path("0", "9.0")], [path("0", "9.0")], [path("1", "9.1.2")]), []);
  equal(
    changed([path("0", "9.0")], [path("0", "9.0")], [path("1", "9.0").replace("vim", "nano")])
      .length,
    1,
  );
});

Deno.test("changedDefinitions() never says of what it cannot see that it holds", () => {
  deepEqual(changed(CANNOT_BE_SHOWN, CANNOT_BE_SHOWN, CANNOT_BE_SHOWN), [["a", CANNOT_BE_SHOWN]]);
  deepEqual(changed([CANNOT_BE_SHOWN], [CANNOT_BE_SHOWN], [CANNOT_BE_SHOWN]), [["a", [
    CANNOT_BE_SHOWN,
  ]]]);
  deepEqual(changed(null, null, null), []);
  equal(holdsIn(null, null, undefined), false);
  equal(holdsIn([], [], []), true);
});
