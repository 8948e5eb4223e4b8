import assert from "node:assert/strict";
import {
  hasDevice,
  kernelContext,
  kernelText,
} from "../../../lib/machine/hardware/kernel_files.ts";
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

Deno.test("hasDevice() takes what the kernel makes, and a file in a record, but no folder", async () => {
  const files = { "dev/file": "", "dev/folder/": "", "dev/link": { link: "file" } };
  await withScratch(files, (root) => {
    const recorded = testContext({ root });
    const has = (name: string) => hasDevice(recorded, `/dev/${name}`);
    assert.deepEqual(["file", "link", "folder", "none"].map(has), [true, true, false, false]);
  });
  const running = testContext({ root: "/" });
  assert.deepEqual(
    ["/dev/null", "/dev", "/etc/passwd"].map((path) => hasDevice(running, path)),
    [true, false, false],
  );
});
