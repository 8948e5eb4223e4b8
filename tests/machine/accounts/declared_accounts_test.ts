import assert from "node:assert/strict";
import {
  declaredAccounts,
  keepUndeclaredAccounts,
} from "../../../lib/machine/accounts/declared_accounts.ts";
import { testContext } from "../../support/context.ts";
import { withScratch } from "../../support/scratch_files.ts";

Deno.test("keepUndeclaredAccounts() strikes names that are there, and nothing else", async () => {
  const files = {
    "etc/": "",
    "var/lib/nixos/declarative-users": "alice bob root",
    "var/lib/nixos/declarative-groups": "alice users wheel",
  };
  await withScratch(files, async (root) => {
    const ctx = testContext({ root });
    const path = `${root}/var/lib/nixos/declarative-users`;
    Deno.chmodSync(path, 0o644);
    const struck = await keepUndeclaredAccounts(ctx, {
      users: ["alice", "carol"],
      groups: ["alice"],
    });
    assert.deepEqual(struck, { users: ["alice"], groups: ["alice"] });
    assert.equal(Deno.readTextFileSync(path), "bob root");
    assert.equal(Deno.statSync(path).mode! & 0o777, 0o644);
    assert.deepEqual(declaredAccounts(ctx), { users: ["bob", "root"], groups: ["users", "wheel"] });
  });
});

Deno.test("keepUndeclaredAccounts() makes no file where NixOS has none", async () => {
  await withScratch({ "etc/": "" }, async (root) => {
    const ctx = testContext({ root });
    const struck = await keepUndeclaredAccounts(ctx, { users: ["alice"], groups: [] });
    assert.deepEqual(struck, { users: [], groups: [] });
    assert.throws(() => Deno.statSync(`${root}/var`), Deno.errors.NotFound);
  });
});
