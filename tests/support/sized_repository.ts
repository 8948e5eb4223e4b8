import { type Change, commit, git, initRepository } from "./repositories.ts";
import { randomNumbers, randomWord, sourceLines } from "./source_text.ts";

/** What kind of repository to generate. */
export interface RepositorySize {
  readonly files: number;
  /** Mean size of a file. */
  readonly bytes: number;
  /** `project`: some files in a folder, some folders deep; `packages`: two files in each of many. */
  readonly shape: "project" | "packages";
  readonly seed: number;
}

/** About 1,000 files of 5.6 MB in all. */
export const smallRepository: RepositorySize = {
  files: 1000,
  bytes: 5600,
  shape: "project",
  seed: 7,
};

/** About 40,000 files of 44 MB in all, a folder for every two of them. */
export const largeRepository: RepositorySize = {
  files: 40_000,
  bytes: 1100,
  shape: "packages",
  seed: 11,
};

/** A generated repository. */
export interface SizedRepository {
  readonly directory: string;
  readonly files: number;
  /** The commit that clients have; `refs/heads/main` points at it. */
  readonly base: string;
  /** Commits after `base`, by the number of files that differ; `refs/heads/change-N`. */
  readonly changed: ReadonlyMap<number, ChangedCommit>;
}

/** A commit some files away from the base. */
export interface ChangedCommit {
  readonly sha: string;
  /** Paths whose content is new. */
  readonly written: readonly string[];
}

/** Generates a repository with its histories, packed as a server would. */
export async function sizedRepository(
  directory: string,
  size: RepositorySize,
  changes: readonly number[],
): Promise<SizedRepository> {
  await initRepository(directory);
  const paths = pathsOf(size);
  const base = await commit(directory, { message: "Base", changes: baseChanges(size, paths) });
  const changed = new Map<number, ChangedCommit>();
  for (const count of changes) {
    const ref = `refs/heads/change-${count}`;
    const made = changesOf(size, paths, count);
    const sha = await commit(directory, { ref, from: base, message: ref, changes: made });
    changed.set(count, {
      sha,
      written: made.filter((change) => "content" in change).map(({ path }) => path),
    });
  }
  await git(directory, ["repack", "-a", "-d", "-q", "--window=10"]);
  return { directory, files: paths.length, base, changed };
}

/** What smart-sync asks of a repository before it trusts it comes first. */
function pathsOf(size: RepositorySize): string[] {
  const random = randomNumbers(size.seed);
  const paths = new Set(["flake.nix", "nix/host.nix", "README.md"]);
  while (paths.size < size.files) {
    const [one, two, three] = [randomWord(random), randomWord(random), randomWord(random)];
    if (size.shape === "packages") {
      const name = `${one}-${two}${paths.size.toString(36)}`;
      const folder = `pkgs/by-name/${name.slice(0, 2)}/${name}`;
      paths.add(`${folder}/package.nix`).add(`${folder}/default.nix`);
    } else {
      const depth = Math.floor(random() * 3);
      const folder = [`${one.slice(0, 2)}-part`, two.slice(0, 2), three.slice(0, 2)].slice(
        0,
        depth,
      );
      paths.add([...folder, `${three}-${paths.size.toString(36)}.nix`].join("/"));
    }
  }
  return [...paths].slice(0, size.files);
}

/** The lines of a file, the same whenever they are asked for. */
function linesOf(size: RepositorySize, index: number): string[] {
  const random = randomNumbers(size.seed * 1_000_003 + index);
  const bytes = Math.min(20, -Math.log(1 - random())) * size.bytes;
  return ["{", ...sourceLines(random, bytes - 4), "}"];
}

function* baseChanges(size: RepositorySize, paths: readonly string[]): Generator<Change> {
  for (const [index, path] of paths.entries()) {
    yield { path, content: linesOf(size, index).join("\n") + "\n", executable: index % 50 === 49 };
  }
}

/** Of twenty changes, one adds a file, one deletes one, and the others edit a few lines. */
function changesOf(size: RepositorySize, paths: readonly string[], count: number): Change[] {
  const random = randomNumbers(size.seed + count);
  const picked = new Set<number>();
  while (picked.size < count) picked.add(3 + Math.floor(random() * (paths.length - 3)));
  return [...picked].map((index, at) => {
    const path = paths[index]!;
    if (at % 20 === 18) return { path: `${path}.new`, content: linesOf(size, -index).join("\n") };
    if (at % 20 === 19) return { path, deleted: true };
    const lines = linesOf(size, index);
    const edits = 1 + Math.floor(random() * 4);
    for (let edit = 0; edit < edits; edit++) {
      const line = Math.floor(random() * (lines.length - 1)) + 1;
      lines.splice(line, 1, `  ${randomWord(random)} = "${randomWord(random)}";`, "  # edited");
    }
    return { path, content: lines.join("\n") + "\n", executable: index % 50 === 49 };
  });
}
