import { equal, ok, rejects } from "node:assert/strict";
import fc from "fast-check";
import { identityOf } from "../../../lib/machine/tree/file_identity.ts";
import { lstatIfExists } from "../../../lib/machine/files/files.ts";
import {
  createStaging,
  discardStaging,
  sourceTree,
} from "../../../lib/machine/tree/source_tree.ts";
import {
  decideChange,
  draftJournal,
  type Operation,
  staged,
} from "../../../lib/machine/tree/tree_journal.ts";
import { doOperations, undoOperations } from "../../../lib/machine/tree/tree_operations.ts";
import {
  hasInterruptedChange,
  recoverSourceTree,
} from "../../../lib/machine/tree/tree_recovery.ts";
import { testContext } from "../../support/context.ts";
import { diffTrees, snapshotTree } from "../../support/tree.ts";

/** A change with every kind of step, as a sync stages it. */
function stageChange(ctx: ReturnType<typeof testContext>): Operation[] {
  const tree = sourceTree(ctx);
  const here = (path: string, text: string) => {
    Deno.mkdirSync(`${tree.path}/${path}`.replace(/\/[^/]*$/, ""), { recursive: true });
    Deno.writeTextFileSync(`${tree.path}/${path}`, text);
  };
  here("changed", "old");
  here("gone/deep/file", "goes away");
  here("becomes-file/inside", "moves aside");
  here("becomes-folder", "moves aside, too");
  here("mode", "stays");
  Deno.chmodSync(`${tree.path}/mode`, 0o600);
  Deno.symlinkSync("changed", `${tree.path}/link`);
  const staging = createStaging(ctx, tree);
  const fresh = staged.new(staging);
  const previous = staged.previousTree(staging);
  for (const folder of [`${fresh}/new/folder`, `${previous}/gone/deep`]) {
    Deno.mkdirSync(folder, { recursive: true });
  }
  Deno.writeTextFileSync(`${fresh}/changed`, "new");
  Deno.writeTextFileSync(`${fresh}/becomes-file`, "a file now");
  Deno.writeTextFileSync(`${fresh}/new/folder/file`, "added");
  Deno.mkdirSync(`${fresh}/becomes-folder`);
  Deno.writeTextFileSync(`${fresh}/becomes-folder/inside`, "a folder now");
  Deno.symlinkSync("mode", `${fresh}/link`);
  for (const path of ["changed", "gone/deep/file", "link"]) {
    Deno.linkSync(`${tree.path}/${path}`, `${previous}/${path}`);
  }
  Deno.writeTextFileSync(staged.state(staging), "{}");
  Deno.writeTextFileSync(staged.index(staging), "");
  return [
    { do: "aside", path: "becomes-file" },
    { do: "aside", path: "becomes-folder" },
    { do: "remove", path: "gone/deep/file" },
    { do: "prune", path: "gone/deep" },
    { do: "prune", path: "gone" },
    { do: "put", path: "changed" },
    { do: "put", path: "becomes-file" },
    { do: "put", path: "becomes-folder" },
    { do: "put", path: "link" },
    { do: "put", path: "new" },
    { do: "mode", path: "mode", mode: 0o644, before: 0o600 },
  ];
}

async function withMachine(
  body: (ctx: ReturnType<typeof testContext>) => void | Promise<void>,
): Promise<void> {
  const root = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${root}/etc/hypervisor/src`, { recursive: true });
    await Deno.mkdir(`${root}/var/lib`, { recursive: true });
    await body(testContext({ root }));
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

Deno.test("recoverSourceTree() finishes a journaled change, wherever it was interrupted", async () => {
  let expected: ReturnType<typeof snapshotTree> | undefined;
  for (let done = 0; done <= 11; done++) {
    await withMachine(async (ctx) => {
      const operations = stageChange(ctx);
      const tree = sourceTree(ctx);
      const [staging = ""] = [...Deno.readDirSync(tree.parent)]
        .filter(({ name }) => name.startsWith(".src-staging-"))
        .map(({ name }) => `${tree.parent}/${name}`);
      draftJournal(staging, operations);
      decideChange(staging);
      doOperations(tree.path, staging, operations.slice(0, done));
      ok(hasInterruptedChange(ctx));
      equal((await recoverSourceTree(ctx)).finished, 1);
      const now = snapshotTree(tree.path);
      expected ??= now;
      equal(diffTrees(expected, now), "", `interrupted after ${done} steps`);
      equal(Deno.readTextFileSync(`${tree.path}/becomes-file`), "a file now");
      equal(Deno.readTextFileSync(`${tree.previous}/tree/becomes-file/inside`), "moves aside");
      equal(
        [...Deno.readDirSync(tree.parent)].map(({ name }) => name).sort().join(),
        ".src-previous,src",
      );
      ok(!hasInterruptedChange(ctx));
    });
  }
});

Deno.test("recoverSourceTree() does no step again once the way back is kept", async () => {
  await withMachine(async (ctx) => {
    const operations = stageChange(ctx);
    const tree = sourceTree(ctx);
    const staging = [...Deno.readDirSync(tree.parent)]
      .map(({ name }) => `${tree.parent}/${name}`).find((path) => path.includes("staging"))!;
    draftJournal(staging, operations);
    decideChange(staging);
    doOperations(tree.path, staging, operations);
    Deno.renameSync(staged.previous(staging), tree.previous);
    const before = snapshotTree(tree.parent, { ignore: [/staging/] });
    equal((await recoverSourceTree(ctx)).finished, 1);
    equal(diffTrees(before, snapshotTree(tree.parent)), "");
  });
});

Deno.test("undoOperations() takes back what was done, after any number of steps", async () => {
  for (let done = 0; done <= 11; done++) {
    await withMachine((ctx) => {
      const operations = stageChange(ctx);
      const tree = sourceTree(ctx);
      const staging = [...Deno.readDirSync(tree.parent)]
        .map(({ name }) => `${tree.parent}/${name}`).find((path) => path.includes("staging"))!;
      const before = snapshotTree(tree.path);
      doOperations(tree.path, staging, operations.slice(0, done));
      undoOperations(tree.path, staging, operations);
      equal(lstatIfExists(staged.kept(staging)), undefined, "nobody has edited anything");
      equal(diffTrees(before, snapshotTree(tree.path)), "", `after ${done} steps`);
      // And again forward: nothing that was staged is lost.
      doOperations(tree.path, staging, operations);
      equal(Deno.readTextFileSync(`${tree.path}/new/folder/file`), "added");
    });
  }
});

/** The change of {@link stageChange}, decided, with what is compared and what is staged described. */
function decidedChange(ctx: ReturnType<typeof testContext>): {
  readonly tree: string;
  readonly staging: string;
  readonly operations: readonly Operation[];
} {
  const operations = stageChange(ctx);
  const { path: tree, parent } = sourceTree(ctx);
  const staging = [...Deno.readDirSync(parent)]
    .map(({ name }) => `${parent}/${name}`).find((path) => path.includes("staging"))!;
  const described = operations.map((step): Operation => {
    if (step.do !== "put") return step;
    const fresh = identityOf(Deno.lstatSync(`${staged.new(staging)}/${step.path}`));
    const there = lstatIfExists(`${tree}/${step.path}`);
    return there?.isFile || there?.isSymlink
      ? { ...step, fresh, was: identityOf(there) }
      : { ...step, fresh };
  }).map((step) =>
    step.do === "put" && step.path.startsWith("becomes-") ? { ...step, was: undefined } : step
  ).map((step) => JSON.parse(JSON.stringify(step)) as Operation);
  draftJournal(staging, described);
  decideChange(staging);
  return { tree, staging, operations: described };
}

Deno.test("doOperations() keeps what is written to a file that was open when it was replaced", async () => {
  await withMachine((ctx) => {
    const { tree, staging, operations } = decidedChange(ctx);
    using open = Deno.openSync(`${tree}/changed`, { write: true, append: true });
    doOperations(tree, staging, operations, (count) => {
      if (count === operations.length) open.writeSync(new TextEncoder().encode(", edited late"));
    });
    equal(Deno.readTextFileSync(`${tree}/changed`), "new");
    equal(Deno.readTextFileSync(`${staged.keptTree(staging)}/changed`), "old, edited late");
  });
});

Deno.test("doOperations() keeps whatever it finds where nothing, or something else, was", async () => {
  await withMachine((ctx) => {
    const { tree, staging, operations } = decidedChange(ctx);
    Deno.removeSync(`${tree}/changed`);
    Deno.writeTextFileSync(`${tree}/changed`, "by a rename");
    Deno.writeTextFileSync(`${tree}/new`, "a file in a folder's place");
    Deno.removeSync(`${tree}/link`);
    Deno.mkdirSync(`${tree}/link/folder`, { recursive: true });
    Deno.writeTextFileSync(`${tree}/link/folder/file`, "a folder in a link's place");
    doOperations(tree, staging, operations);
    const kept = (path: string) => Deno.readTextFileSync(`${staged.keptTree(staging)}/${path}`);
    equal(kept("changed"), "by a rename");
    equal(kept("new"), "a file in a folder's place");
    equal(kept("link/folder/file"), "a folder in a link's place");
    equal(Deno.readTextFileSync(`${tree}/new/folder/file`), "added");
  });
});

Deno.test("undoOperations() keeps edits of what was put, and puts back edits that were in the way", async () => {
  await withMachine((ctx) => {
    const { tree, staging, operations } = decidedChange(ctx);
    Deno.removeSync(`${tree}/changed`);
    Deno.writeTextFileSync(`${tree}/changed`, "edited before");
    doOperations(tree, staging, operations);
    const later = new Date(Date.now() + 5000);
    for (const path of ["changed", "new/folder/file"]) {
      Deno.writeTextFileSync(`${tree}/${path}`, "edited after");
      Deno.utimeSync(`${tree}/${path}`, later, later);
    }
    undoOperations(tree, staging, operations);
    equal(Deno.readTextFileSync(`${tree}/changed`), "edited before");
    equal(lstatIfExists(`${tree}/new`), undefined);
    for (const path of ["changed", "new/folder/file"]) {
      equal(Deno.readTextFileSync(`${staged.keptTree(staging)}/${path}`), "edited after");
    }
  });
});

Deno.test("recoverSourceTree() takes everything back when a step cannot be done", async () => {
  await withMachine(async (ctx) => {
    const operations = stageChange(ctx);
    const tree = sourceTree(ctx);
    const staging = [...Deno.readDirSync(tree.parent)]
      .map(({ name }) => `${tree.parent}/${name}`).find((path) => path.includes("staging"))!;
    // There is nothing below a file.
    Deno.mkdirSync(`${staged.new(staging)}/mode`);
    Deno.writeTextFileSync(`${staged.new(staging)}/mode/below`, "");
    draftJournal(staging, [...operations, { do: "put", path: "mode/below" }]);
    decideChange(staging);
    // What was edited since it was decided is there again as well.
    Deno.removeSync(`${tree.path}/link`);
    Deno.mkdirSync(`${tree.path}/link/in-the-way`, { recursive: true });
    const before = snapshotTree(tree.path);
    await rejects(recoverSourceTree(ctx));
    equal(diffTrees(before, snapshotTree(tree.path)), "");
    equal((await recoverSourceTree(ctx)).finished, 0);
  });
});

Deno.test("recoverSourceTree() discards what was staged and never decided", async () => {
  await withMachine(async (ctx) => {
    stageChange(ctx);
    const tree = sourceTree(ctx);
    const before = snapshotTree(tree.path);
    equal((await recoverSourceTree(ctx)).discarded, 1);
    equal(diffTrees(before, snapshotTree(tree.path)), "");
    equal([...Deno.readDirSync(tree.parent)].map(({ name }) => name).join(), "src");
  });
});

Deno.test("recoverSourceTree() refuses a journal that is damaged or leads out of the tree", async () => {
  const journals = fc.constantFrom(
    "",
    "{}",
    '{"version":2,"operations":[]}',
    '{"version":1,"operations":[{"do":"put","path":"../../outside"}]}',
    '{"version":1,"operations":[{"do":"remove","path":"/etc/passwd"}]}',
    '{"version":1,"operations":[{"do":"format","path":"a"}]}',
  );
  await fc.assert(
    fc.asyncProperty(journals, (journal) =>
      withMachine(async (ctx) => {
        const tree = sourceTree(ctx);
        const staging = createStaging(ctx, tree);
        Deno.writeTextFileSync(staged.journal(staging), journal);
        await rejects(recoverSourceTree(ctx), /damaged|hostile/);
        await discardStaging(staging);
      })),
    { numRuns: 12 },
  );
});
