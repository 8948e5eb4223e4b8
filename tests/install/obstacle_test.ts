import { equal, match } from "node:assert/strict";
import { obstacleTo } from "../../lib/install/obstacle.ts";
import type { Step } from "../../lib/install/step.ts";
import { testContext } from "../support/context.ts";
import { mustRun } from "../support/must_run.ts";
import { withScratch } from "../support/scratch_files.ts";

const FILES = ["file", "secret", "link", "remove"] as const;
const FOLDERS = ["directory", "tree"] as const;

Deno.test("obstacleTo() names what a step would neither find done nor replace, and how to move it", async () => {
  await withScratch({
    "my disk/etc/folder/x": "",
    "my disk/etc/file": "",
    "my disk/etc/link": { link: "folder" },
    "my disk/etc/nowhere": { link: "/persist/none" },
  }, (top) => {
    const root = `${top}/my disk`;
    mustRun("mkfifo", [`${root}/etc/pipe`]);
    const ctx = testContext({ root });
    const found = (kind: Step["kind"], name: string) =>
      obstacleTo(ctx, { kind, path: `/etc/${name}` });
    const all = (kinds: readonly Step["kind"][], name: string, says: RegExp | undefined) => {
      for (const kind of kinds) {
        const problem = found(kind, name);
        if (says === undefined) equal(problem, undefined, `${kind} ${name}`);
        else {
          match(problem?.message ?? "", says);
          equal(problem!.code, 6);
          equal(problem!.hint, `move it away: mv '${root}/etc/${name}' '${root}/etc/${name}.old'`);
        }
      }
    };
    all([...FILES, ...FOLDERS], "none", undefined);
    all(FILES, "file", undefined);
    all(FILES, "link", undefined);
    all(FILES, "nowhere", undefined);
    all(FILES, "folder", /is a folder, where a file belongs/);
    all(FILES, "pipe", /is a pipe, where a file belongs/);
    all(FOLDERS, "folder", undefined);
    all(FOLDERS, "file", /is a file, where a folder belongs/);
    all(FOLDERS, "link", /is a symbolic link, where a folder belongs/);
    all(FOLDERS, "nowhere", /is a symbolic link, where a folder belongs/);
    all(FOLDERS, "pipe", /is a pipe, where a folder belongs/);
  });
});
