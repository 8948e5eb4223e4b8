import { deepEqual, equal } from "node:assert/strict";
import { Mode } from "../../../lib/git/git_objects.ts";
import { manifestFromList } from "../../../lib/sync/tree/manifest_trees.ts";

const SHA = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391";

Deno.test("Manifest has what a commit puts there, folders too, and nothing of a submodule", () => {
  const manifest = manifestFromList("c".repeat(40), [
    { path: "a/b", mode: Mode.File, sha: SHA },
    { path: "link", mode: Mode.Symlink, sha: SHA },
    { path: "old", mode: 0o100664, sha: SHA },
    { path: "vendor/lib", mode: Mode.Gitlink, sha: SHA },
  ]);
  for (const path of ["a", "a/b", "link", "old", "vendor"]) equal(manifest.has(path), true, path);
  for (const path of ["", "b", "a/", "A", "a/b/c", "vendor/lib", "vendor/lib/x"]) {
    equal(manifest.has(path), false, path);
  }
  deepEqual(manifest.entries.map(({ path }) => path), [
    ...["a", "a/b", "link", "old", "vendor", "vendor/lib"],
  ]);
});
