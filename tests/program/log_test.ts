import assert from "node:assert/strict";
import { demo } from "../support/demo.ts";
import { runTool } from "../support/executable.ts";
import { hasTmux, isRoot } from "../support/needs.ts";
import { openToolTerminal } from "../support/terminal.ts";
import { scratchMachine } from "../support/scratch_machine.ts";

const LOG = "/var/log/hypervisor/demo.log";

Deno.test("the log has every message with time and level; the screen only those asked for", async () => {
  using machine = scratchMachine("rented");
  const { stdout, stderr } = await runTool(demo, ["--do", "greet"], { root: machine.root });
  assert.equal(stdout, "[demo] hello\n");
  assert.equal(stderr, "[demo] warning: careful\n[demo] error: it went wrong\n");
  const lines = machine.read(LOG).trimEnd().split("\n");
  const time = "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z";
  const expected = [
    "[DEBUG] a detail",
    "[INFO] hello",
    "[WARNING] careful",
    "[ERROR] it went wrong",
  ];
  assert.equal(lines.length, expected.length);
  for (const [index, text] of expected.entries()) {
    assert.match(lines[index]!, new RegExp(`^${time} ${text.replace(/[[\]]/g, "\\$&")}$`));
  }
});

Deno.test("a message is broken between words on a terminal only, and one line elsewhere", {
  ignore: !hasTmux,
}, async () => {
  const args = ["--do", "lengthy", "--no-log"];
  const words = "a sentence that goes on for longer than thirty columns";
  const command = "to go back: sudo some command that must be copied whole";
  const { stdout } = await runTool(demo, args);
  assert.equal(stdout, `[demo] ${words}\n[demo] ${command}\n`);
  await using tool = await openToolTerminal(demo, args, { columns: 30 });
  const screen = await tool.waitFor(/^le$/m);
  assert.match(
    screen,
    /^\[demo\] a sentence that goes on\n {2}for longer than thirty\n {2}columns\n/,
  );
  assert.match(screen, /^\[demo\] to go back: sudo some c\nommand that must be copied who\nle$/m);
});

Deno.test("the log file is its owner's alone, and the folder everybody's to list", async () => {
  using machine = scratchMachine("rented");
  await runTool(demo, ["--do", "greet"], { root: machine.root });
  assert.equal(Deno.statSync(machine.host(LOG)).mode! & 0o777, 0o600);
  assert.equal(Deno.statSync(machine.host("/var/log/hypervisor")).mode! & 0o777, 0o755);
});

Deno.test("the log escapes control characters and takes braces as they are", async () => {
  using machine = scratchMachine("rented");
  await runTool(demo, ["--do", "hostile"], { root: machine.root });
  assert.match(machine.read(LOG), /\[INFO\] \\x1b\[31mred\\x1b\[0m \\u\{202e\}bidi \{name\}\n$/);
});

Deno.test("the log is JSON Lines with HYPERVISOR_LOG_FORMAT=json", async () => {
  using machine = scratchMachine("rented");
  await runTool(demo, ["--do", "greet"], {
    root: machine.root,
    env: { HYPERVISOR_LOG_FORMAT: "json" },
  });
  const records = machine.read(LOG).trimEnd().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(records.map(({ level, message }) => [level, message]), [
    ["debug", "a detail"],
    ["info", "hello"],
    ["warning", "careful"],
    ["error", "it went wrong"],
  ]);
  assert.ok(!Number.isNaN(Date.parse(records[0].time)));
});

Deno.test("the log is rotated, so that it never fills the disk", async () => {
  using machine = scratchMachine("rented");
  machine.write(LOG, "x".repeat(2 * 1024 * 1024));
  await runTool(demo, ["--do", "greet"], { root: machine.root });
  assert.match(machine.read(LOG), /^\d{4}-.*\[ERROR\] it went wrong\n$/s);
  assert.equal(machine.read(`${LOG}.1`).length >= 2 * 1024 * 1024, true);
});

Deno.test("a log folder that cannot be made is one warning and no failure", async () => {
  using machine = scratchMachine("rented");
  machine.write("/var/log/hypervisor", "a file where the folder should be");
  const { code, stdout, stderr } = await runTool(demo, ["--do", "nothing"], { root: machine.root });
  assert.equal(code, 0);
  assert.equal(stdout, "");
  assert.match(stderr, /^\[demo\] warning: no log file is written: .+\n$/);
});

Deno.test("a full disk under the log does not end the work", { ignore: !isRoot }, async () => {
  using machine = scratchMachine("rented");
  machine.write("/var/log/hypervisor/.keep", "");
  Deno.symlinkSync("/dev/full", machine.host(LOG));
  const { code, stdout } = await runTool(demo, ["--do", "greet"], { inside: machine.root });
  assert.equal(code, 0);
  assert.equal(stdout, "[demo] hello\n");
});
