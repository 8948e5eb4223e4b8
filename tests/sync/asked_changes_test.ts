import { equal, ok, rejects } from "node:assert/strict";
import type { GitObject } from "../../lib/git/pack_objects.ts";
import { TransferError } from "../../lib/git/transfer_error.ts";
import { endpointsOf } from "../../lib/github/endpoints.ts";
import { AskedChanges } from "../../lib/sync/asked_changes.ts";
import { Remote } from "../../lib/sync/fetch/remote.ts";
import { rootTree } from "../../lib/sync/fetch/target.ts";
import { testContext } from "../support/context.ts";
import { REPOSITORY, SyncedMachine } from "./synced_machine.ts";

/** What is received, by name. */
function memory() {
  const objects = new Map<string, GitObject>();
  return {
    put: (sha: string, object: GitObject) => void objects.set(sha, object),
    get: (sha: string) => objects.get(sha),
    received: (sha: string, kind: GitObject["kind"]) => {
      const found = objects.get(sha);
      return found?.kind === kind ? found.data : undefined;
    },
    count: () => objects.size,
  };
}

async function withRemote(
  test: (remote: Remote, machine: SyncedMachine) => Promise<void>,
): Promise<void> {
  await using machine = await SyncedMachine.start();
  const ctx = testContext({ env: machine.env as Record<string, string> });
  using remote = new Remote(ctx, endpointsOf(ctx.env), REPOSITORY, undefined);
  await test(remote, machine);
}

Deno.test("AskedChanges gives what it has asked for to a store that comes later, and tells how far it is", async () => {
  await withRemote(async (remote, { repository: { second } }) => {
    using asked = new AskedChanges(remote.git, { wants: [second], only: "trees" });
    const store = memory();
    const told: [number, number][] = [];
    await asked.receive(store, (done, total) => told.push([done, total]));
    equal(rootTree(second, store).commit, second);
    ok(told.length > 0 && told.every(([done, total]) => total === store.count() && done <= total));
    equal(remote.http.requests, 1);
  });
});

Deno.test("AskedChanges that nobody needs fail nobody, whether or not the server answers", async () => {
  await withRemote(async (remote, { server, repository: { second } }) => {
    const request = { wants: [second] };
    new AskedChanges(remote.git, request)[Symbol.dispose]();
    server.faults.add({ role: "git" }, { kind: "status", status: 404 });
    {
      using _asked = new AskedChanges(remote.git, request);
    }
    // What is asked after them is answered: nothing of theirs is in the way.
    server.faults.clear();
    using asked = new AskedChanges(remote.git, request);
    await asked.receive(memory(), () => {});
  });
});

Deno.test("AskedChanges say that a commit is not there, and what the store says", async () => {
  await withRemote(async (remote, { repository: { second } }) => {
    using none = new AskedChanges(remote.git, { wants: ["f".repeat(40)] });
    await rejects(
      none.receive(memory(), () => {}),
      (error: TransferError) => error.problem === "absent",
    );
    using full = new AskedChanges(remote.git, { wants: [second] });
    const put = () => {
      throw new Deno.errors.PermissionDenied("the disk is full");
    };
    await rejects(full.receive({ ...memory(), put }, () => {}), /the disk is full/);
  });
});
