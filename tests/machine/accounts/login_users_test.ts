import assert from "node:assert/strict";
import { readAccounts } from "../../../lib/machine/accounts/accounts.ts";
import { loginUsers } from "../../../lib/machine/accounts/login_users.ts";
import { testContext } from "../../support/context.ts";
import { withScratch } from "../../support/scratch_files.ts";

Deno.test("loginUsers() takes root and people, and says why not the others", async () => {
  const lines = [
    "root:x:0:0::/root:/bin/sh",
    "toor:x:0:0::/root:/bin/sh",
    "sshd:x:999:999::/:/bin/sh",
    "alice:x:1000:100::/home/alice:/run/current-system/sw/bin/zsh",
    "noshell:x:1001:100::/:",
    "nologin:x:1002:100::/:/run/current-system/sw/bin/nologin",
    "false:x:1003:100::/:/bin/false",
    "nixbld1:x:30001:30000::/:/bin/sh",
    "nixbuilder:x:1004:100::/:/bin/sh",
    "last:x:65533:100::/:/bin/sh",
    "nobody:x:65534:65534::/:/bin/sh",
    "systemd:x:65535:65535::/:/bin/sh",
  ];
  await withScratch({ "etc/passwd": lines.join("\n") }, (root) => {
    const { migratable, excluded } = loginUsers(readAccounts(testContext({ root })));
    assert.deepEqual(
      migratable.map((one) => one.name),
      ["root", "alice", "noshell", "nixbuilder", "last"],
    );
    assert.deepEqual(Object.fromEntries(excluded.map((one) => [one.name, one.reason])), {
      toor: "a system account (uid below 1000)",
      sshd: "a system account (uid below 1000)",
      nologin: "no login shell (/run/current-system/sw/bin/nologin)",
      false: "no login shell (/bin/false)",
      nixbld1: "a build user of Nix",
      nobody: "nobody is nobody's account",
      systemd: "not a person's account (uid above 65533)",
    });
  });
});
