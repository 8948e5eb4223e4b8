import assert from "node:assert/strict";
import type { Screen } from "../../lib/program/output.ts";
import { startProgress } from "../../lib/program/progress.ts";
import { demo } from "../support/demo.ts";
import { runTool } from "../support/executable.ts";
import { hasTmux } from "../support/needs.ts";
import { openToolTerminal } from "../support/terminal.ts";

Deno.test("progress without a terminal is one line at its end", async () => {
  const { stdout, stderr } = await runTool(demo, ["--do", "progress", "--no-log"]);
  assert.equal(stdout, "[demo] copied\n");
  assert.equal(stderr, "");
});

Deno.test("progress on a terminal is one line that is redrawn, and gone at the end", {
  ignore: !hasTmux,
}, async () => {
  for (const columns of [100, 24]) {
    await using tool = await openToolTerminal(demo, ["--do", "progress", "--no-log"], { columns });
    await tool.waitFor(/Seen\?/);
    const screen = await tool.screen();
    assert.ok(screen.split("\n").filter((line) => line.includes("Copying")).length <= 1, screen);
    await tool.send("Enter");
    const end = await tool.waitFor(/\[demo\] copied/);
    assert.doesNotMatch(end, /never shown/);
    // What came after the bar is not in its colour.
    // deno-lint-ignore no-control-regex
    assert.doesNotMatch(await tool.colouredScreen(), /\x1b\[36m[^\n]*\[demo\] copied/);
  }
});

Deno.test("progress of which nobody knows how much there is shows no share of it", () => {
  const lines: string[] = [];
  const ignored = () => {};
  const log = {
    debug: ignored,
    info: (line: string) => lines.push(line),
    warn: ignored,
    error: ignored,
  };
  const clock = Date.now;
  let now = 0;
  Date.now = () => now += 60_000;
  try {
    for (const [position, total] of [[NaN, 10], [0, 0], [5, NaN], [NaN, undefined]] as const) {
      startProgress({} as Screen, log, false, "Copying", total).update(position, "a note");
    }
    startProgress({} as Screen, log, false, "Copying", 4).update(1);
    startProgress({} as Screen, log, false, "Copying", 4).update(9);
  } finally {
    Date.now = clock;
  }
  const unknown = Array<string>(4).fill("Copying a note");
  assert.deepEqual(lines, [...unknown, "Copying 25 %", "Copying 100 %"]);
});
