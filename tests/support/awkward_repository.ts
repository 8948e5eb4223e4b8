import { parentOf } from "../../lib/machine/files/files.ts";
import { filesOf } from "./files_of.ts";
import { type Change, commit, git, initRepository } from "./repositories.ts";

/** Commits of {@link awkwardRepository}, by what they are for. */
export interface AwkwardRepository {
  readonly directory: string;
  /** Every kind of entry and every awkward name. `refs/tags/v1` (annotated) and `refs/tags/light`. */
  readonly first: string;
  /** After `first`: files become folders and the reverse, a case-only rename, deletions, new modes. */
  readonly second: string;
  /** `refs/heads/feature/with/slashes`: one file of `first` changed. */
  readonly branch: string;
  /** Without `nix/host.nix`: cannot build a host. `refs/heads/no-host`. */
  readonly noHost: string;
}

/** A file name of 255 bytes, the most that Linux file systems take. */
export const longestName = "n".repeat(251) + ".txt";

const SUBMODULE = "1234567890123456789012345678901234567890";

const FIRST: readonly Change[] = [
  { path: "flake.nix", content: "{ outputs = { self }: { }; }\n" },
  { path: "nix/host.nix", content: "{ host }: { }\n" },
  { path: "README.md", content: "# Awkward\n" },
  {
    path: ".gitattributes",
    content: "private/** export-ignore\nprivate export-ignore\nversion.txt export-subst\n",
  },
  { path: ".gitmodules", content: '[submodule "vendor"]\n\tpath = vendor\n\turl = ./vendor\n' },
  { path: "vendor", submodule: SUBMODULE },
  { path: "private/notes.txt", content: "not in archives\n" },
  { path: "version.txt", content: "$Format:%H$\n" },
  { path: "scripts/run.sh", content: "#!/bin/sh\necho run\n", executable: true },
  { path: "scripts/plain.sh", content: "#!/bin/sh\necho plain\n" },
  { path: "links/to-file", link: "../README.md" },
  { path: "links/to-folder", link: "../scripts" },
  { path: "links/dangling", link: "no/such/file" },
  { path: "empty", content: "" },
  { path: "binary.bin", content: Uint8Array.from({ length: 1024 }, (_, index) => index % 256) },
  { path: "crlf.txt", content: "one\r\ntwo\r\n" },
  { path: "with space/a b.txt", content: "space\n" },
  { path: `quotes/"double" 'single' \\back\\slash.txt`, content: "quotes\n" },
  { path: "unicode/ünïcödé 日本語 🦕.txt", content: "unicode\n" },
  { path: "unicode/e\u0301-decomposed.txt", content: "decomposed\n" },
  { path: "specials/#hash?query&amp;%25+plus.txt", content: "specials\n" },
  { path: "specials/$dollar`tick`;semi|pipe*.txt", content: "shell\n" },
  { path: "-dash.txt", content: "dash\n" },
  { path: `long/${longestName}`, content: "long\n" },
  { path: "swap/file", content: "will be a folder\n" },
  { path: "swap/folder/inside.txt", content: "will be a file\n" },
  { path: "case/Name.txt", content: "case\n" },
  { path: "deep/a/b/c/d/e/f/g.txt", content: "deep\n" },
];

const SECOND: readonly Change[] = [
  { path: "README.md", content: "# Awkward, second\n" },
  { path: "swap/file", deleted: true },
  { path: "swap/file/now/inside.txt", content: "was a file\n" },
  { path: "swap/folder", deleted: true },
  { path: "swap/folder", content: "was a folder\n" },
  { path: "case/Name.txt", deleted: true },
  { path: "case/name.txt", content: "case\n" },
  { path: "deep", deleted: true },
  { path: "scripts/run.sh", content: "#!/bin/sh\necho run\n" },
  { path: "scripts/plain.sh", content: "#!/bin/sh\necho plain\n", executable: true },
  { path: "links/to-file", link: "../flake.nix" },
  { path: "links/dangling", deleted: true },
  { path: "links/dangling", content: "a file now\n" },
  { path: "empty", content: "no longer empty\n" },
  { path: "new/empty", content: "" },
];

/** Its commits, and its files: a dozen of gits make the first one of a test file, which others are copies of. */
let known: readonly [Omit<AwkwardRepository, "directory">, readonly Change[]] | undefined;

/** Makes a small repository of everything that sync tools get wrong. Equal SHAs on every machine. */
export async function awkwardRepository(directory: string): Promise<AwkwardRepository> {
  if (known === undefined) {
    const commits = await make(directory);
    known = [commits, [...filesOf(directory)]];
    return { directory, ...commits };
  }
  const [commits, files] = known;
  for (const { path, ...file } of files) {
    Deno.mkdirSync(parentOf(`${directory}/${path}`), { recursive: true });
    if ("content" in file) Deno.writeFileSync(`${directory}/${path}`, bytesOf(file.content));
  }
  return { directory, ...commits };
}

function bytesOf(content: string | Uint8Array): Uint8Array {
  return typeof content === "string" ? new TextEncoder().encode(content) : content;
}

async function make(directory: string): Promise<Omit<AwkwardRepository, "directory">> {
  await initRepository(directory);
  const first = await commit(directory, { message: "First", changes: FIRST });
  await git(directory, ["update-ref", "refs/tags/light", first]);
  await git(directory, [
    "-c",
    "user.name=T",
    "-c",
    "user.email=t@e",
    "tag",
    "-m",
    "v1",
    "v1",
    first,
  ]);
  const branch = await commit(directory, {
    ref: "refs/heads/feature/with/slashes",
    from: first,
    changes: [{ path: "README.md", content: "# On a branch\n" }],
  });
  const noHost = await commit(directory, {
    ref: "refs/heads/no-host",
    from: first,
    changes: [{ path: "nix", deleted: true }],
  });
  const second = await commit(directory, { from: first, message: "Second", changes: SECOND });
  return { first, second, branch, noHost };
}
