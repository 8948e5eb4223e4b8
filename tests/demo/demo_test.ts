/** The demo as somebody starts it who has neither root nor Nix. */
import assert from "node:assert/strict";
import { runTool, startTool } from "../support/executable.ts";
import { hasCommand } from "../support/has_command.ts";
import { hasNix, hasSetpriv, isRoot } from "../support/needs.ts";
import { recordAnswers, storedAnswers } from "./record.ts";

const MAIN = new URL("./main.ts", import.meta.url).pathname;
/** Where this is root, the demo runs as somebody else. */
const SOMEBODY = isRoot && hasSetpriv ? { uid: 65534 } : {};

Deno.test("the demo goes as its story says, and leaves nothing behind", async () => {
  const { code, stdout, stderr } = await runTool(MAIN, [], { ...SOMEBODY });
  assert.equal(code, 0, stdout + stderr);
  assert.match(stdout, /^\$ system-installer --source Hyper-NixOS --action/m);
  assert.match(stdout, /^\[smart-sync\] synced to main/m);
  assert.match(stdout, /^✓ The tree is the new commit, and the edit is in the backup/m);
  assert.match(stdout, /configuration: 0777 of user 0 →\s+0755 of root/);
  assert.match(stdout, /^✓ The update failed before anything was activated/m);
  assert.match(stdout, /^✓ Undone: \d+ files, folders and links are as before/m);
  assert.doesNotMatch(stderr, /SKIPPING/);
  assertGone(stdout);
});

Deno.test("the demo goes to its end without namespaces, with the machine mounted", async () => {
  const options = { ...SOMEBODY };
  const { code, stdout, stderr } = await runTool(MAIN, ["--mounted"], options);
  assert.equal(code, 0, stdout + stderr);
  assert.match(stdout, /^\$ export HYPERVISOR_ROOT=\/tmp\/hyper-nixos-demo-/m);
  assert.match(stdout, /^✓ Undone: \d+ files, folders and links are as before/m);
  assertGone(stdout);
});

Deno.test("the demo says what is missing, and what it does not understand", async () => {
  const none = Deno.makeTempDirSync();
  const without = await runTool(MAIN, [], { env: { PATH: none } });
  Deno.removeSync(none);
  assert.equal(without.code, 2);
  assert.match(without.stderr, /needs git/);
  const wrong = await runTool(MAIN, ["--kep"]);
  assert.equal(wrong.code, 4);
  assert.match(wrong.stderr, /--kep[^]*Usage: deno task demo/);
  const help = await runTool(MAIN, ["--", "--help"]);
  assert.equal(help.code, 0);
  assert.match(help.stdout, /^ {2}--keep /m);
});

Deno.test("the demo ends at Ctrl-C and takes its machine away", async () => {
  await using running = startTool(MAIN, ["--mounted"]);
  await running.waitForLine(/^\$ system-installer/);
  // As a terminal does: everybody in the foreground.
  Deno.kill(-running.pid, "SIGINT");
  const { code, stdout } = await running.result;
  assert.equal(code, 130);
  assertGone(stdout);
});

Deno.test("the demo stops when nobody reads on, and takes its machine away", async () => {
  await using running = startTool(MAIN, ["--mounted"]);
  await running.waitForLine(/^\$ export/);
  await running.closeOutput();
  const { code } = await running.result;
  assert.equal(code, 141);
  assertGone(running.stdout);
});

Deno.test({
  name: "the demo's Nix stand-in answers what Nix answers",
  ignore: !hasNix || !hasCommand("nix-instantiate"),
  fn: async () => {
    const hint = "run: deno run -A tests/demo/record.ts";
    assert.deepEqual(await recordAnswers(), await storedAnswers(), hint);
  },
});

function assertGone(output: string): void {
  const folder = /\/tmp\/hyper-nixos-demo-\w+/.exec(output)?.[0];
  assert.ok(folder, output);
  assert.throws(() => Deno.statSync(folder), Deno.errors.NotFound);
}
