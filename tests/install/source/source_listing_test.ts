import { deepEqual, equal } from "node:assert/strict";
import { copyTree, isSameTree } from "../../../lib/install/source/copy_tree.ts";
import { listSource } from "../../../lib/install/source/source_listing.ts";
import { isExcluded } from "../../../lib/machine/tree/excluded.ts";

const FILES = [
  ".git/config",
  "docs/result/page",
  "docs/var/page",
  "module/.git/config",
  "module/page",
  "nix/docker.socket/override.conf",
  "nix/real.socket",
  "result-doc/page",
  "target/file",
  "tools/target/file",
  "tools/targets",
  "var/file",
  "variables",
];

Deno.test("listSource() leaves out what no sync writes, and nothing else", async () => {
  const source = await Deno.makeTempDir();
  const copy = `${source}-copy`;
  try {
    for (const path of FILES) {
      Deno.mkdirSync(`${source}/${path}`.replace(/\/[^/]*$/, ""), { recursive: true });
      Deno.writeTextFileSync(`${source}/${path}`, path);
    }
    const listing = listSource(source, () => true);
    const copied = listing.entries.filter(({ kind }) => kind === "file").map(({ path }) => path);
    deepEqual(copied, FILES.filter((path) => !isExcluded(path) && !path.includes("/.git/")));
    deepEqual(copied, [
      "docs/result/page",
      "docs/var/page",
      "module/page",
      "nix/docker.socket/override.conf",
      "tools/targets",
      "variables",
    ]);
    await copyTree(listing, copy, new AbortController().signal);
    equal(isSameTree(listing, copy), true);
    // A socket's folder belongs to the tree, a socket does not.
    Deno.writeTextFileSync(`${copy}/nix/other.socket`, "");
    equal(isSameTree(listing, copy), true);
    Deno.writeTextFileSync(`${copy}/nix/docker.socket/more`, "");
    equal(isSameTree(listing, copy), false);
  } finally {
    await Deno.remove(source, { recursive: true });
    await Deno.remove(copy, { recursive: true });
  }
});
