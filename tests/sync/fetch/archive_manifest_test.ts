import { deepEqual, equal } from "node:assert/strict";
import { readArchive } from "../../../lib/github/archive.ts";
import { Mode } from "../../../lib/git/git_objects.ts";
import { blobHash } from "../../../lib/machine/tree/blob_hash.ts";
import { ArchiveManifest } from "../../../lib/sync/fetch/archive_manifest.ts";
import { manifestFromList } from "../../../lib/sync/tree/manifest_trees.ts";
import { gitEnvironment } from "../../support/github/git_environment.ts";
import { type Change, commit, git, initRepository } from "../../support/repositories.ts";

/** Names that sort otherwise as folders than as files. */
const CHANGES: readonly Change[] = [
  { path: "a", content: "file a\n" },
  { path: "a.b", content: "", executable: true },
  { path: "a-/x", content: "x\n" },
  { path: "a0/b/c/d", content: "deep\n" },
  { path: "a0/b/c.e", content: "e\n" },
  { path: "a0/bb", content: "bb\n" },
  { path: "link", link: "a0/bb" },
  { path: `long/${"n".repeat(200)}/${"m".repeat(255)}`, content: "long\n" },
  { path: "ü/日本 語 🦕", content: "unicode\n" },
  { path: "var/excluded", content: "still of the commit\n" },
];

/** The commit's archive as git makes it, entry by entry. */
async function listed(directory: string, sha: string): Promise<ArchiveManifest> {
  const { stdout } = await new Deno.Command("git", {
    args: ["--git-dir", directory, "archive", "--format=tar.gz", "--prefix=name-main/", sha],
    env: gitEnvironment,
  }).output();
  const manifest = new ArchiveManifest();
  await readArchive(
    async function* () {
      yield stdout;
    }(),
    ({ path, mode, content }) => {
      manifest.add(path, mode, blobHash(content));
      return undefined;
    },
  );
  return manifest;
}

function noFolder(sha: string): Promise<Uint8Array> {
  throw new Error(`no folder is asked for, but ${sha} was`);
}

async function withRepository(
  changes: readonly Change[],
  use: (directory: string, sha: string, tree: string) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await initRepository(directory);
    const sha = await commit(directory, { message: "all", changes });
    await use(directory, sha, await git(directory, ["rev-parse", `${sha}^{tree}`]));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("ArchiveManifest.finish() gives the manifest of the commit, when the archive is all of it", async () => {
  await withRepository(CHANGES, async (directory, sha, tree) => {
    const found = await listed(directory, sha);
    equal(found.isWhole, true);
    const manifest = (await found.finish(sha, tree, noFolder))!;
    const files = manifest.entries.filter(({ mode }) => mode !== Mode.Tree);
    deepEqual(files.map(({ path }) => path).sort(), CHANGES.map(({ path }) => path).sort());
    deepEqual(manifest.entries, manifestFromList(sha, files).entries);
  });
});

Deno.test("ArchiveManifest.finish() asks for the folders of submodules, and for no other", async () => {
  const submodule = "1234567890123456789012345678901234567890";
  const paths = ["a.module", "a0/b/inner", "z"];
  const changes = [...CHANGES, ...paths.map((path) => ({ path, submodule }))];
  await withRepository(changes, async (directory, sha, tree) => {
    const found = await listed(directory, sha);
    equal(found.isWhole, true);
    const asked: string[] = [];
    const folder = async (name: string) => {
      asked.push(name);
      const args = ["--git-dir", directory, "cat-file", "tree", name];
      return (await new Deno.Command("git", { args, env: gitEnvironment }).output()).stdout;
    };
    const manifest = (await found.finish(sha, tree, folder))!;
    const names = ["", ":a0", ":a0/b"].map((path) =>
      git(directory, ["rev-parse", path === "" ? `${sha}^{tree}` : sha + path])
    );
    deepEqual(asked, await Promise.all(names));
    const all = manifest.entries.filter(({ mode }) => mode !== Mode.Tree);
    deepEqual(manifest.entries, manifestFromList(sha, all).entries);
    const modules = all.filter(({ mode }) => mode === Mode.Gitlink);
    deepEqual(modules, paths.map((path) => ({ path, mode: Mode.Gitlink, sha: submodule })));
  });
});

Deno.test("ArchiveManifest.finish() gives nothing when a folder is empty that is no submodule", async () => {
  await withRepository([{ path: "a/b", content: "b" }], async (directory, sha, tree) => {
    const manifest = new ArchiveManifest();
    manifest.add("a", Mode.Tree, "");
    const { stdout } = await new Deno.Command("git", {
      args: ["--git-dir", directory, "cat-file", "tree", tree],
      env: gitEnvironment,
    }).output();
    equal(await manifest.finish(sha, tree, () => Promise.resolve(stdout)), undefined);
  });
});

Deno.test("ArchiveManifest.finish() gives nothing when the archive lacks a file or has another one", async () => {
  for (
    const [path, content] of [
      [".gitattributes", "a export-ignore\n"],
      ["a0/.gitattributes", "bb export-subst\n"],
    ] as const
  ) {
    const changes = [...CHANGES.filter((change) => change.path !== "a0/bb"), { path, content }, {
      path: "a0/bb",
      content: "$Format:%H$\n",
    }];
    await withRepository(changes, async (directory, sha, tree) => {
      const found = await listed(directory, sha);
      equal(found.isWhole, true);
      equal(await found.finish(sha, tree, noFolder), undefined);
    });
  }
});

Deno.test("ArchiveManifest knows what is no commit as soon as it comes", () => {
  const sha = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391";
  const file = (path: string) => [path, Mode.File] as const;
  const folder = (path: string) => [path, Mode.Tree] as const;
  for (
    const entries of [
      [file("../x")],
      [file("a"), file("a")],
      [file("a"), folder("a")],
      [folder("a"), file("a/b"), file("a")],
      [file("a/b")],
      [file(".git/config")],
      [folder(".git")],
      [folder("a"), file("a/b"), file("c"), file("a/d")],
    ]
  ) {
    const manifest = new ArchiveManifest();
    for (const [path, mode] of entries) manifest.add(path, mode, sha);
    equal(manifest.isWhole, false, JSON.stringify(entries));
  }
});
