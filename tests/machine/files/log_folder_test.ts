import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { openLogFolder } from "../../../lib/machine/files/log_folder.ts";
import { Root } from "../../../lib/machine/root.ts";
import { ToolError } from "../../../lib/machine/tool_error.ts";
import { isRoot } from "../../support/needs.ts";
import { type ScratchEntry, withScratch } from "../../support/scratch_files.ts";

const LOGS = "/var/log/hypervisor";
const names = (folder: string) => [...Deno.readDirSync(folder)].map(({ name }) => name);

async function withLogs(
  files: Readonly<Record<string, ScratchEntry>>,
  test: (root: string) => void,
): Promise<void> {
  await withScratch({ "var/log/": "", ...files }, (root) => {
    for (const path of ["", "/var", "/var/log"]) Deno.chmodSync(root + path, 0o755);
    test(root);
  });
}

Deno.test("openLogFolder() makes the folder, and what is written by it is in that folder, renamed or not", async () => {
  await withLogs({}, (root) => {
    using folder = openLogFolder(new Root(root), LOGS);
    equal(Deno.statSync(root + LOGS).mode! & 0o777, 0o755);
    Deno.renameSync(root + LOGS, `${root}/moved`);
    Deno.mkdirSync(root + LOGS);
    Deno.writeTextFileSync(`${folder.path}/tool.log`, "line\n");
    deepEqual(names(`${root}/moved`), ["tool.log"]);
    deepEqual(names(root + LOGS), []);
  });
});

Deno.test("openLogFolder() takes a folder of logs that lies elsewhere in the machine, and none outside it", async () => {
  await withLogs({ "data/log/": "", "var/log/hypervisor": { link: "/data/log" } }, (root) => {
    for (const path of ["/data", "/data/log"]) Deno.chmodSync(root + path, 0o755);
    using folder = openLogFolder(new Root(root), LOGS);
    Deno.writeTextFileSync(`${folder.path}/tool.log`, "line\n");
    deepEqual(names(`${root}/data/log`), ["tool.log"]);
  });
  await withLogs({ "var/log/hypervisor": { link: "../../../../../../tmp" } }, (root) => {
    using folder = openLogFolder(new Root(root), LOGS);
    equal(Deno.realPathSync(folder.path), Deno.realPathSync(`${root}/tmp`));
  });
});

Deno.test("openLogFolder() makes nothing, and opens nothing, where others could write", async () => {
  // Debian's /var/log belongs to a group that may write it.
  for (const mode of [0o775, 0o777, 0o1777]) {
    for (
      const [open, files] of [["/var/log", {}], [LOGS, { "var/log/hypervisor/": "" }]] as const
    ) {
      await withLogs(files, (root) => {
        Deno.chmodSync(root + open, mode);
        const before = names(`${root}/var/log`);
        throws(() => openLogFolder(new Root(root), LOGS), (error) => {
          ok(error instanceof ToolError && error.code === 3, `${error}`);
          return true;
        });
        deepEqual(names(`${root}/var/log`), before);
      });
    }
  }
  if (!isRoot) return;
  await withLogs({ "var/log/hypervisor/": "" }, (root) => {
    Deno.chmodSync(root + LOGS, 0o755);
    Deno.chownSync(root + LOGS, 1000, 100);
    throws(() => openLogFolder(new Root(root), LOGS), /belongs to user 1000/);
  });
});

Deno.test("openLogFolder() refuses what is no folder, and waits for no pipe", async () => {
  await withLogs({ "var/log/hypervisor": "a file" }, (root) => {
    throws(() => openLogFolder(new Root(root), LOGS), /is not a folder/);
    equal(Deno.readTextFileSync(root + LOGS), "a file");
  });
});
