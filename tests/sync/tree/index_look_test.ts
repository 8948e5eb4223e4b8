import { deepEqual, equal } from "node:assert/strict";
import { Mode } from "../../../lib/git/git_objects.ts";
import { blobHash } from "../../../lib/machine/tree/blob_hash.ts";
import type { LocalIndex } from "../../../lib/sync/tree/index_file.ts";
import { IndexLook } from "../../../lib/sync/tree/index_look.ts";
import { figuresOf } from "../../../lib/sync/tree/local_entry.ts";
import { manifestFromList } from "../../../lib/sync/tree/manifest_trees.ts";
import { withScratch } from "../../support/scratch_files.ts";

const sha = (text: string) => blobHash(new TextEncoder().encode(text));
const LIST = [
  { path: "-dash", mode: Mode.File, sha: sha("dash") },
  { path: "empty", mode: Mode.File, sha: sha("") },
  { path: "é/link", mode: Mode.Symlink, sha: sha("nowhere") },
  { path: "old", mode: 0o100664, sha: sha("old") },
  { path: "run", mode: Mode.Executable, sha: sha("run") },
  { path: "sub", mode: Mode.Gitlink, sha: "1".repeat(40) },
  { path: "var/x", mode: Mode.File, sha: sha("x") },
];

/** A tree as a sync leaves it, and what is then known of it. */
async function withTree(test: (top: string, index: LocalIndex) => Promise<void>): Promise<void> {
  await withScratch({
    "tree/-dash": "dash",
    "tree/empty": "",
    "tree/é/link": { link: "nowhere" },
    "tree/old": "old",
    "tree/run": "run",
  }, async (folder) => {
    const top = `${folder}/tree`;
    for (const path of ["", "/é"]) Deno.chmodSync(top + path, 0o755);
    for (const path of ["-dash", "empty", "old"]) Deno.chmodSync(`${top}/${path}`, 0o644);
    Deno.chmodSync(`${top}/run`, 0o755);
    const manifest = manifestFromList("c".repeat(40), LIST);
    const figures = new Float64Array(manifest.table.count * 4);
    manifest.entries.forEach(({ path, mode }, row) => {
      if (mode === Mode.Tree || mode === Mode.Gitlink || path === "var/x") return;
      figures.set(figuresOf(Deno.lstatSync(`${top}/${path}`)), row * 4);
    });
    await test(top, { manifest, figures });
  });
}

Deno.test("isUntouched() takes a tree as the last sync left it, also with what no sync looks at", async () => {
  await withTree(async (top, index) => {
    const look = new IndexLook(index);
    equal(await look.isUntouched(top), true);
    equal(look.checked, 5);
    Deno.mkdirSync(`${top}/sub`);
    Deno.mkdirSync(`${top}/var`);
    Deno.writeTextFileSync(`${top}/var/x`, "mine");
    Deno.writeTextFileSync(`${top}/mine.nix`, "mine");
    const again = new IndexLook(index);
    equal(await again.isUntouched(top), true);
    deepEqual(again.figures, look.figures);
    equal(await new IndexLook(index, false).isUntouched(top), false, "nothing is trusted");
    equal(await new IndexLook(index).isUntouched(`${top}/none`), false);
  });
});

Deno.test("isUntouched() sees whatever was changed, also by who sets the time back", async () => {
  const replaced = (top: string, path: string) => {
    Deno.writeTextFileSync(`${top}/${path}.tmp`, Deno.readTextFileSync(`${top}/${path}`));
    Deno.chmodSync(`${top}/${path}.tmp`, 0o644);
    Deno.renameSync(`${top}/${path}.tmp`, `${top}/${path}`);
  };
  const edits: Readonly<Record<string, (top: string) => void>> = {
    "an edit": (top) => Deno.writeTextFileSync(`${top}/old`, "mine, longer"),
    "a file that is gone": (top) => Deno.removeSync(`${top}/empty`),
    "a folder that is gone": (top) => Deno.removeSync(`${top}/é`, { recursive: true }),
    "permissions": (top) => Deno.chmodSync(`${top}/old`, 0o600),
    "a file that is executable": (top) => Deno.chmodSync(`${top}/-dash`, 0o755),
    "permissions of a folder": (top) => Deno.chmodSync(`${top}/é`, 0o700),
    "a setuid bit": (top) => Deno.chmodSync(`${top}/run`, 0o4755),
    "a new file of the same content": (top) => replaced(top, "old"),
    "a link in a file's place": (top) => {
      Deno.renameSync(`${top}/old`, `${top}/elsewhere`);
      Deno.symlinkSync("elsewhere", `${top}/old`);
    },
    "a link in a folder's place": (top) => {
      Deno.renameSync(`${top}/é`, `${top}/elsewhere`);
      Deno.symlinkSync("elsewhere", `${top}/é`);
    },
    "a file in a link's place": (top) => {
      Deno.removeSync(`${top}/é/link`);
      Deno.writeTextFileSync(`${top}/é/link`, "nowhere");
    },
    "a time": (top) => Deno.utimeSync(`${top}/old`, 1, 1),
    "a pipe": (top) => {
      Deno.removeSync(`${top}/old`);
      new Deno.Command("mkfifo", { args: [`${top}/old`] }).outputSync();
    },
  };
  for (const [name, edit] of Object.entries(edits)) {
    await withTree(async (top, index) => {
      edit(top);
      equal(await new IndexLook(index).isUntouched(top), false, name);
    });
  }
});

Deno.test("isUntouched() reads nothing of which the index does not know enough", async () => {
  await withTree(async (top, { manifest, figures }) => {
    const row = manifest.table.rowOf("old")!;
    const unsure = figures.slice();
    unsure.fill(0, row * 4, row * 4 + 4);
    equal(await new IndexLook({ manifest, figures: unsure }).isUntouched(top), false);
  });
});
