import { deepEqual } from "node:assert/strict";
import { builtSudoersRefusals } from "../../../lib/rebuild/judgement/built_sudoers.ts";
import { testContext } from "../../support/context.ts";
import {
  accountFacts,
  accountState,
  configurationFacts,
  question,
  rentedServerNow,
} from "../../support/facts.ts";
import { withScratch } from "../../support/scratch_files.ts";

const MADE = "root        ALL=(ALL:ALL)    SETENV: ALL\n%wheel      ALL=(ALL:ALL)    SETENV: ALL\n";
const NONE = "root ALL=(ALL) ALL\n%wheel ALL=(root) NOPASSWD: /bin/true\n";

/** Whether alice, of wheel, is refused a system with this sudoers file. */
async function isRefused(built: string | undefined, running = MADE, person = "alice") {
  const facts = configurationFacts(({ users, sudo }) => {
    users.accounts.push(accountFacts({ name: "alice", uid: 1000, extraGroups: ["wheel"] }));
    Object.assign(sudo, { enable: true, wheelNeedsPassword: true });
  });
  const now = {
    person,
    accounts: [
      ...rentedServerNow().accounts,
      accountState({ name: "alice", password: "hash", groups: ["users", "wheel"] }),
    ],
  };
  let found: number | undefined;
  const files = {
    "nix/store/old/etc/sudoers": running,
    ...(built === undefined ? {} : { "nix/store/new/etc/sudoers": built }),
  };
  await withScratch(files, (root) => {
    const ctx = testContext({ root });
    const asked = question(facts, facts, now);
    found = builtSudoersRefusals(ctx, "/nix/store/new", "/nix/store/old", asked).length;
    return Promise.resolve();
  });
  return found === 1;
}

Deno.test("builtSudoersRefusals() takes any rule for the person, and what it cannot follow", async () => {
  for (
    const rules of [
      MADE,
      "alice ALL=(ALL) NOPASSWD: ALL\n",
      "bob,alice ALL=(ALL) ALL\n",
      "#1000 ALL = ALL\n",
      "%users ALL=(ALL) ALL\n",
      "ALL ALL=(ALL) ALL\n",
      "ADMINS ALL=(ALL) ALL\n",
      "@includedir /etc/sudoers.d\n",
      undefined,
    ]
  ) {
    deepEqual(await isRefused(rules), false, rules);
  }
});

Deno.test("builtSudoersRefusals() refuses a file of others' rules, where the running one has one", async () => {
  for (
    const rules of [NONE, "root ALL=(ALL) ALL\n# alice ALL=(ALL) ALL\n", "bob ALL=(ALL) ALL\n", ""]
  ) {
    deepEqual(await isRefused(rules), true, rules);
    deepEqual(await isRefused(rules, NONE), false, "as now");
    deepEqual(await isRefused(rules, MADE, "root"), false, "root needs no sudo");
  }
});
