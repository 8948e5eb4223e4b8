/** An installation's receipt says what of it was activated, whoever activates. */
import { deepEqual, equal } from "node:assert/strict";
import { presentInstallation, type Receipt } from "../../lib/machine/receipt.ts";
import { installationHooks, receiptHooks, settleReceipt } from "../../lib/rebuild/receipt_hooks.ts";
import type { Target } from "../../lib/rebuild/target.ts";
import { testContext } from "../support/context.ts";
import { newReceipt } from "../support/receipt.ts";
import { withScratch } from "../support/scratch_files.ts";

const FILES = {
  "etc/passwd": "root:x:0:0::/root:/bin/sh\n",
  "etc/group": "root:x:0:\n",
  "etc/shadow": "root:!:1::::::\n",
  "var/lib/hyper-nixos/receipts/": "",
  "nix/store/boots/nixos-version": "24.05",
  "nix/var/nix/profiles/system-1-link": { link: "/nix/store/boots" },
  "nix/var/nix/profiles/system": { link: "system-1-link" },
};
const SWITCH = { action: "switch" } as const;

/** What the receipt says after these hooks, on a mounted machine. */
async function after(
  start: Partial<Receipt>,
  act: (hooks: Required<ReturnType<typeof receiptHooks>>) => Promise<void>,
): Promise<Receipt> {
  let written: Receipt | undefined;
  await withScratch(FILES, async (root) => {
    const ctx = testContext({ root });
    const receipt = newReceipt(start);
    await act(receiptHooks(ctx, receipt) as Required<ReturnType<typeof receiptHooks>>);
    written = presentInstallation(ctx);
    deepEqual(written, receipt, "what is on the disk is what is told");
  });
  return written!;
}

Deno.test("receiptHooks() notes a build, and forgets no activation by a later one", async () => {
  const built = await after({ state: "applied" }, async ({ built }) => await built());
  equal(built.state, "built");
  const again = await after({ state: "activated" }, async ({ built }) => await built());
  equal(again.state, "activated");
});

Deno.test("receiptHooks() notes what nixos-install made, each time anew", async () => {
  const toplevel = "/nix/store/first";
  const install = (path: string) => async (hooks: Required<ReturnType<typeof receiptHooks>>) => {
    await hooks.activating({ ...SWITCH, toplevel: undefined });
    await hooks.activated({ ...SWITCH, toplevel: path });
  };
  const first = await after({ state: "built" }, install(toplevel));
  deepEqual(first.activated, { toplevel, action: "switch", profileSet: true });
  deepEqual([first.state, first.accountsSaved], ["activated", true]);
  const second = await after(first, install("/nix/store/second"));
  deepEqual(second.activated, { ...first.activated, toplevel: "/nix/store/second" });
});

Deno.test("receiptHooks() keeps in mind that an earlier activation made it the boot default", async () => {
  const activating = (profileSet: boolean | undefined) =>
    after({
      state: "activated",
      activated: profileSet === undefined
        ? null
        : { toplevel: "/nix/store/a", action: "switch", profileSet },
    }, async (hooks) => await hooks.activating({ action: "test", toplevel: "/nix/store/b" }));
  for (const profileSet of [true, false, undefined]) {
    const { state, activated } = await activating(profileSet);
    deepEqual([state, activated], [
      "activating",
      { toplevel: "/nix/store/b", action: "test", profileSet: profileSet ?? false },
    ]);
  }
});

Deno.test("settleReceipt() closes an activation whose tool is gone, and leaves others be", async () => {
  const settled = async (start: Partial<Receipt>) => {
    let found: Receipt | undefined;
    await withScratch({
      ...FILES,
      "var/lib/hyper-nixos/receipts/2026-11-24T06-00-00-000Z.json": JSON.stringify(
        newReceipt(start),
      ),
    }, (root) => {
      const ctx = testContext({ root });
      settleReceipt(ctx);
      found = presentInstallation(ctx);
    });
    return found && [found.state, found.activated?.toplevel, found.activated?.profileSet];
  };
  deepEqual(await settled({ state: "activating" }), ["activated", "/nix/store/boots", true]);
  const tested = { toplevel: "/nix/store/t", action: "test", profileSet: false } as const;
  deepEqual(await settled({ state: "activating", activated: tested }), [
    "activated",
    "/nix/store/t",
    false,
  ]);
  deepEqual(await settled({ state: "activated", activated: tested }), [
    "activated",
    "/nix/store/t",
    false,
  ]);
});

Deno.test("installationHooks() are those of the installed tree's whole installation alone", async () => {
  const hooks = async (start: Partial<Receipt>, folder = "/etc/hypervisor/src") => {
    let names: string[] = [];
    await withScratch({
      "etc/hypervisor/src/flake.nix": "{}",
      "home/ana/tree/flake.nix": "{}",
      "var/lib/hyper-nixos/receipts/2026-11-24T06-00-00-000Z.json": JSON.stringify(
        newReceipt(start),
      ),
    }, (root) => {
      const ctx = testContext({ root });
      const directory = `${root}${folder}`;
      const target = { flake: { url: `path:${directory}`, directory }, host: "h" };
      names = Object.keys(installationHooks(ctx, target as unknown as Target)).toSorted();
    });
    return names;
  };
  const all = ["activated", "activating", "built"];
  for (const state of ["applied", "built", "activating", "activated"] as const) {
    deepEqual(await hooks({ state }), all, state);
  }
  for (const state of ["applying", "reverting", "reverted", "undoing", "undone"] as const) {
    deepEqual(await hooks({ state }), [], state);
  }
  deepEqual(await hooks({ state: "activated" }, "/home/ana/tree"), []);
});
