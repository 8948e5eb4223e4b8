import assert from "node:assert/strict";
import { demo } from "../support/demo.ts";
import { hasTmux } from "../support/needs.ts";
import { openToolTerminal } from "../support/terminal.ts";

const terminal = { ignore: !hasTmux };

function ask(deed: string, args: readonly string[] = ["--plain"], env = {}) {
  return openToolTerminal(demo, ["--do", deed, "--no-log", ...args], { env });
}

Deno.test("select() in plain mode is a numbered list, answered by a number", terminal, async () => {
  await using tool = await ask("select");
  const screen = await tool.waitFor(/number \[1\]:/);
  assert.match(
    screen,
    /^Which action\?\n {2}1\. Build.*\n {2}2\. Test \\x1b\[5mblink.*\n {2}3\. Switch/,
  );
  await tool.send("7", "Enter");
  await tool.waitFor(/answer a number from 1 to 3/);
  await tool.send("3", "Enter");
  await tool.waitFor(/\[demo\] selected switch/);
});

Deno.test("multiselect() in plain mode takes numbers, none, or its default", terminal, async () => {
  for (
    const [typed, picked] of [["", "alice"], ["3,1", "alice,carol"], ["none", ""]] as const
  ) {
    await using tool = await ask("pick");
    await tool.waitFor(/numbers with commas, or none \[1\]:/);
    await tool.send(...(typed ? [typed] : []), "Enter");
    await tool.waitFor(new RegExp(`\\[demo\\] picked ?${picked}$`, "m"));
  }
});

Deno.test("confirm() in plain mode takes words only", terminal, async () => {
  await using tool = await ask("confirm");
  await tool.waitFor(/Go on\? yes or no \[yes\]:/);
  await tool.send("maybe", "Enter");
  await tool.waitFor(/answer yes or no/);
  await tool.send("no", "Enter");
  await tool.waitFor(/\[demo\] confirmed false/);
});

Deno.test("text() in plain mode says what is wrong with an answer", terminal, async () => {
  await using tool = await ask("name");
  await tool.waitFor(/Host name\? \[nixos\]:/);
  await tool.send("bad7", "Enter");
  await tool.waitFor(/only letters please/);
  await tool.send("Enter");
  await tool.waitFor(/\[demo\] named nixos/);
});

Deno.test("Ctrl-C and Ctrl-D at a question in plain mode end with 130", terminal, async () => {
  for (const key of ["C-c", "C-d"]) {
    await using tool = await ask("confirm");
    await tool.waitFor(/Go on\?/);
    await tool.send(key);
    assert.equal(await tool.exitCode(), 130);
    assert.doesNotMatch(await tool.screen(), /confirmed/);
  }
});

Deno.test("plain mode is also what TERM=dumb and HYPERVISOR_PLAIN ask for", terminal, async () => {
  for (const env of [{ TERM: "dumb" }, { HYPERVISOR_PLAIN: "1" }]) {
    await using tool = await ask("confirm", [], env);
    await tool.waitFor(/Go on\? yes or no/);
  }
});

Deno.test("progress in plain mode is a line at its end, nothing redrawn", terminal, async () => {
  await using tool = await ask("progress");
  await tool.waitFor(/Seen\?/);
  assert.doesNotMatch(await tool.screen(), /Copying/);
  await tool.send("Enter");
  await tool.waitFor(/\[demo\] copied/);
});
