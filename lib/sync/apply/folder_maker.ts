import { parentOf } from "../../machine/files/files.ts";

/** Makes a folder and those above it, down from `top`, with these permissions, whatever the umask. */
export class FolderMaker {
  readonly #made = new Set<string>();

  constructor(
    private readonly top: string,
    /** Permissions of the folders. */
    readonly mode: number,
  ) {
    Deno.mkdirSync(top, { recursive: true });
    Deno.chmodSync(top, mode);
    this.#made.add(top);
  }

  /** All folders made so far. */
  get made(): string[] {
    return [...this.#made];
  }

  /** Makes the folders that are missing on the way to a path, and that one. */
  make(path: string): void {
    for (const folder of this.missing(path)) {
      Deno.mkdirSync(folder);
      Deno.chmodSync(folder, this.mode);
    }
  }

  /** What is to be made for this folder to be there, those above first; counts as made from now on. */
  missing(path: string): string[] {
    if (this.#made.has(path)) return [];
    const folders = [...this.missing(parentOf(path)), path];
    this.#made.add(path);
    return folders;
  }

  /** Removes a folder that was made, if nothing is in it, and then those above it. */
  removeEmpty(path: string): void {
    if (path === this.top || !Deno.readDirSync(path).next().done) return;
    Deno.removeSync(path);
    this.#made.delete(path);
    this.removeEmpty(parentOf(path));
  }
}
