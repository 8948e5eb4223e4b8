import { equal, match, rejects } from "node:assert/strict";
import { EarlySync } from "../../lib/sync/early_sync.ts";
import { testContext } from "../support/context.ts";
import { REPOSITORY, SyncedMachine } from "./synced_machine.ts";

function env(machine: SyncedMachine): Record<string, string> {
  const { HYPERVISOR_REPO: _, ...rest } = machine.env;
  return { HOME: machine.directory, ...rest } as Record<string, string>;
}

Deno.test("EarlySync asks what a ref means before there is a context, and only once", async () => {
  await using machine = await SyncedMachine.start();
  const options = { ref: "main", repo: REPOSITORY, dryRun: true };
  const early = new EarlySync(machine.root, env(machine), options);
  const ctx = testContext({ root: machine.root, env: env(machine) });
  using begun = await early.adopt(ctx);
  equal((await begun.resolving).commit, machine.repository.second);
  equal(machine.server.requests.length, 1);
  equal(begun.archive, undefined);
});

Deno.test("EarlySync asks for the archive as well, when there is no tree and one will be written", async () => {
  await using machine = await SyncedMachine.start();
  const options = { ref: "main", repo: REPOSITORY };
  const begin = async () => {
    const early = new EarlySync(machine.root, env(machine), options);
    return await early.adopt(testContext({ root: machine.root, env: env(machine) }));
  };
  using begun = await begin();
  const paths: string[] = [];
  await begun.archive!.receive(({ path }) => void paths.push(path));
  equal(paths.includes("flake.nix"), true);

  await Deno.mkdir(machine.tree, { recursive: true });
  await Deno.writeTextFile(`${machine.tree}/flake.nix`, "{ }");
  using other = await begin();
  equal(other.archive, undefined);
});

Deno.test("EarlySync keeps what is said and stops when its context is aborted", async () => {
  await using machine = await SyncedMachine.start();
  const token = `${machine.directory}/.config/github/token`;
  await Deno.mkdir(`${machine.directory}/.config/github`, { recursive: true });
  await Deno.writeTextFile(token, "not a token\n");
  machine.server.faults.set([{ match: { role: "git" }, fault: { kind: "stall" } }]);
  const options = { ref: "main", repo: REPOSITORY };
  const early = new EarlySync(machine.root, env(machine), options);
  const ctx = testContext({ root: machine.root, env: env(machine) });
  using begun = await early.adopt(ctx);
  equal(ctx.messages("warn").length, 1);
  match(ctx.messages("warn")[0]!, /token is not used/);
  ctx.abort(new Error("stop"));
  await rejects(begun.resolving, /stop/);
});
