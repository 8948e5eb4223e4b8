import { deepEqual, equal, throws } from "node:assert/strict";
import { Facts, NotLookedAt } from "../../lib/validate/facts.ts";
import { hostReference } from "../../lib/nix/expressions/host_flake.ts";
import { resolveFlake } from "../../lib/nix/flakes/flake_reference.ts";
import { testContext } from "../support/context.ts";
import { withScratch } from "../support/scratch_files.ts";

// What git tracks of /etc is etckeeper's business: an untracked tree would have no host.
for (const checkout of ["none", "etc/.git", "etc/hypervisor/.git", "etc/hypervisor/src/.git"]) {
  Deno.test(`Facts.flake() is what every tool builds, with a checkout at ${checkout}`, async () => {
    await withScratch(
      { "etc/hypervisor/src/flake.nix": "{ }", [`${checkout}/HEAD`]: "" },
      (root) => {
        const ctx = testContext({ root });
        const { url, checkout: seen } = new Facts(ctx).flake();
        deepEqual([url, seen], [`path:${root}/etc/hypervisor/src`, undefined]);
        equal(url, resolveFlake(ctx, hostReference(ctx)).url);
      },
    );
  });
}

Deno.test("Facts reads once, and says to everyone who asks why it cannot", async () => {
  await withScratch({ "etc/passwd": "root:x:0:0::/root:/bin/sh\n", "etc/shadow/": "" }, (root) => {
    const facts = new Facts(testContext({ root }));
    equal(facts.accounts(), facts.accounts());
    for (const _ of [1, 2]) {
      throws(() => facts.requireShadow(), /etc\/shadow cannot be read: is a folder/);
      throws(
        () => facts.requireSource(),
        new NotLookedAt("there is no /etc/hypervisor/src/flake.nix"),
      );
      throws(() => facts.requireInstalled(), NotLookedAt);
    }
  });
});
