/** Random upstream repositories: every kind of change that git can hold, and names that tools get wrong. */
import { type Change, commit, git, initRepository } from "../support/repositories.ts";
import type { Random } from "./random.ts";
import { type Listing, readCommit } from "./tree_listing.ts";

/** One commit of a history. */
export interface HistoryCommit {
  readonly sha: string;
  /** What it may be asked for by: a branch, a tag, a SHA. */
  readonly refs: readonly string[];
  /** What the tree must be. */
  readonly listing: Listing;
  /** Whether it can build a host: smart-sync refuses one that cannot where the present tree can. */
  readonly buildsHost: boolean;
}

export interface History {
  /** The git directory. */
  readonly directory: string;
  /** Oldest first; `main` points at the last. */
  readonly commits: readonly HistoryCommit[];
}

type Content =
  | { readonly content: string | Uint8Array; readonly executable: boolean }
  | { readonly link: string }
  | { readonly submodule: string };
type Model = Map<string, Content>;

const NAMES = [
  "a",
  "b.nix",
  "default.nix",
  "README.md",
  "Readme.md",
  "with space",
  "-dash",
  "#hash?query&amp;%25+plus",
  `"double" 'single' \\back`,
  "$dollar`tick`;semi|pipe*",
  "ünïcödé 日本語 🦕",
  "e\u0301",
  "\u00e9",
  "escape\u001b[31mred",
  "bell\u0007\ttab",
  "right\u202eleft",
  ".hidden",
  ".gitignore",
  "..dots",
  "con",
  "x".repeat(255),
  "result",
  "var",
  "target",
  "tmp.socket",
  "...",
  "~",
  "file.tmp",
  "journal.json",
];
/** Without one of these a tree builds no host. */
export const NEEDED = ["flake.nix", "nix/host.nix"];
const FOLDERS = ["nix", "lib", "deep/er/and/deeper", "tools", "sp ace", "ünï", "-", "var", "docs"];
const SUBMODULE = "1234567890123456789012345678901234567890";

/** Makes a repository of some commits. Equal choices give equal SHAs. */
export async function randomHistory(directory: string, random: Random): Promise<History> {
  await initRepository(directory);
  const size = random.weighted([
    [60, random.integer(3, 25)],
    [30, random.integer(26, 150)],
    [10, random.integer(151, 700)],
  ]);
  let model: Model = new Map();
  put(model, "flake.nix", { content: "{ outputs = { self }: { }; }\n", executable: false });
  put(model, "nix/host.nix", { content: "{ host }: { }\n", executable: false });
  if (random.chance(0.2)) {
    const content = "private export-ignore\nprivate/** export-ignore\nversion.txt export-subst\n";
    put(model, ".gitattributes", { content, executable: false });
    put(model, "version.txt", { content: "$Format:%H$\n", executable: false });
    put(model, "private/note", { content: "not in archives\n", executable: false });
  }
  while (model.size < size) put(model, randomPath(random), randomContent(random));

  const commits: HistoryCommit[] = [];
  let previous: Model = new Map();
  const count = random.integer(2, 5);
  for (let index = 0; index < count; index++) {
    if (index > 0) model = changed(model, random);
    const ref = random.pick([`refs/heads/c${index}`, `refs/heads/feature/c${index}/x`]);
    const from = commits.at(-1)?.sha;
    const sha = await commit(directory, {
      ref,
      ...(from === undefined ? {} : { from }),
      message: `Commit ${index}`,
      changes: difference(previous, model),
    });
    if (random.chance(0.3)) await tag(directory, `v${index}`, sha, random.chance(0.5));
    previous = model;
    commits.push({
      sha,
      refs: [ref.slice("refs/heads/".length), sha],
      listing: await readCommit(directory, sha),
      buildsHost: NEEDED.every((path) => model.has(path)),
    });
  }
  await git(directory, ["update-ref", "refs/heads/main", commits.at(-1)!.sha]);
  return { directory, commits };
}

async function tag(directory: string, name: string, sha: string, annotated: boolean) {
  const identity = ["-c", "user.name=T", "-c", "user.email=t@e"];
  await git(directory, [...identity, "tag", ...(annotated ? ["-m", name] : []), name, sha]);
}

/** A path may be a file or a folder, not both: what is in the way goes. */
function put(model: Model, path: string, content: Content): void {
  for (const other of [...model.keys()]) {
    if (other.startsWith(`${path}/`) || path.startsWith(`${other}/`)) model.delete(other);
  }
  model.set(path, content);
}

function randomPath(random: Random): string {
  const name = random.chance(0.4)
    ? random.pick(NAMES)
    : `f${random.integer(0, 999)}${random.pick(["", ".nix", ".md", ".sh"])}`;
  return random.chance(0.4) ? name : `${random.pick(FOLDERS)}/${name}`;
}

function randomContent(random: Random): Content {
  return random.weighted<() => Content>([
    [70, () => ({ content: text(random), executable: random.chance(0.15) })],
    [8, () => ({ content: "", executable: false })],
    [6, () => ({ content: bytes(random), executable: random.chance(0.2) })],
    [12, () => ({ link: random.pick(LINKS) })],
    [2, () => ({ submodule: SUBMODULE })],
    [2, () => ({ content: "line\r\n".repeat(random.integer(1, 9)), executable: false })],
  ])();
}

const LINKS = ["a", "../flake.nix", "no/such/file", "/etc/passwd", "..", ".", "nix", "../../../.."];

function text(random: Random): string {
  const lines = random.rather(1, 200);
  return Array.from({ length: lines }, (_, line) => `${line} ${random.integer(0, 1e9)}\n`).join("");
}

function bytes(random: Random): Uint8Array {
  const seed = random.integer(0, 255);
  return Uint8Array.from({ length: random.rather(1, 200_000) }, (_, i) => (i * 31 + seed) % 256);
}

function changed(old: Model, random: Random): Model {
  const model = new Map(old);
  const count = random.weighted([[70, random.integer(1, 8)], [20, random.integer(9, 60)], [
    10,
    Math.ceil(old.size * 0.8),
  ]]);
  for (let change = 0; change < count; change++) {
    const path = random.pick([...model.keys()]);
    const there = model.get(path);
    if (there === undefined) continue;
    if (NEEDED.includes(path)) {
      if (random.chance(0.03)) model.delete(path);
      continue;
    }
    random.weighted<() => void>([
      [40, () => put(model, path, randomContent(random))],
      [20, () => put(model, randomPath(random), randomContent(random))],
      [12, () => model.size > 3 && model.delete(path)],
      [4, () => removeFolder(model, path.split("/")[0]!)],
      [10, () => {
        model.delete(path);
        put(model, randomPath(random), there);
      }],
      [4, () => {
        model.delete(path);
        put(model, path.toUpperCase(), there);
      }],
      [
        6,
        () => "content" in there && put(model, path, { ...there, executable: !there.executable }),
      ],
      [4, () => put(model, `${path}/inside`, { content: "was a file\n", executable: false })],
    ])();
  }
  if (model.size === 0) put(model, "flake.nix", { content: "{ }\n", executable: false });
  return model;
}

function removeFolder(model: Model, folder: string): void {
  if (folder === "nix" || folder === "flake.nix") return;
  for (const path of [...model.keys()]) if (path.startsWith(`${folder}/`)) model.delete(path);
}

/** Deletions first: a file may become a folder. */
function* difference(old: Model, now: Model): Generator<Change> {
  for (const path of old.keys()) if (!now.has(path)) yield { path, deleted: true };
  for (const [path, content] of now) if (old.get(path) !== content) yield { path, ...content };
}
