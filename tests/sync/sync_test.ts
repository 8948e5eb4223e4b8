import { rejects } from "node:assert/strict";
import { beginSync } from "../../lib/sync/begin.ts";
import { syncTree } from "../../lib/sync/sync.ts";
import { testContext } from "../support/context.ts";
import { isRoot } from "../support/needs.ts";
import { REPOSITORY, SyncedMachine } from "./synced_machine.ts";

Deno.test({
  name: "syncTree() leaves nothing behind when the answer is a failure before all is loaded",
  ignore: !isRoot,
  fn: async () => {
    await using machine = await SyncedMachine.start();
    const { first } = machine.repository;
    await machine.expect(0, ["--ref", first]);
    await Deno.writeTextFile(`${machine.tree}/README.md`, "mine\n");
    machine.server.faults.set([{ match: {}, fault: { kind: "status", status: 451, body: "" } }]);
    const ctx = testContext({
      root: machine.root,
      env: { ...machine.env, HOME: machine.directory },
    });
    const options = { ref: "main", repo: REPOSITORY };
    const begun = await beginSync(ctx, options);
    await rejects(begun.resolving);
    // In this file nothing has loaded yet what makes a folder early.
    await rejects(syncTree(ctx, options, Promise.resolve(begun)), /451/);
    await import("../../lib/sync/difference.ts");
    await new Promise((resolve) => setTimeout(resolve, 0));
    machine.expectNoLeftovers();
  },
});
