/** Accounts of people that only an installation declared outlive it: NixOS would remove them. */
import { deepEqual } from "node:assert/strict";
import { readAccounts } from "../../../lib/machine/accounts/accounts.ts";
import type { ConfigurationFacts } from "../../../lib/nix/evaluation/configuration_facts.ts";
import { recordSystem } from "../../../lib/nix/system_record.ts";
import {
  accountsToKeep,
  keepUndeclared,
} from "../../../lib/rebuild/activation/undeclared_accounts.ts";
import { testContext } from "../../support/context.ts";
import { accountFacts, configurationFacts } from "../../support/facts.ts";
import { withScratch } from "../../support/scratch_files.ts";

const SYSTEM = `/nix/store/${"a".repeat(32)}-nixos-system-a`;
const KEPT = "/var/lib/hyper-nixos/passwords";
const MACHINE = {
  "etc/passwd": ["root:x:0:0", "ana:x:1000:100", "bob:x:1001:1001", "cy:x:1002:100"]
    .map((line) => `${line}::/home:/bin/sh\n`).join(""),
  "etc/group": "root:x:0:\nusers:x:100:\nbob:x:1001:\nwheel:x:1:ana\nboats:x:1005:ana,bob\n",
  "etc/shadow": "",
  "var/lib/nixos/declarative-users": "root ana bob cy",
  "var/lib/nixos/declarative-groups": "root users bob wheel boats",
  [`${SYSTEM.slice(1)}/nixos-version`]: "24.05",
  "run/current-system": { link: SYSTEM },
};

/** Of the system that runs: ana and bob came by an installation, cy by the owner. */
function running({ users }: ConfigurationFacts): void {
  users.accounts.push(
    accountFacts({ name: "ana", password: "file", passwordFile: `${KEPT}/ana` }),
    accountFacts({ name: "bob", password: "file", passwordFile: `${KEPT}/bob` }),
    accountFacts({ name: "cy", password: "file", passwordFile: "/etc/secrets/cy" }),
  );
}

async function kept(after: ((facts: ConfigurationFacts) => void) | undefined, isRecorded = true) {
  let names: unknown;
  let declared: string[] = [];
  let lines: string[] = [];
  await withScratch(MACHINE, async (root) => {
    const ctx = testContext({ root });
    if (isRecorded) {
      recordSystem(ctx, {
        toplevel: SYSTEM,
        flake: "path:/etc/hypervisor/src",
        host: "h",
        commit: null,
        facts: configurationFacts(running),
      });
    }
    const facts = after && configurationFacts(after);
    const { users, groups } = accountsToKeep(ctx, facts, readAccounts(ctx));
    names = [users, groups];
    await keepUndeclared(ctx, facts);
    declared = ["users", "groups"].map((kind) =>
      Deno.readTextFileSync(`${root}/var/lib/nixos/declarative-${kind}`)
    );
    lines = ctx.messages("info");
  });
  return { names, declared, lines };
}

Deno.test("keepUndeclared() has NixOS forget the people of an installation, with their groups", async () => {
  const { names, declared, lines } = await kept(({ users }) => {
    users.groups.push({ name: "users", gid: 100, members: [] });
  });
  deepEqual(names, [["ana", "bob"], ["boats", "bob"]]);
  deepEqual(declared, ["root cy", "root users wheel"]);
  deepEqual(lines, ["accounts that stay, no longer declared: ana, bob"]);
});

Deno.test("keepUndeclared() leaves alone who is declared again, and machines without a record", async () => {
  const again = await kept(running);
  deepEqual([again.names, again.lines], [[[], []], []]);
  deepEqual(again.declared[0], "root ana bob cy");
  const unknown = await kept(() => {}, false);
  deepEqual([unknown.names, unknown.declared[0]], [[[], []], "root ana bob cy"]);
});

Deno.test("keepUndeclared() keeps everybody where nothing is known of what comes", async () => {
  const { declared, lines } = await kept(undefined);
  deepEqual(declared, ["root cy", "root"]);
  deepEqual(lines, ["accounts that stay, declared or not by the system that comes: ana, bob"]);
});
