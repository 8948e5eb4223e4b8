import assert from "node:assert/strict";
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
