import { encodeTree, Mode, parseTree } from "../../lib/git/git_objects.ts";
import { gitEnvironment } from "./github/git_environment.ts";

/** What a commit does to one path. */
export type Change =
  | { readonly path: string; readonly content: string | Uint8Array; readonly executable?: boolean }
  | { readonly path: string; readonly link: string }
  | { readonly path: string; readonly submodule: string }
  | { readonly path: string; readonly deleted: true };

/** A commit to be made. */
export interface CommitOptions {
  /** The ref that will point at it; `refs/heads/main` by default. */
  readonly ref?: string;
  /** The parent's SHA; without one, a first commit. */
  readonly from?: string;
  readonly message?: string;
  /** Applied in order. */
  readonly changes: Iterable<Change>;
}

/** Every commit is dated so; equal changes give equal SHAs on every machine. */
const WHEN = "Test <test@example.org> 1700000000 +0000";

/** Makes an empty bare repository whose HEAD is `main`. */
export async function initRepository(directory: string): Promise<void> {
  const options = ["--quiet", "--bare", "--initial-branch=main", "--template="];
  await git(directory, ["init", ...options, directory]);
}

/**
 * Adds a commit through git-fast-import(1), which takes names that no work tree could hold.
 * @param directory a git directory
 * @returns the commit's SHA
 */
export async function commit(directory: string, options: CommitOptions): Promise<string> {
  const { ref = "refs/heads/main", from, message = "A change", changes } = options;
  const child = new Deno.Command("git", {
    args: ["--git-dir", directory, "fast-import", "--quiet", "--force"],
    env: gitEnvironment,
    stdin: "piped",
    stderr: "piped",
  }).spawn();
  const stream = ReadableStream.from(fastImport(ref, from, message, changes));
  const fed = stream.pipeTo(child.stdin).catch((error) => error);
  const { success, stderr } = await child.output();
  await fed;
  if (!success) throw new Error(`git fast-import: ${new TextDecoder().decode(stderr)}`);
  return await git(directory, ["rev-parse", ref]);
}

/** Runs git on a repository; its output without the final newline. */
export async function git(
  directory: string,
  args: readonly string[],
  input: Uint8Array = new Uint8Array(),
): Promise<string> {
  const child = new Deno.Command("git", {
    args: ["--git-dir", directory, ...args],
    env: gitEnvironment,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const fed = ReadableStream.from([input]).pipeTo(child.stdin).catch((error) => error);
  const { success, stdout, stderr } = await child.output();
  await fed;
  if (!success) throw new Error(`git ${args[0]}: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout).trimEnd();
}

/**
 * A commit whose top folder has one more entry, with any bytes as its name: what no honest git writes.
 * @param name raw bytes, such as `..` or `a/b`
 * @returns the commit's SHA; no ref points at it
 */
export async function hostileCommit(
  directory: string,
  parent: string,
  name: string | Uint8Array,
  content = "hostile\n",
  mode: "100644" | "120000" | "40000" = "100644",
): Promise<string> {
  const bytes = typeof name === "string" ? new TextEncoder().encode(name) : name;
  const blob = await git(
    directory,
    ["hash-object", "-w", "--stdin"],
    new TextEncoder().encode(content),
  );
  const file = concat(new TextEncoder().encode("100644 file\0"), Uint8Array.fromHex(blob));
  const inner = mode === "40000" ? await writeTree(directory, file) : blob;
  const { stdout } = await new Deno.Command("git", {
    args: ["--git-dir", directory, "cat-file", "tree", `${parent}^{tree}`],
    env: gitEnvironment,
  }).output();
  const head = concat(new TextEncoder().encode(`${mode} `), bytes, new Uint8Array([0]));
  const tree = await writeTree(directory, concat(stdout, head, Uint8Array.fromHex(inner)));
  const text = `tree ${tree}\nparent ${parent}\nauthor ${WHEN}\ncommitter ${WHEN}\n\nA change\n`;
  const input = new TextEncoder().encode(text);
  return await git(directory, ["hash-object", "-t", "commit", "-w", "--stdin"], input);
}

/**
 * A commit with the same files, some of them with mode 100664, as the first versions of git wrote it.
 * @param isOld which files, by their path
 * @param padded with a zero before the modes of folders, as other programs wrote it
 * @returns the commit's SHA; no ref points at it
 */
export async function oldModesCommit(
  directory: string,
  parent: string,
  isOld: (path: string) => boolean,
  padded = false,
): Promise<string> {
  const rewrite = async (sha: string, prefix: string): Promise<string> => {
    const { stdout } = await new Deno.Command("git", {
      args: ["--git-dir", directory, "cat-file", "tree", sha],
      env: gitEnvironment,
    }).output();
    const items = await Promise.all(
      parseTree(stdout, sha).map(async (item) => {
        const path = prefix + item.name;
        if (item.mode === Mode.Tree) return { ...item, sha: await rewrite(item.sha, path + "/") };
        return item.mode === Mode.File && isOld(path) ? { ...item, mode: 0o100664 } : item;
      }),
    );
    return await writeTree(directory, encodeTree(items, padded));
  };
  const tree = await rewrite(await git(directory, ["rev-parse", `${parent}^{tree}`]), "");
  const text = `tree ${tree}\nparent ${parent}\nauthor ${WHEN}\ncommitter ${WHEN}\n\nOld modes\n`;
  const input = new TextEncoder().encode(text);
  return await git(directory, ["hash-object", "-t", "commit", "-w", "--stdin"], input);
}

async function writeTree(directory: string, tree: Uint8Array): Promise<string> {
  return await git(directory, ["hash-object", "-t", "tree", "-w", "--literally", "--stdin"], tree);
}

/** The input of git-fast-import(1), one piece for each change. */
function* fastImport(
  ref: string,
  from: string | undefined,
  message: string,
  changes: Iterable<Change>,
): Generator<Uint8Array> {
  yield text(`commit ${ref}\nauthor ${WHEN}\ncommitter ${WHEN}\n`);
  yield data(text(message));
  if (from) yield text(`from ${from}\n`);
  for (const change of changes) {
    const path = quote(change.path);
    if ("deleted" in change) yield text(`D ${path}\n`);
    else if ("submodule" in change) yield text(`M 160000 ${change.submodule} ${path}\n`);
    else if ("link" in change) {
      yield concat(text(`M 120000 inline ${path}\n`), data(text(change.link)));
    } else {
      const mode = change.executable ? "100755" : "100644";
      const { content } = change;
      const bytes = typeof content === "string" ? text(content) : content;
      yield concat(text(`M ${mode} inline ${path}\n`), data(bytes));
    }
  }
}

function data(bytes: Uint8Array): Uint8Array {
  return concat(text(`data ${bytes.length}\n`), bytes, text("\n"));
}

function quote(path: string): string {
  return `"${path.replace(/["\\]/g, "\\$&").replaceAll("\n", "\\n")}"`;
}

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
