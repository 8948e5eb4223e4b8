/** Who works at the console of a workstation still logs in and becomes root. */
import { deepEqual, match, ok } from "node:assert/strict";
import type { ConfigurationFacts } from "../../../lib/nix/evaluation/configuration_facts.ts";
import type { MachineNow } from "../../../lib/rebuild/proofs/machine_now.ts";
import { proofQuestion } from "../../../lib/rebuild/proofs/proof_question.ts";
import { proveAll } from "../../../lib/rebuild/proofs/registry.ts";
import {
  accountFacts,
  accountState,
  configurationFacts,
  rentedServerNow,
} from "../../support/facts.ts";
import { type Change, refused } from "./refused.ts";

/** A workstation at which alice works, in wheel, with a password. */
function workstation(change: Change = () => {}): ConfigurationFacts {
  return configurationFacts((f) => {
    f.users.accounts.push(accountFacts({
      name: "alice",
      uid: 1000,
      isNormalUser: true,
      extraGroups: ["wheel"],
      password: "file",
      passwordFile: "/secret/alice",
    }));
    change(f);
  });
}

function atWorkstation(changes: Partial<MachineNow> = {}): MachineNow {
  return {
    at: rentedServerNow().at,
    has: () => true,
    shells: [],
    session: { kind: "console" },
    person: "alice",
    accounts: [
      accountState({ name: "root", uid: 0, home: "/root", password: "none", groups: ["root"] }),
      accountState({ name: "alice", groups: ["users", "wheel"] }),
    ],
    declaredBefore: ["root", "alice"],
    keyFiles: {},
    passwordFiles: { "/secret/alice": "hash" },
    interfaces: [],
    gateways: [],
    disks: rentedServerNow().disks,
    ...changes,
  };
}

const alice = (facts: ConfigurationFacts) => facts.users.accounts[1]!;

Deno.test("proveAll() proves that alice at the console logs in and becomes root", () => {
  const verdicts = proveAll(proofQuestion(workstation(), workstation(), atWorkstation()));
  deepEqual(verdicts.map(({ id, ok, why }) => [id, ok, why]), [
    ["login", true, "with a password"],
    ["root", true, "through sudo with alice's password"],
  ]);
});

const lockedOut: readonly (readonly [what: string, change: Change, remedy: RegExp])[] = [
  [
    "alice removed",
    (f) => f.users.accounts.pop(),
    /users\.users\.alice = \{ isNormalUser = true; \}/,
  ],
  ["alice out of wheel", (f) => alice(f).extraGroups = [], /extraGroups = \[ "wheel" \]/],
  ["no sudo", (f) => f.sudo.enable = false, /security\.sudo\.enable = true/],
  [
    "mutableUsers off and a password file that is missing",
    (f) => {
      f.users.mutableUsers = false;
      alice(f).passwordFile = "/elsewhere";
    },
    /users\.users\.alice\.hashedPasswordFile/,
  ],
  [
    "mutableUsers off and no password declared",
    (f) => {
      f.users.mutableUsers = false;
      alice(f).password = "none";
    },
    /users\.users\.alice\.hashedPasswordFile/,
  ],
  [
    "mutableUsers off and only an initial password",
    (f) => {
      f.users.mutableUsers = false;
      alice(f).password = "none";
      alice(f).hasInitialPassword = true;
    },
    /users\.users\.alice\.hashedPasswordFile/,
  ],
  ["no shell", (f) => alice(f).shell = "/run/current-system/sw/bin/nologin", /alice\.shell/],
];

for (const [what, change, remedy] of lockedOut) {
  Deno.test(`proveAll() refuses alice's workstation with ${what}`, () => {
    const remedies = refused(workstation(), workstation(change), atWorkstation());
    ok(remedies.length > 0);
    match(remedies[0]!, remedy);
  });
}

Deno.test("proveAll() does not let bob's access stand in for alice's, who is at work", () => {
  const bob = accountFacts({ name: "bob", extraGroups: ["wheel"], password: "hash" });
  const after = workstation((f) => {
    alice(f).extraGroups = [];
    f.users.accounts.push(bob);
  });
  const now = atWorkstation();
  match(refused(workstation(), after, now).join(), /users\.users\.alice\.extraGroups/);
  // When nobody in particular is at work, somebody is enough.
  deepEqual(refused(workstation(), after, { ...now, person: undefined }), []);
});

Deno.test("proveAll() keeps an undeclared account only with mutableUsers", () => {
  const after = workstation((f) => f.users.accounts.pop());
  const now = atWorkstation({ declaredBefore: ["root"] });
  deepEqual(refused(after, after, now), []);
  const immutable = workstation((f) => {
    f.users.accounts.pop();
    f.users.mutableUsers = false;
  });
  match(refused(after, immutable, now).join(), /users\.users\.alice/);
});
