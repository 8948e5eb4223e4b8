import { deepEqual, equal, match } from "node:assert/strict";
import {
  backupOf,
  copyToBackup,
  keepEdits,
  makeBackup,
} from "../../../lib/machine/tree/kept_edits.ts";
import { staged } from "../../../lib/machine/tree/tree_journal.ts";
import { testContext } from "../../support/context.ts";
import { withScratch } from "../../support/scratch_files.ts";

const BACKUPS = "/var/lib/hyper-nixos/backups";

/** A machine with a staging folder in which a change left these edits. */
async function onMachine(
  edits: Readonly<Record<string, string>>,
  test: (
    root: string,
    staging: string,
    ctx: ReturnType<typeof testContext>,
  ) => Promise<void> | void,
): Promise<void> {
  await withScratch({ "var/lib/hyper-nixos/backups/": "", "staging/": "" }, async (root) => {
    const staging = `${root}/staging`;
    for (const [path, text] of Object.entries(edits)) {
      const host = `${staged.kept(staging)}/${path}`;
      Deno.mkdirSync(host.slice(0, host.lastIndexOf("/")), { recursive: true });
      Deno.writeTextFileSync(host, text);
    }
    const now = () => new Date("2024-07-01T10:20:30Z");
    await test(root, staging, testContext({ root, now }));
  });
}

Deno.test("keepEdits() brings edits to one backup, also two of the same file", async () => {
  await onMachine(
    { "0/a": "first", "1/a": "second", "1/sub/b": "b" },
    async (root, staging, ctx) => {
      const kept = await keepEdits(ctx, staging);
      equal(kept!.folder, `${BACKUPS}/sync-2024-07-01T102030`);
      const texts = kept!.paths.map((path) =>
        Deno.readTextFileSync(`${root}${kept!.folder}/${path}`)
      );
      deepEqual(texts.toSorted(), ["b", "first", "second"]);
      equal(Deno.statSync(`${root}${kept!.folder}`).mode! & 0o777, 0o700);
      equal(await keepEdits(ctx, staging), undefined, "there is nothing left");
    },
  );
});

Deno.test("keepEdits() goes on in the backup that was begun", async () => {
  await onMachine({ "0/a": "text" }, async (_, staging, ctx) => {
    const begun = makeBackup(ctx, staging);
    equal((await keepEdits(ctx, staging))!.folder, begun);
  });
});

Deno.test("makeBackup() takes another name where one of this second is there", async () => {
  await onMachine({}, (_, staging, ctx) => {
    const names = [1, 2, 3].map(() => makeBackup(ctx, staging).replace(`${BACKUPS}/`, ""));
    deepEqual(names, ["", "-2", "-3"].map((end) => `sync-2024-07-01T102030${end}`));
  });
});

Deno.test("backupOf() believes no name of a folder that is not a backup of a sync's", async () => {
  await onMachine({}, (_, staging) => {
    const named = (text: string) => {
      Deno.writeTextFileSync(staged.backup(staging), text);
      return backupOf(staging);
    };
    equal(named(`${BACKUPS}/sync-x`), `${BACKUPS}/sync-x`);
    const others = [
      "",
      "/etc",
      BACKUPS,
      `${BACKUPS}/sync-`,
      `${BACKUPS}/sync-x/y`,
      `${BACKUPS}/sync-../../x`,
    ];
    for (const text of [...others, `/mnt${BACKUPS}/sync-x`, "sync-x"]) {
      equal(named(text), undefined, text);
    }
  });
});

Deno.test("copyToBackup() keeps modes, times and links", async () => {
  await withScratch({ "file": "x", "link": { link: "/nowhere" } }, (root) => {
    Deno.chmodSync(`${root}/file`, 0o750);
    Deno.utimeSync(`${root}/file`, 1_700_000_000, 1_700_000_000);
    copyToBackup(`${root}/file`, `${root}/to/deep/file`);
    const { mode, mtime } = Deno.statSync(`${root}/to/deep/file`);
    deepEqual([mode! & 0o777, mtime!.getTime()], [0o750, 1_700_000_000_000]);
    copyToBackup(`${root}/link`, `${root}/to/link`);
    match(Deno.readLinkSync(`${root}/to/link`), /^\/nowhere$/);
  });
});
