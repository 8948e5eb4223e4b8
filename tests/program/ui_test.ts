import assert from "node:assert/strict";
import { demo } from "../support/demo.ts";
import { runTool } from "../support/executable.ts";
import { hasTmux } from "../support/needs.ts";
import { openToolTerminal } from "../support/terminal.ts";

const terminal = { ignore: !hasTmux };

Deno.test("a question without a terminal takes its default", async () => {
  for (
    const [deed, line] of [["confirm", "confirmed true"], ["name", "named nixos"], [
      "pick",
      "picked alice",
    ]]
  ) {
    const { code, stdout } = await runTool(demo, ["--do", deed!, "--no-log"]);
    assert.equal(code, 0);
    assert.equal(stdout, `[demo] ${line}\n`);
  }
});

Deno.test("a question without a default and a terminal is exit 4 and names its option", async () => {
  for (const [deed, option] of [["insist", "--erase"], ["select", "--action"]]) {
    for (const args of [[], ["--yes"]]) {
      const { code, stderr } = await runTool(demo, ["--do", deed!, "--no-log", ...args]);
      assert.equal(code, 4);
      assert.match(
        stderr,
        new RegExp(`nobody can be asked: .*\\n.*command line with ${option}\\n$`),
      );
    }
  }
});

Deno.test("what is typed ahead on a pipe is not an answer", async () => {
  const { stdout } = await runTool(demo, ["--do", "confirm", "--no-log"], { input: "n\n" });
  assert.equal(stdout, "[demo] confirmed true\n");
});

Deno.test("select() asks in a terminal, with labels made safe", terminal, async () => {
  await using tool = await openToolTerminal(demo, ["--do", "select", "--no-log"]);
  const screen = await tool.waitFor(/Which action\?[^]*Switch/);
  assert.match(screen, /Test \\x1b\[5mblink/);
  await tool.send("Down", "Down", "Enter");
  await tool.waitFor(/\[demo\] selected switch/);
  assert.equal(await tool.exitCode(), 0);
});

Deno.test("multiselect() starts with its default picked", terminal, async () => {
  await using tool = await openToolTerminal(demo, ["--do", "pick", "--no-log"]);
  await tool.waitFor(/Which users\?[^]*carol/);
  await tool.send("Down", "Down", "Space", "Enter");
  await tool.waitFor(/\[demo\] picked alice,carol/);
});

Deno.test("text() says what is wrong and takes the corrected answer", terminal, async () => {
  await using tool = await openToolTerminal(demo, ["--do", "name", "--no-log"]);
  await tool.waitFor(/Host name\?/);
  await tool.send("bad7", "Enter");
  await tool.waitFor(/only letters please/);
  await tool.send("BSpace", "Enter");
  await tool.waitFor(/\[demo\] named bad/);
});

Deno.test("text() takes the default for an empty answer", terminal, async () => {
  await using tool = await openToolTerminal(demo, ["--do", "name", "--no-log"]);
  await tool.waitFor(/Host name\?/);
  await tool.send("Enter");
  await tool.waitFor(/\[demo\] named nixos/);
});

Deno.test("Ctrl-C at a question ends with 130 and nothing done", terminal, async () => {
  await using tool = await openToolTerminal(demo, ["--do", "confirm", "--no-log"]);
  await tool.waitFor(/Go on\?/);
  await tool.send("C-c");
  const screen = await tool.waitFor(/stopped at a question/);
  assert.doesNotMatch(screen, /confirmed/);
  assert.equal(await tool.exitCode(), 130);
});

Deno.test("--yes answers in a terminal too", terminal, async () => {
  await using tool = await openToolTerminal(demo, ["--do", "confirm", "--no-log", "--yes"]);
  const screen = await tool.waitFor(/confirmed true/);
  assert.doesNotMatch(screen, /Go on\?/);
});

Deno.test(
  "colour is used on a terminal and never with NO_COLOR or --no-color",
  terminal,
  async () => {
    for (
      const [args, env, coloured] of [
        [[], {}, true],
        [["--no-color"], {}, false],
        [[], { NO_COLOR: "1" }, false],
        [[], { NO_COLOR: "" }, true],
      ] as const
    ) {
      await using tool = await openToolTerminal(demo, ["--do", "styled", "--no-log", ...args], {
        env,
      });
      await tool.waitFor(/\[demo\] ok bold/);
      assert.equal(
        (await tool.colouredScreen()).includes("\x1b[32mok"),
        coloured,
        JSON.stringify([args, env]),
      );
    }
    const { stdout } = await runTool(demo, ["--do", "styled", "--no-log"]);
    assert.equal(stdout, "[demo] ok bold\n");
  },
);
