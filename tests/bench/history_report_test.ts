import { match, ok } from "node:assert/strict";
import { historyReport } from "./history_report.ts";
import type { Scenario } from "./network_bench.ts";
import { loopback, networkKinds } from "./test_network.ts";

/** A scenario with seconds of CPU, ten times as many of wall time. */
function scenario(
  change: Scenario["change"],
  network: Scenario["network"],
  cpu: Readonly<Record<string, number>>,
): Scenario {
  const figures = Object.entries(cpu).map(([name, value]) =>
    [name, { cpu: value, milliseconds: value * 10_000, connections: 1, down: 1 }] as const
  );
  return { network, files: 10, change, figures: new Map(figures), missing: new Map() };
}

const updates = { "smart-sync": 0.3, "git fetch": 0.25, "empty program": 0.1 };

Deno.test("historyReport() compares what is beyond the empty program, and marks what is too much", () => {
  const text = historyReport(
    "Here.",
    [{
      name: "a history",
      scenarios: [
        scenario(5, loopback, updates),
        scenario("install", loopback, { ...updates, archive: 0.1, "git fetch": NaN }),
        scenario(50, networkKinds[0]!, updates),
      ].map((made) => {
        const figures = new Map(made.figures);
        if (made.change === "install") figures.delete("git fetch");
        return { ...made, figures };
      }),
    }],
  );
  match(text, /^### a history$/m);
  match(text, /\| 5 of 10 \| loopback \| git fetch .* \| 0\.80 \(1\) \| 0\.80 \(1\) \|/);
  match(
    text,
    /\| first install of 10 \| .* \| \*\*2\.00\*\* \(1\.5\) \| \*\*2\.00\*\* \(1\.5\) \|/,
  );
  match(text, /\| 50 of 10 \| .* \| 0\.80 \(1\) \| \*\*1\.20\*\* \(0\.85\) \|/);
  match(text, /Where the shares are missed/);
  ok(
    !historyReport("Here.", [{ name: "x", scenarios: [scenario(5, loopback, updates)] }]).includes(
      "missed",
    ),
  );

  const left = scenario("install", loopback, { "smart-sync": 0.3, "empty program": 0.1 });
  const told = historyReport("Here.", [{
    name: "x",
    scenarios: [{ ...left, missing: new Map([["archive", "it leaves out what it is told to"]]) }],
  }]);
  match(told, /first install of 10 .* 0\.300 \| 0\.100 \| — \| — \| — \|/);
  match(told, /^- — archive, first install of 10: it leaves out what it is told to$/m);
});
