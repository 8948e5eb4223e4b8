import { deepEqual, equal, notEqual } from "node:assert/strict";
import { age, placeFor } from "./made_once.ts";

Deno.test("placeFor() gives what is made of the same one folder, and what is not another", () => {
  const sources = ["deno.json", "tests/support/made_once.ts"];
  const also = crypto.randomUUID();
  const place = placeFor({ sources, also });
  try {
    equal(placeFor({ sources, also }), place);
    const { isDirectory, uid, mode } = Deno.statSync(place);
    deepEqual([isDirectory, uid, mode! & 0o777], [true, Deno.uid(), 0o755]);
    const others = [
      placeFor({ sources, also: `${also}.` }),
      placeFor({ sources: ["deno.json"], also }),
    ];
    for (const other of others) {
      notEqual(other, place);
      Deno.removeSync(other);
    }
  } finally {
    Deno.removeSync(place);
  }
});

Deno.test("age() tells what is there from what is not", () => {
  equal(age("/proc/none"), undefined);
  equal(age(new URL("made_once.ts", import.meta.url).pathname)! >= 0, true);
});
