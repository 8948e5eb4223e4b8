import { deepEqual, equal } from "node:assert/strict";
import { becomesRoot } from "../../../lib/rebuild/access/becoming_root.ts";
import type { AccountState } from "../../../lib/rebuild/proofs/machine_now.ts";
import { accountState, configurationFacts, rentedServerNow } from "../../support/facts.ts";
import type { Change } from "../proofs/refused.ts";

const ROOT = accountState({ name: "root", uid: 0, password: "none" });

function asks(change: Change, changes: Partial<AccountState> = {}, root = ROOT) {
  const facts = configurationFacts(change);
  const person = accountState({ name: "dana", groups: ["users", "wheel"], ...changes });
  const access = becomesRoot(facts, person, [root, person], rentedServerNow());
  return access.ok ? access.how : access.obstacle.why;
}

const rule = (users: string[], groups: string[], noPassword: boolean): Change => ({ sudo }) =>
  sudo.grantsAll = [{ users, groups, noPassword }];

Deno.test("becomesRoot() finds the way by sudo that there is", () => {
  const outside = { groups: ["users"] };
  const none = { password: "none" } as const;
  const table: readonly (readonly [Change, Partial<AccountState>, string])[] = [
    [() => {}, { uid: 0 }, "is root"],
    [() => {}, {}, "through sudo with dana's password"],
    [() => {}, none, "dana has no password to give to sudo"],
    [({ sudo }) => sudo.wheelNeedsPassword = false, none, "through sudo: wheel needs no password"],
    [() => {}, outside, "dana is not in the group wheel"],
    [rule(["dana"], [], false), outside, "through sudo with dana's password"],
    [rule([], ["users"], false), outside, "through sudo with dana's password"],
    [
      rule(["ALL"], [], true),
      { ...outside, ...none },
      "through sudo, by a rule that asks for no password",
    ],
    [
      rule(["danae"], ["user"], true),
      { ...outside, ...none },
      "dana has no password to give to sudo",
    ],
    [({ sudo }) => sudo.enable = false, {}, "there is no sudo"],
    // sudoers(5): where several match, the last one counts.
    [
      ({ sudo }) => {
        sudo.wheelNeedsPassword = false;
        sudo.grantsAll = [
          { users: [], groups: ["wheel"], noPassword: true },
          { users: ["dana"], groups: [], noPassword: false },
        ];
      },
      none,
      "dana has no password to give to sudo",
    ],
    [
      ({ sudo }) =>
        sudo.grantsAll = [
          { users: [], groups: ["wheel"], noPassword: false },
          { users: ["dana"], groups: [], noPassword: true },
          { users: ["danae"], groups: [], noPassword: false },
        ],
      none,
      "through sudo, by a rule that asks for no password",
    ],
    // Who may not start sudo has nothing of a rule.
    [
      (facts) => {
        rule(["dana"], [], true)(facts);
        facts.sudo.execWheelOnly = true;
      },
      outside,
      "dana is not in the group wheel",
    ],
  ];
  for (const [change, person, expected] of table) equal(asks(change, person), expected);
});

Deno.test("becomesRoot() asks for root's password where sudo does", () => {
  const lines = (extraConfig: string): Change => ({ sudo }) => sudo.extraConfig = extraConfig;
  const withPassword = { ...ROOT, password: "hash" } as const;
  for (
    const text of ["Defaults rootpw", "  Defaults:dana targetpw\n", "Defaults env_reset, runaspw"]
  ) {
    equal(asks(lines(text)), "dana has no password to give to sudo", text);
    equal(asks(lines(text), {}, withPassword), "through sudo with root's password", text);
  }
  for (
    const text of [
      "Defaults !rootpw",
      "# Defaults rootpw",
      "Defaults insults",
      "dana ALL=(ALL) rootpwd",
    ]
  ) {
    equal(asks(lines(text)), "through sudo with dana's password", text);
  }
});

Deno.test("becomesRoot() finds doas and su, where nothing of sudo helps", () => {
  const noSudo: Change = ({ sudo }) => sudo.enable = false;
  const doas: Change = (facts) => {
    noSudo(facts);
    facts.sudo.doas = true;
  };
  const withPassword = { ...ROOT, password: "hash" } as const;
  deepEqual(
    [asks(doas), asks(doas, { groups: [] }), asks(noSudo, {}, withPassword), asks(noSudo)],
    [
      "through doas with dana's password",
      "dana is not in the group wheel",
      "through su with root's password",
      "there is no sudo",
    ],
  );
});
