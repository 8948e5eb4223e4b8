import { match, ok } from "node:assert/strict";
import type { Scenario } from "./network_bench.ts";
import { report } from "./report.ts";
import { networkKinds } from "./test_network.ts";

const head = { machine: "one", tool: "compiled", rounds: "Many.", load: "Load average: 0.1." };

function scenario(change: Scenario["change"], missing: readonly [string, string][]): Scenario {
  const figure = { milliseconds: 1234, cpu: 1, connections: 1, down: 1000 };
  return {
    network: networkKinds[0]!,
    files: 10,
    change,
    figures: new Map([["smart-sync", figure], ["git fetch", figure]]),
    missing: new Map(missing),
  };
}

Deno.test("report() shows a dash for a peer without a figure, and below the table why", () => {
  const scenarios = [scenario(5, []), scenario("install", [["giget", "hung"]])];
  const text = report({ ...head, complete: true }, { scenarios, local: [], startup: undefined });
  match(text, /\| 5 \| 1\.23 \| 1\.23 \| {2}\| 1 kB, 1 connection \|/);
  match(text, /\| all \(first install\) \| 1\.23 \| 1\.23 \| — \| /);
  match(text, /\n- — giget, all \(first install\): hung\n/);
  ok(!text.includes("was stopped"));
});

Deno.test("report() of a run that goes on says that it is not complete", () => {
  const results = { scenarios: [scenario(0, [])], local: [], startup: undefined };
  match(report({ ...head, complete: false }, results), /This run was stopped/);
});

Deno.test("report() gives reasons only for what is missed", () => {
  const startup = { help: 100, empty: 20 };
  const missed = report({ ...head, complete: true }, { scenarios: [], local: [], startup });
  match(missed, /0 of 1 are met[^]*Why they are missed:\n\n- /);
  const met = report(
    { ...head, complete: true },
    { scenarios: [], local: [], startup: { help: 30, empty: 20 } },
  );
  ok(!met.includes("Why"));
});
