import assert from "node:assert/strict";
import { treeDigest } from "../../../lib/install/source/copy_tree.ts";
import { withScratch } from "../../support/scratch_files.ts";

const module = (path: string) =>
  JSON.stringify(new URL(`../../../lib/${path}`, import.meta.url).href);

/** Copies and compares the tree named, and prints how much memory that has taken at most, in kB. */
const SCRIPT = `
  import { copyTree, isSameTree, treeDigest } from ${module("install/source/copy_tree.ts")};
  import { listSource } from ${module("install/source/source_listing.ts")};
  const peak = () => Number(/VmHWM:\\s*(\\d+)/.exec(Deno.readTextFileSync("/proc/self/status"))[1]);
  const before = peak();
  const [from, to] = Deno.args;
  const listing = listSource(from, () => true);
  await copyTree(listing, to, new AbortController().signal);
  if (!isSameTree(listing, to)) throw new Error("it is another tree");
  treeDigest(to);
  console.log(peak() - before);
`;

Deno.test("copyTree(), isSameTree() and treeDigest() never hold a large file in memory", async () => {
  await withScratch({ "from/large": "", "script.ts": SCRIPT }, async (folder) => {
    const size = 256 * 1024 * 1024;
    Deno.truncateSync(`${folder}/from/large`, size);
    const args = ["run", "-A", "--no-config", "--no-lock", `${folder}/script.ts`];
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [...args, `${folder}/from`, `${folder}/to`],
    }).output();
    assert.equal(code, 0, new TextDecoder().decode(stderr));
    assert.equal(Deno.statSync(`${folder}/to/large`).size, size);
    const grown = Number(new TextDecoder().decode(stdout));
    assert.ok(grown * 1024 < size / 2, `${grown} kB`);
  });
});

Deno.test("treeDigest() changes with content, kind, executable bit and target", async () => {
  await withScratch({ "a/file": "x", "a/link": { link: "file" } }, (folder) => {
    const seen = new Set<string>();
    const look = () => seen.add(treeDigest(`${folder}/a`));
    look();
    Deno.writeTextFileSync(`${folder}/a/file`, "y");
    look();
    Deno.chmodSync(`${folder}/a/file`, 0o755);
    look();
    Deno.removeSync(`${folder}/a/link`);
    Deno.symlinkSync("other", `${folder}/a/link`);
    look();
    Deno.removeSync(`${folder}/a/link`);
    Deno.mkdirSync(`${folder}/a/link`);
    look();
    assert.equal(seen.size, 5);
  });
});
