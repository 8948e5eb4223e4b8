import { deepEqual, equal, rejects } from "node:assert/strict";
import { TransferError } from "../../../lib/git/transfer_error.ts";
import { Mode } from "../../../lib/git/git_objects.ts";
import { endpointsOf } from "../../../lib/github/endpoints.ts";
import { blobHash } from "../../../lib/machine/tree/blob_hash.ts";
import { Remote } from "../../../lib/sync/fetch/remote.ts";
import { testContext } from "../../support/context.ts";
import { commitListing, REPOSITORY, SyncedMachine } from "../synced_machine.ts";

async function withRemote(
  test: (remote: Remote, machine: SyncedMachine) => Promise<void>,
  token?: string,
): Promise<void> {
  await using machine = await SyncedMachine.start({ tokens: ["right"] });
  const ctx = testContext({ env: machine.env as Record<string, string> });
  const given = token === undefined ? undefined : { value: token, source: "a test" };
  using remote = new Remote(ctx, endpointsOf(ctx.env), REPOSITORY, given);
  await test(remote, machine);
}

Deno.test("WholeArchive gives everything of a ref, with its mode, also where the ref has slashes or a token asks", async () => {
  for (const token of [undefined, "right"]) {
    await withRemote(async (remote, { repository }) => {
      using archive = remote.archive("feature/with/slashes");
      const found: string[] = [];
      await archive.receive(({ path, mode, content }) => {
        if (mode !== Mode.Tree) found.push(`${mode.toString(8)} ${blobHash(content)}\t${path}`);
        return undefined;
      });
      // What its .gitattributes leave out and put in is another's to find out.
      const changed = /\t(private\/|version\.txt)/;
      const there = await commitListing(repository.directory, repository.branch);
      deepEqual(
        found.filter((line) => !changed.test(line)).sort(),
        there.filter((line) => !changed.test(line)).sort(),
      );
    }, token);
  }
});

Deno.test("WholeArchive asks once, and says what broke off or was not to be had", async () => {
  await withRemote(async (remote, { server }) => {
    for (
      const fault of [
        { kind: "status", status: 500 },
        { kind: "truncate", after: 200, length: "short" },
        { kind: "content", body: "<html>log in</html>" },
      ] as const
    ) {
      server.faults.set([{ match: { role: "codeload" }, fault }]);
      server.requests.length = 0;
      using archive = remote.archive("main");
      await rejects(archive.receive(() => undefined), TransferError, fault.kind);
      equal(server.requests.filter(({ role }) => role === "codeload").length, 1, fault.kind);
    }
  });
});

Deno.test("WholeArchive that nobody needs fails nobody, and what its taker throws is thrown", async () => {
  await withRemote(async (remote) => {
    remote.archive("main")[Symbol.dispose]();
    remote.archive("no such ref")[Symbol.dispose]();
    using archive = remote.archive("main");
    await rejects(
      archive.receive(() => {
        throw new RangeError("no room for it");
      }),
      /no room for it/,
    );
  });
});
