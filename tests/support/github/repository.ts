import { gitEnvironment } from "./git_environment.ts";
import { type GitObject, ObjectReader } from "./object_reader.ts";

/** A line of a tree, as `git ls-tree` prints it. */
export interface TreeEntry {
  readonly path: string;
  readonly mode: string;
  readonly type: "blob" | "tree" | "commit";
  readonly sha: string;
  /** Bytes; blobs only. */
  readonly size?: number;
}

/** A ref with the object it names, which for an annotated tag is the tag. */
export interface Ref {
  readonly ref: string;
  readonly object: GitObject;
}

/** Which real repository is served under which name. */
export interface RepositoryOptions {
  readonly owner: string;
  readonly name: string;
  /** A git directory: bare, or the `.git` of a work tree. */
  readonly directory: string;
  /** Answers 404 to requests without a good token. */
  readonly private?: boolean;
  readonly defaultBranch?: string;
}

const FULL_SHA = /^[0-9a-f]{40}$/;
const SHORT_SHA = /^[0-9a-f]{4,39}$/;

/** One repository behind the server. What cannot change (trees, archives of a commit) is cached. */
export class Repository {
  readonly #objects: ObjectReader;
  readonly #trees = new Map<string, Promise<readonly TreeEntry[]>>();
  readonly #archives = new Map<string, Promise<Uint8Array>>();

  constructor(readonly options: RepositoryOptions) {
    this.#objects = new ObjectReader(options.directory);
  }

  get fullName(): string {
    return `${this.options.owner}/${this.options.name}`;
  }

  get defaultBranch(): string {
    return this.options.defaultBranch ?? "main";
  }

  /** The commit that a branch, tag, `heads/…`, `tags/…`, full or short SHA stands for. */
  async commit(name: string): Promise<string | undefined> {
    if (!isName(name)) return undefined;
    const candidates = [`refs/heads/${name}`, `refs/tags/${name}`, `refs/${name}`];
    if (name === "HEAD") candidates.push(`refs/heads/${this.defaultBranch}`);
    if (name.startsWith("refs/")) candidates.push(name);
    if (FULL_SHA.test(name) || SHORT_SHA.test(name)) candidates.unshift(name);
    for (const candidate of candidates) {
      const found = await this.#objects.info(`${candidate}^{commit}`);
      if (found) return found.sha;
    }
    return undefined;
  }

  /** The tree of a commit or tree SHA, or of a ref. */
  async treeSha(name: string): Promise<string | undefined> {
    if (FULL_SHA.test(name)) return (await this.#objects.info(`${name}^{tree}`))?.sha;
    const commit = await this.commit(name);
    return commit && (await this.#objects.info(`${commit}^{tree}`))?.sha;
  }

  /** An object by its full SHA. */
  async object(sha: string): Promise<{ object: GitObject; data: Uint8Array } | undefined> {
    return FULL_SHA.test(sha) ? await this.#objects.contents(sha) : undefined;
  }

  /** A file of a commit; a symbolic link is its target, as on GitHub's raw host. */
  async file(commit: string, path: string): Promise<{ sha: string; data: Uint8Array } | undefined> {
    const parts = path.split("/");
    if (parts.some((part) => part === "" || part === "." || part === "..")) return undefined;
    if (path.includes("\0")) return undefined;
    const found = await this.#objects.contents(`${commit}:${path}`);
    return found?.object.type === "blob" ? { sha: found.object.sha, data: found.data } : undefined;
  }

  /** All entries of a tree, folders included; without `recursive` its own only. */
  tree(sha: string, recursive: boolean): Promise<readonly TreeEntry[]> {
    const key = `${sha} ${recursive}`;
    let entries = this.#trees.get(key);
    if (!entries) this.#trees.set(key, entries = this.#listTree(sha, recursive));
    return entries;
  }

  /** `git archive` of a commit as tar.gz, so that export-ignore and export-subst are honoured. */
  archive(commit: string, prefix: string): Promise<Uint8Array> {
    const key = `${commit} ${prefix}`;
    let archive = this.#archives.get(key);
    if (!archive) {
      const args = ["archive", "--format=tar.gz", `--prefix=${prefix}/`, commit];
      this.#archives.set(key, archive = this.git(args));
    }
    return archive;
  }

  /** Refs below a prefix such as `refs/heads/`. */
  async refs(prefix: string): Promise<Ref[]> {
    const format = "%(objectname) %(objecttype) %(objectsize) %(refname)";
    const output = await this.git(["for-each-ref", `--format=${format}`]);
    return new TextDecoder().decode(output).split("\n").filter((line) => line).map((line) => {
      const [sha, type, size, ref] = line.split(" ") as [string, GitObject["type"], string, string];
      return { ref, object: { sha, type, size: Number(size) } };
    }).filter(({ ref }) => ref.startsWith(prefix));
  }

  /** Points a ref at a commit. */
  async updateRef(ref: string, commit: string): Promise<void> {
    await this.git(["update-ref", ref, commit]);
  }

  /** Runs git on this repository; its output. Throws with git's message when it fails. */
  async git(args: readonly string[]): Promise<Uint8Array> {
    const { success, stdout, stderr } = await new Deno.Command("git", {
      args: ["--git-dir", this.options.directory, ...args],
      env: gitEnvironment,
      stdin: "null",
    }).output();
    if (!success) throw new Error(`git ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
    return stdout;
  }

  close(): Promise<void> {
    return this.#objects.close();
  }

  async #listTree(sha: string, recursive: boolean): Promise<readonly TreeEntry[]> {
    const args = ["ls-tree", "-z", "-l", ...(recursive ? ["-r", "-t"] : []), sha];
    const output = new TextDecoder().decode(await this.git(args));
    return output.split("\0").filter((line) => line).map((line) => {
      const tab = line.indexOf("\t");
      const [mode, type, entrySha, size] = line.slice(0, tab).split(/ +/) as [
        string,
        TreeEntry["type"],
        string,
        string,
      ];
      const entry = { path: line.slice(tab + 1), mode, type, sha: entrySha };
      return type === "blob" ? { ...entry, size: Number(size) } : entry;
    });
  }
}

/** No ref name holds these (git-check-ref-format(1)); `^`, `~` and `:` would be git's own syntax. */
function isName(name: string): boolean {
  return name !== "" && !name.startsWith("-") && !/[\0-\x20\x7f~^:?*[\\]|\.\.|@\{/.test(name);
}
