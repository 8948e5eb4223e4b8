/** What the quick look at a tree says is what the slow one says, and what git says. */
import { deepEqual, equal, match, throws } from "node:assert/strict";
import fc from "fast-check";
import { gitEnvironment } from "../../support/github/git_environment.ts";
import { Mode } from "../../../lib/git/git_objects.ts";
import { blobHash } from "../../../lib/machine/tree/blob_hash.ts";
import { ExitCode } from "../../../lib/machine/exit_code.ts";
import type { ToolError } from "../../../lib/machine/tool_error.ts";
import { withScratch } from "../../support/scratch_files.ts";
import { FolderCalls } from "../../../lib/machine/files/folder_calls.ts";
import { FIGURES, type LocalIndex } from "../../../lib/sync/tree/index_file.ts";
import { IndexLook } from "../../../lib/sync/tree/index_look.ts";
import { LocalTree } from "../../../lib/sync/tree/local_tree.ts";
import type { Manifest } from "../../../lib/sync/tree/manifest.ts";
import { manifestFromList } from "../../../lib/sync/tree/manifest_trees.ts";
import { planSync } from "../../../lib/sync/tree/planner.ts";
import { untouchedPlan } from "../../../lib/sync/tree/untouched_plan.ts";

const encoder = new TextEncoder();

/** Paths of which two are in one folder, one is a link, and some are for git alone. */
const FILES: readonly [path: string, content: string, mode: number][] = [
  ["a", "one\n", Mode.File],
  ["b/c", "two\n", Mode.Executable],
  ["b/d/é e", "three\n", Mode.File],
  ["b/d/f", "", Mode.File],
  ["g/h/i", "four\n", Mode.File],
  ["link", "b/c", Mode.Symlink],
  ["x.socket", "five\n", Mode.File],
  ["var/j", "six\n", Mode.File],
];
/** What no sync looks at. */
const EXCLUDED = ["x.socket", "var/j"];

/** Things that happen to files and folders; everything but "touch" is a change to git. */
const event = fc.record({
  path: fc.constantFrom("a", "b", "b/c", "b/d", "b/d/é e", "b/d/f", "g", "g/h", "g/h/i", "link"),
  what: fc.constantFrom(
    ...["edit", "append", "touch", "mode", "delete", "folder", "link", "file", "same"],
  ),
});
type Event = { path: string; what: string };

function happen(top: string, { path, what }: Event, turn: number): void {
  const host = `${top}/${path}`;
  const info = lstat(host);
  const write = (content: string) => {
    Deno.writeTextFileSync(host, content);
    // Whoever changes a file changes its time: here to one that it never had.
    Deno.utimeSync(host, 1_000_000 + turn, 1_000_000 + turn);
  };
  if (info === undefined) {
    if (what === "file" && lstat(host.replace(/\/[^/]*$/, ""))?.isDirectory) write("new\n");
    return;
  }
  if (what === "edit" && info.isFile) write("x".repeat(info.size));
  if (what === "append" && info.isFile) write(Deno.readTextFileSync(host) + "more");
  if (what === "same" && info.isFile) write(Deno.readTextFileSync(host));
  if (what === "touch" && info.isFile) Deno.utimeSync(host, 2_000_000 + turn, 2_000_000 + turn);
  if (what === "mode" && info.isFile) Deno.chmodSync(host, (info.mode! & 0o777) ^ 0o111);
  if (!["delete", "folder", "link", "file"].includes(what)) return;
  if (what === "link" && info.isDirectory) {
    // What is behind the link is as it was.
    Deno.renameSync(host, `${top}-outside-${turn}`);
    Deno.symlinkSync(`${top}-outside-${turn}`, host);
    return;
  }
  Deno.removeSync(host, { recursive: true });
  if (what === "folder") Deno.mkdirSync(host, { mode: 0o755 });
  if (what === "link") Deno.symlinkSync("elsewhere", host);
  if (what === "file") write("now a file\n");
}

function lstat(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return undefined;
    }
    throw error;
  }
}

function writeTree(top: string): Manifest {
  for (const [path, content, mode] of FILES) {
    const host = `${top}/${path}`;
    Deno.mkdirSync(host.replace(/\/[^/]*$/, ""), { recursive: true, mode: 0o755 });
    if (mode === Mode.Symlink) Deno.symlinkSync(content, host);
    else Deno.writeTextFileSync(host, content, { mode: mode & 0o777 });
  }
  return manifestFromList(
    "c".repeat(40),
    FILES.map(([path, content, mode]) => ({ path, mode, sha: blobHash(encoder.encode(content)) })),
  );
}

async function git(top: string, ...args: string[]): Promise<string> {
  const place = ["--git-dir", `${top}.git`, "--work-tree", top];
  const { success, stdout, stderr } = await new Deno.Command("git", {
    args: [...place, "-c", "core.quotePath=false", ...args],
    env: gitEnvironment,
    cwd: top,
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

/** An index that knows the figures of all files, however young they are. */
async function indexOf(top: string, manifest: Manifest): Promise<LocalIndex> {
  const nothing = new Float64Array(manifest.table.count * FIGURES);
  const local = new LocalTree(top, { manifest, figures: nothing }, Infinity);
  equal(await local.scan(), true);
  const figures = new Float64Array(nothing.length);
  local.copyFigures(0, figures, 0, manifest.table.count);
  return { manifest, figures };
}

/** Rows that are right, and what is where they are not. */
async function lookedAt(
  top: string,
  index: LocalIndex,
  trust: boolean,
  quick: boolean,
  begun?: IndexLook,
): Promise<unknown> {
  const local = new LocalTree(top, index, Infinity, trust, begun);
  const all = await local.scan(quick);
  const right = [...local.rightRows].map((state) => state === 1);
  const { checked, hashed, learnt } = local;
  const figures = new Float64Array(index.figures.length);
  local.copyFigures(0, figures, 0, right.length);
  const entries = index.manifest.entries.filter((_, row) => local.rightRows[row] === 2)
    .map(({ path }) => local.at(path));
  return { all, right, checked, hashed, learnt, figures: [...figures], entries };
}

/** A tree that seems untouched is one for which nothing is planned. */
async function expectUntouched(top: string, index: LocalIndex, rows: IndexLook): Promise<void> {
  const { manifest } = index;
  const local = new LocalTree(top, index, Infinity);
  await local.scan();
  const plan = planSync(local, manifest, manifest);
  deepEqual(untouchedPlan(rows), plan);
  deepEqual([rows.checked, 0], [local.checked, local.hashed]);
}

Deno.test("scan() says the same in the quick and in the slow way, and the same as git", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(event, { maxLength: 5 }),
      fc.boolean(),
      fc.boolean(),
      async (events, known, trust) => {
        const folder = await Deno.makeTempDir();
        try {
          const top = `${folder}/tree`;
          await Deno.mkdir(top, { mode: 0o755 });
          const manifest = writeTree(top);
          await git(top, "init", "--quiet");
          await git(top, "add", "--all", "--force");
          const figures = new Float64Array(manifest.table.count * FIGURES);
          const index = known ? await indexOf(top, manifest) : { manifest, figures };
          events.forEach((event, turn) => happen(top, event, turn));

          const quick = await lookedAt(top, index, trust, true);
          deepEqual(quick, await lookedAt(top, index, trust, false));
          const begun = new IndexLook(index, trust);
          const isUntouched = await begun.isUntouched(top);
          if (isUntouched) await expectUntouched(top, index, begun);
          deepEqual(await lookedAt(top, index, trust, true, begun), quick);
          const local = new LocalTree(top, index, 0, trust);
          await local.scan(true);
          const wrong = manifest.entries.filter(({ path, mode }, row) =>
            mode !== Mode.Tree && !EXCLUDED.includes(path) && local.rightRows[row] !== 1
          ).map(({ path }) => path);
          // It looks at contents only when it is told to renew what it knows of the times.
          await git(top, "status", "--porcelain", "--untracked-files=no");
          const changed = await git(top, "diff-files", "--name-only", "-z");
          // What has another time has to be read before that is known.
          if (known && trust && events.length === 0) equal(isUntouched, true);
          if (wrong.length > 0) equal(isUntouched, false);
          deepEqual(wrong.toSorted(), changed.split("\0").filter(Boolean).toSorted());
        } finally {
          await Deno.remove(folder, { recursive: true });
        }
      },
    ),
    { numRuns: 60 },
  );
});

Deno.test("scan() hashes thousands of files in several threads as git does", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const top = `${folder}/tree`;
    const list = Array.from({ length: 7000 }, (_, i) => {
      const path = `${i % 50}/${i}`;
      const content = `${i}\n`.repeat(i % 300);
      return { path, content, mode: Mode.File, sha: blobHash(encoder.encode(content)) };
    });
    // Larger than what is read at once.
    list.push({ path: "large", content: "l".repeat(3e6), mode: Mode.File, sha: "" });
    list.at(-1)!.sha = blobHash(encoder.encode(list.at(-1)!.content));
    for (let i = 0; i < 50; i++) await Deno.mkdir(`${top}/${i}`, { recursive: true });
    for (const { path, content } of list) {
      Deno.writeTextFileSync(`${top}/${path}`, content, { mode: 0o644 });
    }
    const manifest = manifestFromList("c".repeat(40), list);
    const index = { manifest, figures: new Float64Array(manifest.table.count * FIGURES) };
    const local = new LocalTree(top, index, Infinity);
    equal(await local.scan(true), true);
    deepEqual([local.checked, local.hashed, local.learnt], [7001, 7001, 7001]);

    Deno.writeTextFileSync(`${top}/7/3007`, "edited");
    Deno.chmodSync(`${top}/9/9`, 0o600);
    const again = new LocalTree(top, index, 0, false);
    equal(await again.scan(true), false);
    const wrong = manifest.entries.filter((_, row) => again.rightRows[row] !== 1);
    deepEqual(wrong.map(({ path }) => path), ["7/3007", "9/9"]);
    equal(again.at("7/3007")?.sha, blobHash(encoder.encode("edited")));
    equal(again.learnt, 0);

    // When file after file has another time than it had, the next ones are read at once.
    const figures = new Float64Array(index.figures.length);
    local.copyFigures(0, figures, 0, manifest.table.count);
    for (const { path } of list) Deno.utimeSync(`${top}/${path}`, 1_000_000, 1_000_000);
    const touched = new LocalTree(top, { manifest, figures }, 0);
    equal(await touched.scan(true), false);
    deepEqual(
      manifest.entries.filter((_, row) => touched.rightRows[row] !== 1).map(({ path }) => path),
      ["7/3007", "9/9"],
    );
    equal(touched.checked, 7001);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("scan() does not remember files that are as young as the look at them", async () => {
  const top = await Deno.makeTempDir();
  try {
    const manifest = writeTree(top);
    const index = { manifest, figures: new Float64Array(manifest.table.count * FIGURES) };
    const second = Math.floor(Deno.lstatSync(`${top}/a`).ctime!.getTime() / 1000);
    for (const quick of [true, false]) {
      const local = new LocalTree(top, index, second);
      equal(await local.scan(quick), true);
      const figures = new Float64Array(index.figures.length);
      local.copyFigures(0, figures, 0, manifest.table.count);
      deepEqual([local.learnt, figures.every((figure) => figure === 0)], [0, true]);
    }
  } finally {
    await Deno.remove(top, { recursive: true });
  }
});

Deno.test("FolderCalls finds what lstat finds, and nothing behind links", async () => {
  const top = await Deno.makeTempDir();
  try {
    writeTree(top);
    await Deno.utime(`${top}/a`, 1234.567, 89.25);
    using folder = FolderCalls.open(top)!;
    for (const path of ["a", "b", "b/d/é e", "link", ""]) {
      const info = Deno.lstatSync(`${top}/${path}`);
      equal(folder.stat(encoder.encode((path || ".") + "\0")), true, path);
      deepEqual(folder.found, {
        mode: info.mode,
        uid: info.uid,
        size: info.size,
        mtime: info.mtime!.getTime(),
        ctime: Math.floor(info.ctime!.getTime() / 1000),
        inode: info.ino,
      });
    }
    equal(folder.stat(encoder.encode("nothing\0")), false);
    await Deno.utime(`${top}/a`, -5, -5);
    equal(folder.stat(encoder.encode("a\0")), false, "before 1970 is told by the runtime");
    equal(FolderCalls.open(`${top}/link`), undefined);
  } finally {
    await Deno.remove(top, { recursive: true });
  }
});

Deno.test("listBelow() refuses a folder with what could not be kept when something takes its place", async () => {
  await withScratch({ "tree/a/b": "", "tree/c/d": "" }, (folder) => {
    const script = `printf mine > "$(printf '%s/tree/a/f\\374r' "$1")"`;
    new Deno.Command("sh", { args: ["-c", script, "sh", folder] }).outputSync();
    const local = new LocalTree(`${folder}/tree`, undefined, 0);
    deepEqual(local.listBelow("c"), ["c/d"]);
    const file = (path: string) => ({ path, mode: Mode.File, sha: blobHash(new Uint8Array()) });
    const plan = (...paths: string[]) =>
      planSync(local, manifestFromList("a".repeat(40), paths.map(file)), undefined);
    throws(() => plan("a", "c/d"), (error: ToolError) => {
      match(error.message, /^a\/f\ufffdr cannot be kept: its name is not UTF-8$/);
      equal(error.code, ExitCode.Configuration);
      return true;
    });
    deepEqual(plan("a/x", "c").edited, ["c/d"]);
  });
});
