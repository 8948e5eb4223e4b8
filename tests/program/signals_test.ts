import assert from "node:assert/strict";
import { demo } from "../support/demo.ts";
import { startTool } from "../support/executable.ts";
import { hasTmux } from "../support/needs.ts";
import { scratchMachine } from "../support/scratch_machine.ts";
import { openToolTerminal } from "../support/terminal.ts";
import { until, untilGone } from "../support/until.ts";

Deno.test("a signal aborts, lets the work clean up, and ends with 128 + N", async () => {
  for (const [name, code] of [["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 129]] as const) {
    await using tool = startTool(demo, ["--do", "cleanup", "--no-log"]);
    await tool.waitForLine(/waiting/);
    tool.kill(name);
    const result = await tool.result;
    assert.equal(result.code, code);
    assert.equal(result.signal, null);
    assert.equal(result.stdout, "[demo] waiting\n[demo] cleaned up\n");
    assert.equal(
      result.stderr,
      `[demo] warning: ${name}: stopping\n[demo] warning: stopped by ${name}\n`,
    );
  }
});

Deno.test("a signal ends the whole process group of a child", async () => {
  await using tool = startTool(demo, ["--do", "sleeper", "--no-log"]);
  await tool.waitForLine(/pid (\d+)/);
  const pids = () => [...tool.stdout.matchAll(/pid (\d+)/g)].map((match) => Number(match[1]));
  await tool.waitForLine(new RegExp(`pid (?!${pids()[0]}$)\\d+$`));
  tool.kill("SIGTERM");
  assert.equal((await tool.result).code, 143);
  assert.equal(pids().length, 2);
  for (const pid of pids()) await untilGone(pid);
});

Deno.test("after the point of no return signals are reported and change nothing", async () => {
  using machine = scratchMachine("rented");
  await using tool = startTool(demo, ["--do", "activate"], { root: machine.root });
  await tool.waitForLine(/activating/);
  for (const name of ["SIGINT", "SIGHUP", "SIGTERM"] as const) {
    tool.kill(name);
    await tool.waitForLine(new RegExp(`${name} ignored: the activation is under way`));
  }
  machine.write("/done", "");
  assert.equal((await tool.result).code, 0);
  assert.match(machine.read("/var/log/hypervisor/demo.log"), /\[INFO\] activated\n$/);
});

Deno.test("a terminal that goes away in an activation changes nothing", {
  ignore: !hasTmux,
}, async () => {
  using machine = scratchMachine("rented");
  await using terminal = await openToolTerminal(demo, ["--do", "activate"], { root: machine.root });
  await terminal.waitFor(/activating/);
  await terminal.hangup();
  // The log is opened while the tool starts its work.
  const path = "/var/log/hypervisor/demo.log";
  const log = () => machine.exists(path) ? machine.read(path) : "";
  await until("the signal is reported", () => /SIGHUP ignored/.test(log()) || undefined);
  machine.write("/done", "");
  await until("the activation ends", () => /\[INFO\] activated\n$/.test(log()) || undefined);
  await untilGone(terminal.pid);
});

Deno.test("a terminal that goes away at a question ends the program", {
  ignore: !hasTmux,
}, async () => {
  using machine = scratchMachine("rented");
  await using terminal = await openToolTerminal(demo, ["--do", "insist"], { root: machine.root });
  await terminal.waitFor(/Erase it all\?/);
  await terminal.hangup();
  await untilGone(terminal.pid);
  assert.doesNotMatch(machine.read("/var/log/hypervisor/demo.log"), /confirmed/);
});
