import assert from "node:assert/strict";
import { carriedUser, carryUsers } from "../../../lib/install/carry/carry_users.ts";
import { optionPath } from "../../../lib/install/carry/setting.ts";
import type { AccountFacts } from "../../../lib/nix/evaluation/configuration_facts.ts";
import { accountFacts } from "../../support/facts.ts";

function carried(declared: Partial<AccountFacts> | undefined): Record<string, unknown> {
  const account = {
    name: "git",
    uid: 1005,
    gid: 100,
    description: "",
    home: "/srv/git",
    shell: "/run/current-system/sw/bin/bash",
    passwordState: "none" as const,
  };
  const accounts = { accounts: [account], groups: [], shadowReadable: true, warnings: [] };
  const facts = declared && accountFacts({ name: "git", ...declared });
  const user = carriedUser(accounts, account, facts, { system: [], home: false });
  const own = carryUsers([user], accounts, undefined).map((one) =>
    [optionPath(one), one.value] as const
  );
  return Object.fromEntries(own.filter(([name]) => /createHome|homeMode|linger/.test(name)));
}

Deno.test("carryUsers() has no activation take over a folder that NixOS did not make", () => {
  assert.deepEqual(carried(undefined), { "users.users.git.createHome": false });
  assert.deepEqual(carried({ createHome: false }), { "users.users.git.createHome": false });
  assert.deepEqual(carried({ createHome: true, homeMode: "700" }), {});
  assert.deepEqual(carried({ createHome: true, homeMode: "755", linger: true }), {
    "users.users.git.linger": true,
    "users.users.git.homeMode": "755",
  });
});
