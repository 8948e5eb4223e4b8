import assert from "node:assert/strict";
import { median } from "./measure.ts";
import type { Figure, Scenario } from "./network_bench.ts";
import { judge } from "./targets.ts";
import { networkKinds } from "./test_network.ts";

/** A scenario of the first network with these milliseconds. */
function scenario(
  change: Scenario["change"],
  milliseconds: Readonly<Record<string, number>>,
): Scenario {
  const figures = Object.entries(milliseconds).map(([name, value]): [string, Figure] => [
    name,
    { milliseconds: value, cpu: 1, connections: 1, down: 1 },
  ]);
  return {
    network: networkKinds[0]!,
    files: 10,
    change,
    figures: new Map(figures),
    missing: new Map(),
  };
}

Deno.test("median() is the middle of the sorted values", () => {
  assert.equal(median([9, 1, 5]), 5);
  assert.equal(median([4, 1, 3, 2]), 2.5);
});

Deno.test("judge() holds updates against git fetch and bulk against the fastest peer", () => {
  const scenarios = [
    scenario(0, { "smart-sync": 60, "git fetch": 100 }),
    scenario(5, { "smart-sync": 91, "git fetch": 100, "raw files": 10 }),
    scenario(500, { "smart-sync": 100, "git fetch": 120, "raw files": 95 }),
    scenario("install", { "smart-sync": 111, "git clone": 120, archive: 100 }),
    scenario(5, { "git fetch": 100 }),
  ];
  const targets = judge({ scenarios, local: [], startup: { help: 45, empty: 20 } });
  assert.deepEqual(targets.map(({ measured, met }) => [measured, met]), [
    ["0.60 × git fetch", true],
    ["0.91 × git fetch", false],
    ["1.05 × raw files", true],
    ["1.11 × archive", false],
    ["25.0 ms", true],
  ]);
});

Deno.test("judge() takes the largest peak of memory", () => {
  const [check, hash, memory] = judge({
    scenarios: [],
    startup: undefined,
    local: [{
      files: 10,
      check: { smartSync: 15, gitStatus: 10 },
      hash: { smartSync: 11, gitHashObject: 10 },
      memory: new Map([["one", 100e6], ["two", 251e6]]),
    }],
  });
  assert.deepEqual([check?.met, hash?.met, memory?.met], [true, false, false]);
  assert.equal(memory?.measured, "251 MB");
});
