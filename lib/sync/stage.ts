import { kindOf } from "../github/git_objects.ts";
import { parentOf } from "../machine/files.ts";
import { staged as places } from "../machine/tree_journal.ts";
import type { ManifestEntry } from "./manifest.ts";
import { modeOf } from "./local_tree.ts";

/** Makes a folder and those above it, down from `top`, with these permissions, whatever the umask. */
export class FolderMaker {
  readonly #made = new Set<string>();
  readonly #mode: number;

  constructor(top: string, mode: number) {
    this.#mode = mode;
    Deno.mkdirSync(top, { recursive: true });
    Deno.chmodSync(top, mode);
    this.#made.add(top);
  }

  /** All folders made so far. */
  get made(): string[] {
    return [...this.#made];
  }

  make(path: string): void {
    if (this.#made.has(path)) return;
    this.make(parentOf(path));
    Deno.mkdirSync(path);
    Deno.chmodSync(path, this.#mode);
    this.#made.add(path);
  }
}

/**
 * Writes new files and links into a staging folder, at their final relative paths and with their final
 * permissions.
 * @param contentOf verified content by blob name
 * @returns the host paths of all files and folders written
 */
export function stageFiles(
  staging: string,
  entries: readonly ManifestEntry[],
  contentOf: (entry: ManifestEntry) => Uint8Array,
  progress: (done: number, bytes: number) => void,
): string[] {
  const top = places.new(staging);
  const folders = new FolderMaker(top, 0o755);
  const written: string[] = [];
  let bytes = 0;
  entries.forEach((entry, index) => {
    const path = `${top}/${entry.path}`;
    folders.make(parentOf(path));
    const content = contentOf(entry);
    if (kindOf(entry.mode) === "symlink") {
      Deno.symlinkSync(linkTarget(content), path);
    } else {
      Deno.writeFileSync(path, content, { createNew: true });
      Deno.chmodSync(path, modeOf(entry));
      written.push(path);
    }
    bytes += content.length;
    progress(index + 1, bytes);
  });
  return [...folders.made, ...written];
}

function linkTarget(content: Uint8Array): string {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(content);
}

/** Hard links of files that will be replaced or removed, so that there is a way back. */
export function linkPrevious(
  tree: string,
  staging: string,
  files: readonly string[],
  asides: readonly string[],
): string[] {
  const top = places.previousTree(staging);
  const folders = new FolderMaker(top, 0o700);
  for (const path of files) {
    folders.make(parentOf(`${top}/${path}`));
    Deno.linkSync(`${tree}/${path}`, `${top}/${path}`);
  }
  for (const path of asides) folders.make(parentOf(`${top}/${path}`));
  return folders.made;
}
