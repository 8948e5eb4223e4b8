import assert from "node:assert/strict";
import { applySteps, revertSteps } from "../../../lib/install/apply.ts";
import { planSteps } from "../../../lib/install/plan/plan_steps.ts";
import { ensureStateFolder } from "../../../lib/machine/state_folder.ts";
import { testContext } from "../../support/context.ts";
import { newReceipt } from "../../support/receipt.ts";
import { type ScratchEntry, withScratch } from "../../support/scratch_files.ts";
import { diffTrees, snapshotTree } from "../../support/tree.ts";

Deno.test("the steps of an installation can be applied wherever /etc/nixos leads", async () => {
  const machines: Record<string, Record<string, ScratchEntry>> = {
    "a folder": { "etc/nixos/configuration.nix": "{ }\n" },
    "nothing yet": { "etc/": "" },
    "a link to a home": {
      "home/anna/nixos/configuration.nix": "{ }\n",
      "etc/nixos": { link: "/home/anna/nixos" },
    },
    "a link over a link, relative": {
      "persist/etc/nixos/configuration.nix": "{ }\n",
      "persist/nixos": { link: "etc/nixos" },
      "etc/nixos": { link: "../persist/nixos" },
    },
    "a link that leads nowhere": { "etc/nixos": { link: "/persist/nixos" } },
  };
  for (const [name, files] of Object.entries(machines)) {
    await withScratch({ "var/lib/": "", ...files }, async (root) => {
      for (const path of [root, `${root}/var`, `${root}/var/lib`]) Deno.chmodSync(path, 0o755);
      const ctx = testContext({ root });
      ensureStateFolder(ctx);
      const seen = () => snapshotTree(root, { ignore: [/^var\/lib\//] });
      const before = seen();
      const steps = planSteps(ctx, {
        source: undefined,
        host: {
          version: 2,
          hostName: "host",
          system: "x86_64-linux",
          base: null,
          tools: null,
        },
        settings: { hardware: [], users: [], system: [] },
        declared: [],
        hardware: {
          kind: "file",
          id: "hardware",
          title: "describe the hardware",
          why: "a test",
          path: "/etc/nixos/hardware-configuration.nix",
          mode: 0o644,
          content: "{ }\n",
        },
        published: [],
      });
      const receipt = newReceipt();
      await applySteps(ctx, receipt, steps);
      const written = ctx.root.follow("/etc/nixos/hardware-configuration.nix");
      assert.equal(Deno.readTextFileSync(written), "{ }\n", name);
      assert.deepEqual(revertSteps(ctx, receipt, "undoing", "undone"), [], name);
      const left = name === "a link that leads nowhere" ? /^$|persist/ : /^$/;
      assert.match(diffTrees(before, seen()), left, name);
    });
  }
});
