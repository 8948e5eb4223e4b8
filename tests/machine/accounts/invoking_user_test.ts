import assert from "node:assert/strict";
import { readAccounts } from "../../../lib/machine/accounts/accounts.ts";
import { invokingUser } from "../../../lib/machine/accounts/invoking_user.ts";
import { testContext } from "../../support/context.ts";
import { withScratch } from "../../support/scratch_files.ts";

const PASSWD =
  "root:x:0:0::/root:/bin/sh\nalice:x:1000:100::/:/bin/sh\nbob:x:1001:100::/:/bin/sh\n";

/** Who is found on a mounted machine with these accounts. */
async function foundWith(env: Record<string, string>): Promise<string> {
  let found = "";
  await withScratch({ "etc/passwd": PASSWD }, (root) => {
    const plain = testContext({ root });
    const ctx = { ...plain, env };
    const user = invokingUser(ctx, readAccounts(ctx));
    found = user?.name ?? "nobody";
  });
  return found;
}

Deno.test("invokingUser() believes sudo, run0 and doas", async () => {
  assert.equal(await foundWith({ SUDO_USER: "alice", SUDO_UID: "1000" }), "alice");
  assert.equal(await foundWith({ SUDO_USER: "alice" }), "alice");
  assert.equal(await foundWith({ DOAS_USER: "bob" }), "bob");
});

Deno.test("invokingUser() prefers a person to root", async () => {
  assert.equal(await foundWith({ SUDO_USER: "root", DOAS_USER: "bob" }), "bob");
  assert.equal(await foundWith({ SUDO_USER: "root", SUDO_UID: "0" }), "root");
});

Deno.test("invokingUser() ignores names that are no account or contradict their UID", async () => {
  assert.equal(await foundWith({ SUDO_USER: "../root" }), "nobody");
  assert.equal(await foundWith({ SUDO_USER: "alice\n", DOAS_USER: "bob" }), "bob");
  assert.equal(await foundWith({ SUDO_USER: "alice", SUDO_UID: "1001" }), "nobody");
  assert.equal(await foundWith({ SUDO_USER: "alice", SUDO_UID: "0x3e8" }), "nobody");
});

Deno.test("invokingUser() takes no UID of this machine for one of a mounted machine", async () => {
  assert.equal(await foundWith({ PKEXEC_UID: "1000" }), "nobody");
});

Deno.test("invokingUser() finds someone on this machine", () => {
  const ctx = testContext();
  const { accounts } = readAccounts(ctx);
  const effective = accounts.find((account) => account.uid === Deno.uid());
  const found = invokingUser({ ...ctx, env: { SUDO_USER: "no such account" } }, {
    ...readAccounts(ctx),
  });
  const login = Number(Deno.readTextFileSync("/proc/self/loginuid"));
  const people = accounts.filter(({ uid }) => uid === login || uid === effective?.uid);
  assert.ok(found && people.some(({ name }) => name === found.name));
  const pkexec = { ...ctx, env: { PKEXEC_UID: String(effective?.uid) } };
  assert.equal(invokingUser(pkexec, readAccounts(ctx)) !== undefined, true);
});
