import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { TransferError } from "../../../lib/git/transfer_error.ts";
import { endpointsOf } from "../../../lib/github/endpoints.ts";
import type { ToolError } from "../../../lib/machine/tool_error.ts";
import { Remote } from "../../../lib/sync/fetch/remote.ts";
import { testContext } from "../../support/context.ts";
import { git } from "../../support/repositories.ts";
import { REPOSITORY, SyncedMachine } from "../synced_machine.ts";

function remoteOf(machine: SyncedMachine, repository = REPOSITORY) {
  const ctx = testContext({
    env: machine.env as Record<string, string>,
    now: () => new Date("2026-01-01T23:50:00Z"),
  });
  return { ctx, remote: new Remote(ctx, endpointsOf(ctx.env), repository, undefined) };
}

const NO_GIT = { match: { role: "git" }, fault: { kind: "status", status: 404 } } as const;

Deno.test("resolve() knows a commit by all that people write for it, with git's protocol and without", async () => {
  await using machine = await SyncedMachine.start();
  const { directory, first, second, branch } = machine.repository;
  // Names that look like the beginning of a SHA, and one that is the beginning of another.
  const names = {
    "refs/heads/feed": first,
    "refs/heads/cafe123": branch,
    "refs/heads/main2": branch,
  };
  for (const [name, sha] of Object.entries(names)) await git(directory, ["update-ref", name, sha]);
  for (const faults of [[], [NO_GIT]]) {
    machine.server.faults.set(faults);
    for (
      const [ref, commit] of [
        ["main", second],
        ["refs/heads/main", second],
        ["heads/main", second],
        ["HEAD", second],
        ["main2", branch],
        ["feature/with/slashes", branch],
        ["v1", first],
        ["tags/v1", first],
        ["refs/tags/light", first],
        ["feed", first],
        ["cafe123", branch],
        [second.slice(0, 7), second],
        [second, second],
        [second.toUpperCase(), second],
      ] as const
    ) {
      const { remote } = remoteOf(machine);
      using _ = remote;
      equal((await remote.resolve(ref)).commit, commit, `${ref} ${faults.length}`);
    }
  }
});

Deno.test("resolve() says of an unknown ref what is near it, and of an unknown repository where to look", async () => {
  await using machine = await SyncedMachine.start();
  const fails = async (ref: string, repository?: string) => {
    const { remote } = remoteOf(machine, repository);
    using _ = remote;
    let found: ToolError | undefined;
    await rejects(remote.resolve(ref), (error: ToolError) => {
      found = error;
      return error.code === 4;
    });
    return `${found!.message}: ${found!.hint}`;
  };
  match(await fails("mian"), /has no branch, tag or commit "mian": did you mean --ref main\?/);
  match(await fails("zzzzzzzz"), /: see its branches: http:.*owner\/awkward\/branches$/);
  match(await fails("deadbeef"), /has no branch, tag or commit "deadbeef"/);
  match(
    await fails("main", "owner/none"),
    /owner\/none has no "main", or there is no such repository/,
  );
  machine.server.faults.set([NO_GIT]);
  match(await fails("mian"), /has no "mian", or there is no such repository for you: look at http/);
});

Deno.test("resolve() says which is taken where a branch and a tag have one name", async () => {
  await using machine = await SyncedMachine.start();
  const { directory, first, second } = machine.repository;
  await git(directory, ["update-ref", "refs/heads/light", second]);
  const { ctx, remote } = remoteOf(machine);
  using _ = remote;
  deepEqual(await remote.resolve("light"), { commit: second, by: "git" });
  match(
    ctx.messages("warn").join(),
    /"light" is a branch and a tag; the branch is taken \(tags\/light/,
  );
  equal((await remote.resolve("tags/light")).commit, first);
});

Deno.test("failure() says of each problem what can be done about it", async () => {
  await using machine = await SyncedMachine.start();
  const { remote } = remoteOf(machine);
  using _ = remote;
  const said = (error: TransferError) => {
    const { code, message, hint } = remote.failure(error);
    return `${code}: ${message}; ${hint}`;
  };
  const limited = new TransferError("limited", "slow down", { retryAfter: 15 * 60_000 });
  match(
    said(limited),
    /^5: GitHub's rate limit is used up until 00:05 UTC: slow down; .*GITHUB_TOKEN/,
  );
  match(said(new TransferError("limited", "x")), /^5: GitHub's rate limit is used up: x; /);
  match(said(new TransferError("forbidden", "x")), /^3: no access to owner\/awkward: x; .*private/);
  match(
    said(new TransferError("network", "a\u001b[2J")),
    /^5: .* cannot be downloaded: a\\x1b\[2J; .*curl -I/,
  );
  match(
    said(new TransferError("large", "f is too large")),
    /^6: what the server sends is refused: f is/,
  );
});
