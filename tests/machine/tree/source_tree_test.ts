import { deepEqual, equal, match, ok, throws } from "node:assert/strict";
import {
  createStaging,
  discardStaging,
  hasLeftovers,
  sourceTree,
  stagingFolders,
  treeFolderProblem,
} from "../../../lib/machine/tree/source_tree.ts";
import { ToolError } from "../../../lib/machine/tool_error.ts";
import { testContext } from "../../support/context.ts";
import { isRoot } from "../../support/needs.ts";
import { type ScratchEntry, withScratch } from "../../support/scratch_files.ts";

/** A machine on a disk whose name has a blank, with folders that are its owner's alone to write. */
function withMachine(
  files: Readonly<Record<string, ScratchEntry>>,
  test: (ctx: ReturnType<typeof testContext>, root: string) => void | Promise<void>,
): Promise<void> {
  const below = Object.entries(files).map(([path, entry]) => [`my disk/${path}`, entry] as const);
  return withScratch(Object.fromEntries(below), async (top) => {
    const root = `${top}/my disk`;
    for (const folder of ["", "/etc", "/etc/hypervisor"]) {
      try {
        Deno.chmodSync(root + folder, 0o755);
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      }
    }
    await test(testContext({ root }), root);
  });
}

const names = (folder: string) => [...Deno.readDirSync(folder)].map(({ name }) => name).sort();

Deno.test("sourceTree() takes a folder, or nothing yet; a link or file only with a line to move it", async () => {
  await withMachine({ "etc/hypervisor/src/x": "" }, (ctx, root) => {
    const tree = sourceTree(ctx);
    equal(tree.path, `${root}/etc/hypervisor/src`);
    equal(tree.state, `${root}/var/lib/hyper-nixos/sync/state.json`);
  });
  await withMachine({ "etc/": "" }, (ctx) => void sourceTree(ctx));
  for (const src of [{ link: "/home/ann/Hyper-NixOS" }, "a file"]) {
    await withMachine({ "etc/hypervisor/src": src }, async (ctx, root) => {
      let hint = "";
      throws(() => sourceTree(ctx), (error) => {
        ok(error instanceof ToolError);
        equal(error.code, 6);
        match(error.message, /src is (a symbolic link|not a folder)$/);
        hint = error.hint ?? "";
        return true;
      });
      // What is shown is typed as it stands.
      const typed = /\((mv .*)\)/.exec(hint)![1]!;
      await new Deno.Command("sh", { args: ["-c", typed] }).output();
      deepEqual(names(`${root}/etc/hypervisor`), ["src.old"], typed);
      sourceTree(ctx);
    });
  }
});

Deno.test("createStaging() makes a folder beside the tree for its owner only, with the folder above", async () => {
  await withMachine({ "etc/": "" }, (ctx, root) => {
    const one = createStaging(ctx, sourceTree(ctx));
    const two = createStaging(ctx, sourceTree(ctx));
    ok(one !== two);
    equal(Deno.statSync(one).mode! & 0o777, 0o700);
    equal(Deno.statSync(`${root}/etc/hypervisor`).mode! & 0o777, 0o755);
    deepEqual(stagingFolders(sourceTree(ctx)).sort(), [one, two].sort());
    ok(hasLeftovers(sourceTree(ctx)));
  });
});

Deno.test("createStaging() stages nothing where others could exchange it, also where it is still to be made", async () => {
  const places = { "etc/hypervisor": "etc/hypervisor/", etc: "etc/" };
  for (const [open, made] of Object.entries(places)) {
    for (const mode of [0o775, 0o777, 0o1777]) {
      await withMachine({ [made]: "" }, (ctx, root) => {
        Deno.chmodSync(`${root}/${open}`, mode);
        const problem = treeFolderProblem(ctx);
        equal(problem?.code, 3, `${open} ${mode.toString(8)}`);
        match(problem!.message, new RegExp(`/${open} can be written by`));
        throws(() => createStaging(ctx, sourceTree(ctx)), ToolError);
        deepEqual(names(`${root}/etc`), open === "etc" ? [] : ["hypervisor"]);
        deepEqual(stagingFolders(sourceTree(ctx)), []);
      });
    }
  }
});

Deno.test("stagingFolders() are folders of ours: no link, no file, nothing that others made or may write", async () => {
  await withMachine({
    "etc/hypervisor/.src-staging-file": "",
    "etc/hypervisor/.src-staging-link": { link: "/tmp" },
    "etc/hypervisor/.src-staging-open/x": "",
    "etc/hypervisor/.src-staging-hers/x": "",
    "etc/hypervisor/.src-previous/x": "",
    "etc/hypervisor/src/.src-staging-inside/x": "",
  }, (ctx, root) => {
    Deno.chmodSync(`${root}/etc/hypervisor/.src-staging-open`, 0o777);
    const hers = `${root}/etc/hypervisor/.src-staging-hers`;
    Deno.chmodSync(hers, 0o700);
    if (isRoot) Deno.chownSync(hers, 1000, 100);
    deepEqual(stagingFolders(sourceTree(ctx)), isRoot ? [] : [hers]);
    equal(hasLeftovers(sourceTree(ctx)), !isRoot);
  });
});

Deno.test("hasLeftovers() sees a state or index that was being written, and no file of others", async () => {
  const sync = "var/lib/hyper-nixos/sync";
  for (
    const [name, isLeft] of [
      [".state.json.0123abcd.tmp", true],
      [".index.0123abcd.tmp", true],
      [".state.json.swp", false],
      ["state.json", false],
      [".other.0123abcd.tmp", false],
    ] as const
  ) {
    await withMachine({ [`${sync}/${name}`]: "" }, (ctx) => {
      equal(hasLeftovers(sourceTree(ctx)), isLeft, name);
    });
  }
});

Deno.test("discardStaging() removes all in it and follows no link; one that is gone is no failure", async () => {
  await withMachine({ "etc/": "", "home/precious": "kept" }, async (ctx, root) => {
    const staging = createStaging(ctx, sourceTree(ctx));
    Deno.mkdirSync(`${staging}/new/deep`, { recursive: true });
    Deno.mkdirSync(`${staging}/closed`, { mode: 0o000 });
    Deno.symlinkSync(`${root}/home`, `${staging}/new/deep/link`);
    Deno.symlinkSync(`${root}/home`, `${staging}/link`);
    await discardStaging(staging);
    deepEqual(names(`${root}/etc/hypervisor`), []);
    deepEqual(names(`${root}/home`), ["precious"]);
    await discardStaging(staging);
  });
});
