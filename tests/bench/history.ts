import { gitEnvironment } from "../support/github/git_environment.ts";
import type { SizedRepository } from "../support/sized_repository.ts";
import { run } from "./measure.ts";

/** Ancestors that are compared with the newest commit. */
const COMPARED = 400;

/** The newest commit of a real history, seen from some of its ancestors. */
export interface History {
  readonly newest: SizedRepository;
  /** From an ancestor to the newest commit, by how many files really differ. */
  readonly updates: ReadonlyMap<number, SizedRepository>;
}

/**
 * Copies a bare repository, to move its branch about, and finds the ancestors of its newest commit that
 * are about so many files away. A commit whose files are not all there, in a partial copy, is passed over.
 * @param source path or URL of a bare repository
 * @param counts of changed files; 0 is the newest commit itself
 */
export async function historyOf(
  source: string,
  directory: string,
  counts: readonly number[],
): Promise<History> {
  if (/^[a-z+]+:\/\//.test(source)) {
    await git(undefined, "clone", "-q", "--mirror", source, directory);
  } else await command("cp", "-r", source, directory);
  const head = (await git(directory, "rev-parse", "HEAD")).trim();
  await git(directory, "update-ref", "refs/heads/main", head);
  await git(directory, "symbolic-ref", "HEAD", "refs/heads/main");
  const files = lines(await git(directory, "ls-tree", "-r", "--name-only", head)).length;
  const newest = { directory, files, base: head, changed: new Map() };
  const ancestors = lines(
    await git(directory, "rev-list", "--first-parent", `-n${COMPARED}`, `${head}~1`),
  );
  const distances = new Map<string, string[]>();
  for (const ancestor of ancestors) {
    const diff = ["diff-tree", "-r", "--no-renames", "--name-only", ancestor, head];
    distances.set(ancestor, lines(await git(directory, ...diff)));
  }
  const updates = new Map<number, SizedRepository>();
  for (const count of counts.filter((count) => count > 0)) {
    const nearest = ancestors.toSorted((one, other) =>
      Math.abs(distances.get(one)!.length - count) - Math.abs(distances.get(other)!.length - count)
    );
    for (const base of nearest) {
      if (!await isWhole(directory, base)) continue;
      const written = distances.get(base)!;
      const changed = new Map([[written.length, { sha: head, written }]]);
      updates.set(written.length, { directory, files, base, changed });
      break;
    }
  }
  return { newest, updates };
}

/** Whether all files of a commit are there. */
async function isWhole(directory: string, commit: string): Promise<boolean> {
  const args = ["rev-list", "--objects", "--missing=print", "-n1", commit];
  return !/^\?/m.test(await git(directory, ...args));
}

function git(directory: string | undefined, ...args: readonly string[]): Promise<string> {
  return command("git", ...(directory === undefined ? [] : ["--git-dir", directory]), ...args);
}

function command(name: string, ...args: readonly string[]): Promise<string> {
  const env = { ...gitEnvironment, PATH: Deno.env.get("PATH") ?? "" };
  return run({ command: name, args, env });
}

function lines(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}
