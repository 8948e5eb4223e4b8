import assert from "node:assert/strict";
import type { Account } from "../../lib/machine/accounts.ts";
import { keyLines, readAuthorizedKeys } from "../../lib/machine/authorized_keys.ts";
import { testContext } from "../support/context.ts";
import { plant, withScratch } from "../support/scratch_files.ts";

const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJfoo alice@laptop";
const OPTIONS =
  `from="192.0.2.0/24,::1",command="echo \\"hi\\"" sk-ssh-ed25519@openssh.com AAAAGnNr x`;
const FILE = "home/alice/.ssh/authorized_keys";

function account(uid = Deno.uid()!): Account {
  return {
    name: "alice",
    uid,
    gid: 100,
    description: "",
    home: "/home/alice",
    shell: "/bin/sh",
    passwordState: "none",
  };
}

Deno.test("keyLines() takes keys of every kind and nothing else", () => {
  const others = [
    "",
    "# " + KEY,
    "ssh-ed25519",
    "root:$6$salt$hash:1::::::",
    "-----BEGIN KEY-----",
  ];
  const keys = [KEY, OPTIONS, "ecdsa-sha2-nistp256 AAAAE2Vj c"];
  assert.deepEqual(keyLines([...others, ...keys].join("\r\n")), keys);
});

Deno.test("readAuthorizedKeys() tells the system's keys from those at home", async () => {
  await withScratch({
    "etc/ssh/authorized_keys.d": { link: "/etc/static/ssh/keys" },
    "etc/static/ssh/keys/alice": `${KEY}\n${OPTIONS}\n`,
    [FILE]: "# none yet\n",
  }, (root) => {
    const ctx = testContext({ root });
    assert.deepEqual(readAuthorizedKeys(ctx, account()), { system: [KEY, OPTIONS], home: false });
    plant(root, { [FILE]: KEY });
    assert.equal(readAuthorizedKeys(ctx, account()).home, true);
    assert.deepEqual(readAuthorizedKeys(ctx, { ...account(), name: "bob" }).system, []);
  });
});

Deno.test("readAuthorizedKeys() follows no link of the user's", async () => {
  await withScratch({ "root/secret": KEY, [FILE]: { link: "../../../root/secret" } }, (root) => {
    assert.equal(readAuthorizedKeys(testContext({ root }), account()).home, false);
  });
  await withScratch({
    "root/.ssh/authorized_keys": KEY,
    "home/alice/.ssh": { link: "../../root/.ssh" },
  }, (root) => {
    assert.equal(readAuthorizedKeys(testContext({ root }), account()).home, false);
  });
});

Deno.test("readAuthorizedKeys() takes no file of a third user", {
  ignore: Deno.uid() !== 0,
}, async () => {
  await withScratch({ [FILE]: KEY }, (root) => {
    Deno.chownSync(`${root}/${FILE}`, 1234, 1234);
    const ctx = testContext({ root });
    assert.equal(readAuthorizedKeys(ctx, account(1000)).home, false);
    assert.equal(readAuthorizedKeys(ctx, account(1234)).home, true);
  });
});

Deno.test("readAuthorizedKeys() does not wait for a pipe, nor read what is no key file", async () => {
  await withScratch({ "home/alice/.ssh/": "" }, async (root) => {
    await new Deno.Command("mkfifo", { args: [`${root}/${FILE}`] }).output();
    assert.equal(readAuthorizedKeys(testContext({ root }), account()).home, false);
    Deno.removeSync(`${root}/${FILE}`);
    plant(root, { [FILE]: KEY });
    Deno.truncateSync(`${root}/${FILE}`, 2 * 1024 * 1024);
    assert.equal(readAuthorizedKeys(testContext({ root }), account()).home, false);
  });
});
