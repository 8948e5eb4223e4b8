import assert from "node:assert/strict";
import { kernelContext, kernelText } from "../../../lib/machine/hardware/kernel_files.ts";
import { testContext } from "../../support/context.ts";
import { withScratch } from "../../support/scratch_files.ts";

Deno.test("kernelContext() takes a mounted machine's own /proc only where something is in it", async () => {
  await withScratch({
    "proc/cmdline": "recorded\n",
    "sys/": "",
    dev: "not a folder",
  }, (root) => {
    const ctx = testContext({ root });
    assert.equal(kernelContext(ctx, "/proc"), ctx);
    assert.equal(kernelText(ctx, "/proc/cmdline"), "recorded\n");
    assert.equal(kernelText(ctx, "/proc/swaps"), undefined);
    for (const folder of ["/sys", "/dev"] as const) {
      assert.equal(kernelContext(ctx, folder).root.path, "/");
    }
  });
  // A link of a stranger's disk leads nowhere outside it.
  await withScratch({ proc: { link: "/proc" }, sys: { link: "../../../../sys" } }, (root) => {
    const ctx = testContext({ root });
    for (const folder of ["/proc", "/sys"] as const) {
      assert.equal(kernelContext(ctx, folder).root.path, "/");
    }
  });
});
