import assert from "node:assert/strict";
import { openLogFile } from "../../lib/program/log_file.ts";
import { Root } from "../../lib/machine/root.ts";
import { scratchMachine } from "../support/scratch_machine.ts";
import { makeFifo } from "../support/scratch_files.ts";

const LOG = "/var/log/hypervisor/demo.log";
/** Rotated at this size (bytes). */
const FULL = 2 * 1024 * 1024;

Deno.test("LogFile.write() is in the file at once, in order, behind what was there", async () => {
  using machine = scratchMachine("rented");
  machine.write(LOG, "of yesterday\n");
  const log = openLogFile(new Root(machine.root), "demo", "text");
  log.write("info", "one");
  log.write("warning", "two {name}");
  const lines = machine.read(LOG).split("\n");
  assert.equal(lines[0], "of yesterday");
  assert.match(lines[1]!, /^\S+Z \[INFO\] one$/);
  assert.match(lines[2]!, /^\S+Z \[WARNING\] two \{name\}$/);
  await log.close();
});

Deno.test("LogFile keeps the five files of before, the newest first, each its owner's alone", async () => {
  using machine = scratchMachine("rented");
  machine.write(LOG, "");
  const log = openLogFile(new Root(machine.root), "demo", "json");
  for (let n = 1; n <= 7; n++) log.write("info", `${n}${"x".repeat(FULL)}`);
  await log.close();
  const first = (path: string) => JSON.parse(machine.read(path)).message[0];
  assert.deepEqual(
    [LOG, ...[1, 2, 3, 4, 5].map((n) => `${LOG}.${n}`)].map(first),
    ["7", "6", "5", "4", "3", "2"],
  );
  const names = [...Deno.readDirSync(machine.host("/var/log/hypervisor"))];
  assert.equal(names.filter(({ name }) => name.startsWith("demo.log")).length, 6);
  assert.equal(Deno.statSync(machine.host(LOG)).mode! & 0o777, 0o600);
});

Deno.test("LogFile grows on where it cannot be rotated", async () => {
  using machine = scratchMachine("rented");
  machine.write(LOG, "");
  // A folder is in the way.
  machine.write(`${LOG}.4`, "");
  machine.write(`${LOG}.5/there`, "");
  const log = openLogFile(new Root(machine.root), "demo", "text");
  for (const text of ["one", "two"]) log.write("info", text + "x".repeat(FULL));
  log.write("info", "three");
  await log.close();
  assert.match(machine.read(LOG), /onex+\n.* twox+\n.* three\n$/);
});

Deno.test("openLogFile() refuses a pipe in the file's place without waiting for it", () => {
  using machine = scratchMachine("rented");
  machine.write("/var/log/hypervisor/.keep", "");
  makeFifo(machine.host(LOG));
  assert.throws(() => openLogFile(new Root(machine.root), "demo", "text"), /is a pipe/);
});
