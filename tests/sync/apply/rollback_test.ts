/** Any tree, any sync, any edits after it: rolling back brings the tree of before, and loses nothing. */
import { deepEqual, ok } from "node:assert/strict";
import fc from "fast-check";
import { Mode } from "../../../lib/git/git_objects.ts";
import { readTextIfExists } from "../../../lib/machine/files/files.ts";
import { blobHash } from "../../../lib/machine/tree/blob_hash.ts";
import { syncableBelow } from "../../../lib/machine/tree/files_below.ts";
import { createStaging, sourceTree } from "../../../lib/machine/tree/source_tree.ts";
import { applyChange } from "../../../lib/sync/apply/apply.ts";
import { rollbackTree } from "../../../lib/sync/apply/rollback.ts";
import { settlePlan } from "../../../lib/sync/apply/second_look.ts";
import { encodeState, readIndex, readSyncState } from "../../../lib/sync/state.ts";
import { LocalTree } from "../../../lib/sync/tree/local_tree.ts";
import { manifestFromList } from "../../../lib/sync/tree/manifest_trees.ts";
import { planSync } from "../../../lib/sync/tree/planner.ts";
import { testContext } from "../../support/context.ts";

/** Few names and contents, so that they meet; two that differ in case, two that look the same. */
const NAMES = ["a", "b", "A", "\u00e9", "e\u0301"];
const path = fc.array(fc.constantFrom(...NAMES), { minLength: 1, maxLength: 3 })
  .map((names) => names.join("/"));
const file = fc.record({
  path,
  mode: fc.constantFrom(Mode.File, Mode.Executable, Mode.Symlink),
  content: fc.constantFrom("one", "two", "../a"),
});
type FileOf = { path: string; mode: number; content: string };
const files = fc.array(file, { maxLength: 7 }).map(consistent);
/** Contents of its own, so that it is seen whether one is lost. */
const edits = fc.array(
  fc.record({ path, mode: file.map(({ mode }) => mode), goes: fc.boolean() }),
  { maxLength: 4 },
);

/** Without two entries for one path, or a file where another has a folder. */
function consistent(files: readonly FileOf[]): FileOf[] {
  return files.filter((file, index) =>
    !files.slice(0, index).some(({ path }) =>
      path === file.path || path.startsWith(file.path + "/") || file.path.startsWith(path + "/")
    )
  );
}

function sha(content: string): string {
  return blobHash(new TextEncoder().encode(content));
}

/** Puts a file there, whatever was in its way. */
function write(top: string, { path, mode, content }: FileOf): void {
  const names = path.split("/");
  for (let end = 1; end < names.length; end++) {
    const folder = `${top}/${names.slice(0, end).join("/")}`;
    if (!isFolder(folder)) remove(folder);
    Deno.mkdirSync(folder, { recursive: true });
    Deno.chmodSync(folder, 0o755);
  }
  remove(`${top}/${path}`);
  if (mode === Mode.Symlink) return Deno.symlinkSync(content, `${top}/${path}`);
  Deno.writeTextFileSync(`${top}/${path}`, content);
  Deno.chmodSync(`${top}/${path}`, mode & 0o777);
}

function isFolder(path: string): boolean {
  try {
    return Deno.lstatSync(path).isDirectory;
  } catch {
    return false;
  }
}

function remove(path: string): void {
  try {
    Deno.removeSync(path, { recursive: true });
  } catch {
    // There is none.
  }
}

/** Every file and link with its kind and content, and every folder. */
function listing(folder: string): string[] {
  return syncableBelow(folder, "").map((path) => {
    const host = `${folder}/${path}`;
    const { isSymlink, mode } = Deno.lstatSync(host);
    return isSymlink
      ? `${path} -> ${Deno.readLinkSync(host)}`
      : `${path} ${(mode ?? 0) & 0o100} ${Deno.readTextFileSync(host)}`;
  }).sort();
}

class Machine implements Disposable {
  readonly root = Deno.makeTempDirSync();
  readonly ctx = testContext({ root: this.root });
  readonly tree = `${this.root}/etc/hypervisor/src`;

  constructor() {
    Deno.mkdirSync(this.tree, { recursive: true });
    Deno.mkdirSync(`${this.root}/var/lib/hyper-nixos/backups`, { recursive: true });
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.root, { recursive: true });
  }

  async sync(name: string, files: readonly FileOf[]): Promise<void> {
    const { ctx } = this;
    const state = readSyncState(ctx);
    const index = state && await readIndex(ctx, state);
    const target = manifestFromList(
      name.repeat(40),
      files.map(({ path, mode, content }) => ({ path, mode, sha: sha(content) })),
    );
    const tree = sourceTree(ctx);
    const look = () => new LocalTree(tree.path, index, 0);
    const local = look();
    await local.scan();
    const plan = planSync(local, target, index?.manifest);
    const { operations } = await settlePlan(
      { local, plan },
      look,
      () => Promise.reject(new Error("nobody has edited anything")),
    );
    await applyChange(ctx, {
      tree,
      operations,
      staging: createStaging(ctx, tree),
      plan,
      contents: {
        of: (entry) => {
          const { content } = files.find(({ path }) => path === entry.path)!;
          return new TextEncoder().encode(content);
        },
      },
      stateBefore: readTextIfExists(tree.state),
      stateAfter: encodeState({
        version: 1,
        repository: "owner/name",
        commit: target.commit,
        ref: "main",
        time: "2026-01-01T00:00:00Z",
      }),
    });
  }

  /** All contents that are anywhere: in the tree, in backups, among the previous files. */
  contents(): string {
    const below = [this.tree, `${this.root}/var/lib/hyper-nixos/backups`];
    return [...below, `${sourceTree(this.ctx).previous}/tree`].filter(isFolder)
      .flatMap(listing).join("\n");
  }
}

Deno.test("rollbackTree() brings back the tree of before a sync, and that of after it", async () => {
  await fc.assert(
    fc.asyncProperty(files, files, edits, async (first, next, edited) => {
      using machine = new Machine();
      await machine.sync("a", first);
      apply(machine, edited);
      const before = listing(machine.tree);
      await machine.sync("b", next);
      const after = listing(machine.tree);
      await rollbackTree(machine.ctx);
      deepEqual(listing(machine.tree), before, "back");
      await rollbackTree(machine.ctx);
      deepEqual(listing(machine.tree), after, "forward again");
    }),
    { numRuns: 12 },
  );
});

Deno.test("rollbackTree() loses no edit that was made since the sync", async () => {
  await fc.assert(
    fc.asyncProperty(files, files, edits, async (first, next, edited) => {
      using machine = new Machine();
      await machine.sync("a", first);
      await machine.sync("b", next);
      const made = apply(machine, edited);
      await rollbackTree(machine.ctx);
      const contents = machine.contents();
      for (const content of made) ok(contents.includes(content), `${content} is lost`);
      // And the way forward is there.
      await rollbackTree(machine.ctx);
      const again = machine.contents();
      for (const content of made) ok(again.includes(content), `${content} is lost by the second`);
    }),
    { numRuns: 12 },
  );
});

/** @returns what is there of the edits in the end */
function apply(
  { tree }: Machine,
  edited: readonly { path: string; mode: number; goes: boolean }[],
): string[] {
  edited.forEach(({ path, mode, goes }, index) => {
    if (goes) remove(`${tree}/${path}`);
    else write(tree, { path, mode, content: `edit ${index}.` });
  });
  const now = listing(tree).join("\n");
  return edited.map((_, index) => `edit ${index}.`).filter((content) => now.includes(content));
}
