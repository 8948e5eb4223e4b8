import { deepEqual, equal, rejects } from "node:assert/strict";
import { filesBelow, namelessBelow } from "../../../lib/machine/tree/files_below.ts";
import { withScratch } from "../../support/scratch_files.ts";

Deno.test("filesBelow() lists files and links in order, and follows none", async () => {
  await withScratch({
    "tree/b": "",
    "tree/a/z": "",
    "tree/a/link": { link: "/etc" },
    "tree/a/empty/": "",
    "tree/c/d/e": "",
  }, (folder) => {
    deepEqual(filesBelow(`${folder}/tree`, ""), ["a/link", "a/z", "b", "c/d/e"]);
    deepEqual(filesBelow(`${folder}/tree`, "a"), ["a/link", "a/z"]);
    deepEqual(filesBelow(`${folder}/tree`, "b"), ["b"]);
    deepEqual(filesBelow(`${folder}/tree`, "none"), []);
  });
});

Deno.test("filesBelow() ends with the system's own error where folders are too deep", async () => {
  await rejects(
    withScratch({ "tree/": "" }, (folder) => {
      // Deeper than a path can be long (PATH_MAX): made in two steps.
      const script = 'mkdir -p "$1/$2" && cd -P "$1/$2" && mkdir -p "$2"';
      const deep = "d/".repeat(1500);
      new Deno.Command("sh", { args: ["-c", script, "sh", `${folder}/tree`, deep] }).outputSync();
      filesBelow(`${folder}/tree`, "");
    }),
    /os error 36/,
  );
});

Deno.test("namelessBelow() finds what has a name that is not UTF-8, and no name that only looks so", async () => {
  await withScratch({ "tree/a/b/c": "", "tree/f\ufffdr": "" }, (folder) => {
    const top = `${folder}/tree`;
    equal(namelessBelow(top, ""), undefined);
    const script = `printf x > "$(printf '%s/a/b/f\\374r' "$1")"`;
    new Deno.Command("sh", { args: ["-c", script, "sh", top] }).outputSync();
    equal(namelessBelow(top, ""), "a/b/f\ufffdr");
    equal(namelessBelow(top, "a"), "a/b/f\ufffdr");
    equal(namelessBelow(top, "f\ufffdr"), undefined);
    equal(namelessBelow(top, "none"), undefined);
    deepEqual(filesBelow(top, ""), ["a/b/c", "f\ufffdr"]);
  });
});
