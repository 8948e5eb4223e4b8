import { deepEqual, equal } from "node:assert/strict";
import { putAwaySyncState } from "../../../lib/install/undo/sync_state.ts";
import { testContext } from "../../support/context.ts";
import { isRoot } from "../../support/needs.ts";
import { newReceipt } from "../../support/receipt.ts";
import { withScratch } from "../../support/scratch_files.ts";

const TREE = {
  "etc/hypervisor/src/flake.nix": "{ }",
  "etc/hypervisor/.src-previous/tree/README.md": "an edit",
  "etc/hypervisor/.src-previous/tree/link": { link: "README.md" },
  "var/": "",
};
const RECEIPT = newReceipt({
  steps: [{
    kind: "tree",
    path: "/etc/hypervisor/src",
    state: "done",
    before: { kind: "absent" },
    after: null,
    staged: null,
    id: "source",
  }],
});

Deno.test({
  name: "putAwaySyncState() keeps the tree of before, also where /var is a file system of its own",
  ignore: !isRoot,
  fn: async () => {
    for (const own of [false, true]) {
      await withScratch(TREE, (root) => {
        if (own) run("mount", "-t", "tmpfs", "tmpfs", `${root}/var`);
        try {
          const ctx = testContext({ root });
          putAwaySyncState(ctx, RECEIPT);
          const kept =
            `${root}/var/lib/hyper-nixos/backups/${RECEIPT.id}/changed-since/previous-source`;
          equal(Deno.readTextFileSync(`${kept}/tree/README.md`), "an edit");
          equal(Deno.readLinkSync(`${kept}/tree/link`), "README.md");
          const left = [...Deno.readDirSync(`${root}/etc/hypervisor`)].map(({ name }) => name);
          deepEqual(left, ["src"]);
        } finally {
          if (own) run("umount", `${root}/var`);
        }
      });
    }
  },
});

function run(command: string, ...args: string[]): void {
  const { success } = new Deno.Command(command, { args }).outputSync();
  equal(success, true, [command, ...args].join(" "));
}
