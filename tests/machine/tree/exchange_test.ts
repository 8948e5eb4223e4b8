import { equal, throws } from "node:assert/strict";
import { exchange, renameToFree } from "../../../lib/machine/tree/exchange.ts";
import { withScratch } from "../../support/scratch_files.ts";
import { diffTrees, snapshotTree } from "../../support/tree.ts";

Deno.test("exchange() gives each of two names what the other had, whatever that is", async () => {
  const file = "ein\nName – ü";
  await withScratch(
    { [file]: "text", "folder/in/it": "deep", "link": { link: "nowhere" } },
    (top) => {
      const [a, b, c] = [`${top}/${file}`, `${top}/folder`, `${top}/link`];
      equal(exchange(a, b), true);
      equal(Deno.readTextFileSync(b), "text");
      equal(Deno.readTextFileSync(`${a}/in/it`), "deep");
      equal(exchange(b, c), true);
      equal(Deno.readLinkSync(b), "nowhere", "a link itself, not what it leads to");
      equal(Deno.readTextFileSync(c), "text");
    },
  );
});

Deno.test("exchange() that cannot be done has done nothing", async () => {
  await withScratch({ "a": "a", "folder/b": "b" }, (top) => {
    const before = snapshotTree(top);
    equal(exchange(`${top}/a`, `${top}/none`), false);
    equal(exchange(`${top}/none`, `${top}/a`), false);
    equal(exchange(`${top}/folder`, `${top}/folder/b`), false, "a folder into itself");
    equal(diffTrees(before, snapshotTree(top)), "");
    const elsewhere = Deno.makeTempDirSync({ dir: "/dev/shm" });
    try {
      Deno.writeTextFileSync(`${elsewhere}/c`, "c");
      if (Deno.statSync(elsewhere).dev === Deno.statSync(top).dev) return;
      equal(exchange(`${top}/a`, `${elsewhere}/c`), false, "another file system");
      equal(Deno.readTextFileSync(`${elsewhere}/c`), "c");
      equal(diffTrees(before, snapshotTree(top)), "");
    } finally {
      Deno.removeSync(elsewhere, { recursive: true });
    }
  });
});

Deno.test("renameToFree() replaces nothing, not even a link that leads nowhere", async () => {
  await withScratch(
    { "from": "new", "file": "old", "folder/": "", "link": { link: "none" } },
    (top) => {
      const before = snapshotTree(top);
      for (const name of ["file", "folder", "link"]) {
        equal(renameToFree(`${top}/from`, `${top}/${name}`), false, name);
      }
      equal(diffTrees(before, snapshotTree(top)), "");
      equal(renameToFree(`${top}/from`, `${top}/free`), true);
      equal(Deno.readTextFileSync(`${top}/free`), "new");
      equal(renameToFree(`${top}/from`, `${top}/other`), false, "it is gone");
    },
  );
});

Deno.test("exchange() goes through no folder that is a link", async () => {
  await withScratch({ "real/a": "a", "b": "b", "way": { link: "real" } }, (top) => {
    throws(() => exchange(`${top}/way/a`, `${top}/b`), /symbolic link/);
    equal(Deno.readTextFileSync(`${top}/real/a`), "a");
  });
});
