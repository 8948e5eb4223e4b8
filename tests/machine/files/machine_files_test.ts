import assert from "node:assert/strict";
import { kernelContext } from "../../../lib/machine/hardware/kernel_files.ts";
import {
  machineFolder,
  machineHas,
  machineText,
  readMachineFile,
} from "../../../lib/machine/files/machine_files.ts";
import { testContext } from "../../support/context.ts";
import { makeFifo, withScratch } from "../../support/scratch_files.ts";

Deno.test("readMachineFile() says read, absent or unreadable, and never throws", async () => {
  await withScratch({
    "etc/text": "hi",
    "etc/loop": { link: "loop" },
    "etc/up": { link: "../../../../../../etc/passwd" },
    "etc/folder/": "",
  }, (root) => {
    makeFifo(`${root}/etc/pipe`);
    const ctx = testContext({ root });
    const kinds = ["text", "folder", "pipe", "loop", "up", "none", "text/below"]
      .map((name) => `${name} ${readMachineFile(ctx, `/etc/${name}`).kind}`);
    assert.deepEqual(kinds, [
      "text read",
      "folder unreadable",
      "pipe unreadable",
      "loop unreadable",
      "up absent",
      "none absent",
      "text/below absent",
    ]);
    assert.equal(machineText(ctx, "/etc/pipe"), undefined);
    assert.equal(machineHas(ctx, "/etc/loop"), false);
    assert.deepEqual(machineFolder(ctx, "/etc/loop"), []);
    assert.deepEqual(machineFolder(ctx, "/etc"), ["folder", "loop", "pipe", "text", "up"]);
  });
});

Deno.test("kernelContext() prefers what the root holds, folder by folder", async () => {
  await withScratch({ "proc/cpuinfo": "", "sys/": "" }, (root) => {
    const ctx = testContext({ root });
    assert.equal(kernelContext(ctx, "/proc").root.path, root);
    assert.equal(kernelContext(ctx, "/sys").root.path, "/");
    assert.equal(kernelContext(ctx, "/dev").root.path, "/");
  });
});
