import { equal, match } from "node:assert/strict";
import { SyncedMachine } from "./synced_machine.ts";

Deno.test("smart-sync updates a tree whose commit was never pushed", async () => {
  await using machine = await SyncedMachine.start();
  const { second } = machine.repository;
  await machine.expect(0, ["--ref", "v1"]);
  // As system-installer leaves it for a source with a commit of one's own.
  const state = `${machine.root}/var/lib/hyper-nixos/sync/state.json`;
  const seeded = JSON.parse(Deno.readTextFileSync(state));
  seeded.commit = "0123456789abcdef0123456789abcdef01234567";
  Deno.writeTextFileSync(state, JSON.stringify(seeded));
  Deno.removeSync(`${machine.root}/var/lib/hyper-nixos/sync/index`);

  const { stderr } = await machine.expect(4, ["--ref", "f".repeat(40)]);
  match(stderr, /has no branch, tag or commit "f{40}"/);
  await machine.expect(0);
  equal(machine.stateCommit, second);
});
