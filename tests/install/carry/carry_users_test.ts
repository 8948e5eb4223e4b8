import assert from "node:assert/strict";
import { carriedUser, carryUsers } from "../../../lib/install/carry/carry_users.ts";
import { optionPath } from "../../../lib/install/carry/setting.ts";
import type {
  AccountFacts,
  ConfigurationFacts,
} from "../../../lib/nix/evaluation/configuration_facts.ts";
import { accountFacts, configurationFacts } from "../../support/facts.ts";

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

Deno.test("carryUsers() keeps passwordless sudo only for who has no password to type", () => {
  const people = (["none", "locked", "hash", "empty"] as const).map((passwordState, index) => ({
    name: passwordState,
    uid: 1000 + index,
    gid: 100,
    description: "",
    home: `/home/${passwordState}`,
    shell: "/run/current-system/sw/bin/bash",
    passwordState,
  }));
  const wheel = { name: "wheel", gid: 1, members: people.map(({ name }) => name) };
  const accounts = { accounts: people, groups: [wheel], shadowReadable: true, warnings: [] };
  const users = people.map((person) =>
    carriedUser(accounts, person, undefined, { system: [], home: false })
  );
  const rules = (change: (facts: ConfigurationFacts) => void) =>
    carryUsers(users, accounts, configurationFacts(change))
      .filter((one) => optionPath(one) === "security.sudo.extraRules")
      .map(({ value }) => value);
  const rule = { users: ["none", "locked"], commands: [{ command: "ALL", options: ["NOPASSWD"] }] };
  assert.deepEqual(rules((facts) => facts.sudo.wheelNeedsPassword = false), [[rule]]);
  assert.deepEqual(rules((facts) => facts.sudo.wheelNeedsPassword = true), []);
});

Deno.test("carryUsers() writes the same groups once they are the account's own", () => {
  const person = {
    name: "ana",
    uid: 1000,
    gid: 100,
    description: "",
    home: "/home/ana",
    shell: "/run/current-system/sw/bin/bash",
    passwordState: "hash" as const,
  };
  const groupsWith = (names: readonly string[]) => {
    const groups = names.map((name, gid) => ({ name, gid: gid + 1, members: ["ana"] }));
    const accounts = { accounts: [person], groups, shadowReadable: true, warnings: [] };
    const user = carriedUser(accounts, person, undefined, { system: [], home: false });
    return carryUsers([user], accounts, undefined)
      .find((one) => optionPath(one) === "users.users.ana.extraGroups")?.value;
  };
  const first = groupsWith(["wheel", "dialout"]) as string[];
  assert.deepEqual(first, ["dialout", "wheel", "kvm", "libvirtd", "video", "input"]);
  // In the order of /etc/group, as NixOS writes it.
  assert.deepEqual(groupsWith(["wheel", "video", "dialout", "libvirtd", "input", "kvm"]), first);
});
