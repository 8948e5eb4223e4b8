import assert from "node:assert/strict";
import { endpointsOf, parseRepository } from "../../../lib/github/endpoints.ts";
import type { ToolError } from "../../../lib/machine/tool_error.ts";
import { Remote } from "../../../lib/sync/fetch/remote.ts";
import { requireSigned } from "../../../lib/sync/signature/signed_commit.ts";
import { testContext } from "../../support/context.ts";
import { hasCommand, need } from "../../support/needs.ts";
import { git } from "../../support/repositories.ts";
import { signedCommit, sshKey } from "../../support/signing.ts";
import { REPOSITORY, SyncedMachine } from "../synced_machine.ts";

const hasSsh = need(hasCommand("ssh-keygen"), "ssh-keygen is not installed: no SSH signatures");

Deno.test("requireSigned() holds what is synced to the commit that was verified", {
  ignore: !hasSsh,
}, async () => {
  await using machine = await SyncedMachine.start();
  const { directory, first, second } = machine.repository;
  const alice = await sshKey(machine.directory, "alice@example.org");
  const path = `${machine.directory}/signers`;
  Deno.writeFileSync(path, alice.signers);
  const commit = await signedCommit(directory, { tree: first, by: alice });
  const tree = await git(directory, ["rev-parse", `${commit}^{tree}`]);
  const other = await git(directory, ["rev-parse", `${second}^{tree}`]);

  const ctx = testContext({ root: machine.root, env: machine.env as Record<string, string> });
  using remote = new Remote(ctx, endpointsOf(ctx.env), parseRepository(REPOSITORY), undefined);
  const signers = { name: "signers", path, kind: "ssh" as const };
  const wanted = { commit, previous: undefined };
  const signed = await requireSigned(ctx, remote, wanted, signers);
  assert.equal(signed.signer, "alice@example.org");
  signed.requireOf({ commit, tree });
  for (const manifest of [{ commit, tree: other }, { commit: first, tree }]) {
    assert.throws(() => signed.requireOf(manifest), (error: ToolError) => error.code === 6);
  }

  const without = Object.assign(ctx.run, { which: () => undefined });
  await assert.rejects(
    requireSigned({ ...ctx, run: without }, remote, wanted, signers),
    (error: ToolError) => error.code === 2 && /git and ssh-keygen, not found/.test(error.message),
  );
  // Nothing is left of what git was given.
  assert.deepEqual(
    [...Deno.readDirSync(machine.directory)].map(({ name }) => name).filter((name) =>
      name.startsWith("hyper-nixos-signature-")
    ),
    [],
  );
});
