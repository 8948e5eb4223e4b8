import { equal } from "node:assert/strict";
import { becomesRoot } from "../../../lib/rebuild/access/becoming_root.ts";
import { asksForRoot, deniesAll } from "../../../lib/rebuild/access/sudo_text.ts";
import { accountState, configurationFacts, rentedServerNow } from "../../support/facts.ts";

const DANA = accountState({ name: "dana", uid: 1000, groups: ["users", "wheel"] });

Deno.test("asksForRoot() knows whom a setting is for, and which line is the last", () => {
  const table: Readonly<Record<string, boolean>> = {
    "Defaults rootpw": true,
    "Defaults env_reset, targetpw, insults": true,
    "Defaults:dana rootpw": true,
    "Defaults : bob, dana rootpw": true,
    "Defaults:%wheel runaspw": true,
    "Defaults:#1000 rootpw": true,
    "Defaults:ADMINS rootpw": true,
    "Defaults>root targetpw": true,
    "Defaults env_reset,\\\n  rootpw": true,
    "Defaults:bob rootpw": false,
    "Defaults:ALL, !dana rootpw": false,
    "Defaults>postgres targetpw": false,
    "Defaults!/bin/ls rootpw": false,
    "Defaults rootpw\nDefaults:dana !rootpw": false,
    "Defaults !rootpw\nDefaults rootpw": true,
    "# Defaults rootpw": false,
    "Defaults insults # rootpw": false,
    'Defaults passprompt="rootpwd?"': false,
    "": false,
  };
  for (const [text, expected] of Object.entries(table)) {
    equal(asksForRoot(text, DANA), expected, text);
  }
});

Deno.test("deniesAll() takes the last rule that is about a person and all commands", () => {
  const table: Readonly<Record<string, boolean>> = {
    "dana ALL=(ALL) !ALL": true,
    "dana ALL = (ALL : ALL) ! ALL": true,
    "%wheel ALL=(ALL:ALL) ALL, !ALL": true,
    "ALL ALL=!ALL": true,
    "#1000 ALL=!ALL": true,
    "STAFF ALL=!ALL": true,
    "bob, dana ALL=(root) NOPASSWD: !ALL": true,
    "dana ALL=(ALL) ALL": false,
    "dana ALL=(ALL) ALL, !/bin/su": false,
    "dana ALL=(ALL) !/bin/su": false,
    "dana ALL=!ALL\ndana ALL=(ALL) ALL": false,
    "dana ALL=(ALL) ALL\n%users ALL=\\\n  !ALL": true,
    "bob ALL=!ALL": false,
    "ALL, !dana ALL=!ALL": false,
    "%admins ALL=!ALL": false,
    "# dana ALL=!ALL": false,
    "Cmnd_Alias NONE = !ALL": false,
    "Defaults !rootpw": false,
    "": false,
  };
  for (const [text, expected] of Object.entries(table)) {
    equal(deniesAll(text, DANA), expected, text);
  }
});

Deno.test("becomesRoot() counts nothing of sudo that its free text takes away", () => {
  const root = accountState({ name: "root", uid: 0, password: "none" });
  const ways: readonly (readonly [{ wheelNeedsPassword?: false; noPassword?: true }, string])[] = [
    [{}, "through sudo with dana's password"],
    [{ wheelNeedsPassword: false }, "through sudo: wheel needs no password"],
    [{ noPassword: true }, "through sudo, by a rule that asks for no password"],
  ];
  for (const [{ wheelNeedsPassword = true, noPassword = false }, how] of ways) {
    for (const extraConfig of ["", "dana ALL=(ALL) !ALL"]) {
      const facts = configurationFacts(({ sudo }) => {
        Object.assign(sudo, { wheelNeedsPassword, extraConfig });
        if (noPassword) sudo.grantsAll = [{ users: ["dana"], groups: [], noPassword }];
      });
      const access = becomesRoot(facts, DANA, [root, DANA], rentedServerNow());
      equal(
        access.ok ? access.how : access.obstacle.why,
        extraConfig === ""
          ? how
          : "the last rule of security.sudo.extraConfig takes all commands away (!ALL)",
      );
    }
  }
});
