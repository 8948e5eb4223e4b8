/** Commits that are synced only when the right people have signed them: real keys, real signatures. */
import { deepEqual, equal, match } from "node:assert/strict";
import { hasCommand, need } from "../support/needs.ts";
import { forget, gpgKey, signedCommit, type SigningKey, sshKey } from "../support/signing.ts";
import { git } from "../support/repositories.ts";
import { SyncedMachine } from "../sync/synced_machine.ts";

const hasSsh = need(hasCommand("ssh-keygen"), "ssh-keygen is not installed: no SSH signatures");
const hasGpg = need(hasCommand("gpg"), "gpg is not installed: no gpg signatures are tried");
const ALICE = "alice@example.org";

/** A machine, and where its signers are told. */
async function start() {
  const machine = await SyncedMachine.start();
  const keys = `${machine.directory}/keys`;
  Deno.mkdirSync(keys, { mode: 0o700 });
  const file = `${keys}/signers`;
  return {
    machine,
    keys,
    file,
    directory: machine.repository.directory,
    allow: (key: SigningKey) => Deno.writeFileSync(file, key.signers, { mode: 0o644 }),
    [Symbol.asyncDispose]: () => machine[Symbol.asyncDispose](),
  };
}

Deno.test("smart-sync --signed-by takes what the signers have signed, and nothing else", {
  ignore: !hasSsh,
}, async () => {
  await using all = await start();
  const { machine, keys, file, directory } = all;
  const { first, second } = machine.repository;
  const [alice, mallory] = [await sshKey(keys, ALICE), await sshKey(keys, "mallory@example.org")];
  all.allow(alice);
  const signed = ["--signed-by", file];

  const one = await signedCommit(directory, { tree: first, by: alice });
  const summary = await machine.summary(signed);
  equal(summary.signer, ALICE);
  equal(summary.commit, one);
  await machine.expectCommit(one);

  const refused = async (commit: string, reason: RegExp) => {
    for (const args of [["--check-only"], ["--dry-run"], [], ["--force-full"]]) {
      const { stderr } = await machine.expect(6, [...args, ...signed]);
      match(stderr, reason);
      match(stderr, new RegExp(commit.slice(0, 12)));
    }
    await machine.expectCommit(one);
    equal(machine.stateCommit, one);
  };
  const unsigned = await signedCommit(directory, { tree: second, parents: [one] });
  await refused(unsigned, /is signed by nobody of .*: it has no signature/);
  const other = await signedCommit(directory, { tree: second, parents: [one], by: mallory });
  await refused(other, /is signed by nobody of .*: by a key that is not there/);
  const altered = (await git(directory, ["cat-file", "commit", one]))
    .replace(/^tree .*$/m, `tree ${await git(directory, ["rev-parse", `${second}^{tree}`])}`)
    .replace("author", `parent ${one}\nauthor`) + "\n";
  const forged = await git(
    directory,
    ["hash-object", "-w", "-t", "commit", "--stdin"],
    new TextEncoder().encode(altered),
  );
  await git(directory, ["update-ref", "refs/heads/main", forged]);
  await refused(forged, /is signed by nobody of .*: its signature does not fit it/);

  // Several at a time, of which the last one is signed, and a merge.
  const side = await signedCommit(directory, { tree: first, parents: [one], branch: "side" });
  const two = await signedCommit(directory, {
    tree: second,
    parents: [unsigned, side],
    by: alice,
  });
  equal((await machine.summary(signed)).commit, two);
  await machine.expectCommit(two);
  // Nothing new is verified as well, by one request more.
  const again = await machine.summary(signed);
  deepEqual([again.changed, again.signer, again.requests], [false, ALICE, 2]);
});

Deno.test("smart-sync --signed-by refuses a history that was rewritten, unless --repo says so", {
  ignore: !hasSsh,
}, async () => {
  await using all = await start();
  const { machine, keys, file, directory } = all;
  const { first, second } = machine.repository;
  const alice = await sshKey(keys, ALICE);
  all.allow(alice);
  const signed = ["--signed-by", file];
  const one = await signedCommit(directory, { tree: first, by: alice });
  const two = await signedCommit(directory, { tree: second, parents: [one], by: alice });
  await machine.expect(0, signed);
  await machine.expectCommit(two);

  const rewritten = await signedCommit(directory, { tree: first, parents: [one], by: alice });
  for (const ref of [[], ["--ref", one]]) {
    const { stderr } = await machine.expect(6, [...signed, ...ref]);
    match(stderr, new RegExp(`does not come after ${two.slice(0, 12)}`));
    await machine.expectCommit(two);
  }
  // The server has forgotten what the tree is.
  await git(directory, ["reflog", "expire", "--expire=now", "--all"]);
  await git(directory, ["prune", "--expire=now"]);
  match((await machine.expect(6, signed)).stderr, /does not come after/);

  equal((await machine.summary([...signed, "--repo", "owner/awkward"])).commit, rewritten);
  await machine.expectCommit(rewritten);
});

for (const armour of [true, false]) {
  Deno.test(`smart-sync --signed-by takes exported gpg keys (${armour ? "text" : "binary"})`, {
    ignore: !hasGpg || !hasSsh,
  }, async () => {
    await using all = await start();
    const { machine, keys, file, directory } = all;
    const { first, second } = machine.repository;
    const bob = await gpgKey(keys, "bob@example.org", { armour });
    const eve = await gpgKey(keys, "eve@example.org", { armour });
    try {
      all.allow(bob);
      const one = await signedCommit(directory, { tree: first, by: bob });
      const summary = await machine.summary(["--signed-by", file]);
      deepEqual([summary.commit, summary.signer], [one, "Test <bob@example.org>"]);
      await signedCommit(directory, { tree: second, parents: [one], by: eve });
      const stranger = await machine.expect(6, ["--signed-by", file]);
      match(stranger.stderr, /by a key that is not there/);
      // A signature of the other kind is by nobody, although ssh-keygen is there.
      const alice = await sshKey(keys, ALICE);
      await signedCommit(directory, { tree: second, parents: [one], by: alice });
      await machine.expect(6, ["--signed-by", file]);
      await machine.expectCommit(one);
    } finally {
      await forget(bob);
      await forget(eve);
    }
  });
}

Deno.test(
  "smart-sync takes the machine's own signers when none are named, and --no-signed-by none",
  {
    ignore: !hasSsh,
  },
  async () => {
    await using all = await start();
    const { machine, keys, directory } = all;
    const { first, second } = machine.repository;
    const alice = await sshKey(keys, ALICE);
    const one = await signedCommit(directory, { tree: first, by: alice });
    await machine.expect(0);
    Deno.writeFileSync(`${machine.root}/etc/hypervisor/signers`, alice.signers, { mode: 0o644 });
    const { stdout } = await machine.expect(0);
    match(stdout, new RegExp(`commit ${one.slice(0, 12)} is signed by ${ALICE}`));
    const two = await signedCommit(directory, { tree: second, parents: [one] });
    match((await machine.expect(6)).stderr, /is signed by nobody of \/etc\/hypervisor\/signers/);
    equal((await machine.summary(["--no-signed-by"])).commit, two);
  },
);

Deno.test("smart-sync refuses signers that are missing, empty, or others could have written", {
  ignore: !hasSsh,
}, async () => {
  await using all = await start();
  const { machine, keys, file } = all;
  await machine.expect(4, ["--signed-by", `${keys}/none`]);
  Deno.writeTextFileSync(file, "# nobody\n\n");
  match((await machine.expect(6, ["--signed-by", file])).stderr, /holds no signers/);
  all.allow(await sshKey(keys, ALICE));
  Deno.chmodSync(file, 0o666);
  match((await machine.expect(3, ["--signed-by", file])).stderr, /can be written by everyone/);
  equal(machine.hasTree, false);
});

Deno.test("smart-sync --signed-by needs git's own protocol", { ignore: !hasSsh }, async () => {
  await using all = await start();
  const { machine, keys, file, directory } = all;
  const alice = await sshKey(keys, ALICE);
  all.allow(alice);
  await signedCommit(directory, { tree: machine.repository.first, by: alice });
  machine.server.faults.set([{ match: { role: "git" }, fault: { kind: "status", status: 404 } }]);
  const { stderr } = await machine.expect(5, ["--signed-by", file]);
  match(stderr, /signatures come by git's own protocol only/);
  equal(machine.hasTree, false);
});
