import assert from "node:assert/strict";
import type { Account } from "../../../lib/machine/accounts/accounts.ts";
import { keyLines, readAuthorizedKeys } from "../../../lib/machine/accounts/authorized_keys.ts";
import { testContext } from "../../support/context.ts";
import { isRoot } from "../../support/needs.ts";
import { makeFifo, plant, withScratch } from "../../support/scratch_files.ts";

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
  }, async (root) => {
    const ctx = testContext({ root });
    assert.deepEqual(await readAuthorizedKeys(ctx, account()), {
      system: [KEY, OPTIONS],
      home: false,
    });
    plant(root, { [FILE]: KEY });
    assert.equal((await readAuthorizedKeys(ctx, account())).home, true);
    assert.deepEqual((await readAuthorizedKeys(ctx, { ...account(), name: "bob" })).system, []);
  });
});

Deno.test(
  "readAuthorizedKeys() follows links as sshd does, to what the user may read and no further",
  {
    ignore: !isRoot,
  },
  async () => {
    await withScratch({
      "run/keys": KEY,
      [FILE]: { link: "../../../run/keys" },
      "home/bob/.ssh": { link: "../../root" },
      "root/authorized_keys": KEY,
    }, async (root) => {
      for (const path of ["", "/home", "/home/alice", "/home/alice/.ssh", "/run", "/home/bob"]) {
        Deno.chmodSync(root + path, 0o755);
      }
      Deno.chmodSync(`${root}/root`, 0o700);
      Deno.chmodSync(`${root}/run/keys`, 0o644);
      const ctx = testContext({ root });
      const home = async (user: Account) => (await readAuthorizedKeys(ctx, user)).home;
      assert.equal(await home(account(1000)), true);
      Deno.chmodSync(`${root}/run/keys`, 0o600);
      assert.equal(await home(account(1000)), false);
      assert.equal(await home({ ...account(1001), name: "bob", home: "/home/bob" }), false);
    });
  },
);

Deno.test("readAuthorizedKeys() takes no file of a third user", {
  ignore: Deno.uid() !== 0,
}, async () => {
  await withScratch({ [FILE]: KEY }, async (root) => {
    for (const path of ["", "/home", "/home/alice", "/home/alice/.ssh"]) {
      Deno.chmodSync(root + path, 0o755);
    }
    Deno.chownSync(`${root}/${FILE}`, 1234, 1234);
    const ctx = testContext({ root });
    assert.equal((await readAuthorizedKeys(ctx, account(1000))).home, false);
    assert.equal((await readAuthorizedKeys(ctx, account(1234))).home, true);
  });
});

Deno.test("readAuthorizedKeys() does not wait for a pipe, nor read what is no key file", async () => {
  await withScratch({ "home/alice/.ssh/": "" }, async (root) => {
    makeFifo(`${root}/${FILE}`);
    assert.equal((await readAuthorizedKeys(testContext({ root }), account())).home, false);
    Deno.removeSync(`${root}/${FILE}`);
    plant(root, { [FILE]: KEY });
    Deno.truncateSync(`${root}/${FILE}`, 2 * 1024 * 1024);
    assert.equal((await readAuthorizedKeys(testContext({ root }), account())).home, false);
  });
});
