import { deepEqual } from "node:assert/strict";
import { concat } from "../../lib/git/bytes.ts";

Deno.test("concat() puts parts behind each other, also parts of something larger", () => {
  deepEqual(concat([]), new Uint8Array(0));
  const parts = [
    new Uint8Array([1, 2]),
    new Uint8Array(0),
    new Uint8Array([9, 3, 9]).subarray(1, 2),
  ];
  deepEqual(concat(parts), new Uint8Array([1, 2, 3]));
});
