import { spaceAt } from "../../machine/files/free_space.ts";
import { ToolError } from "../../machine/tool_error.ts";

const MIB = 1024 * 1024;
/** So much of a file system is left to others: this share of it, at most so many bytes. */
const SHARE = 0.05;
const MOST = 512 * MIB;
/** The file system is asked again after so many bytes. */
const EVERY = 32 * MIB;

/** Watches the room on a file system while it is being filled: guests and the system need some, too. */
export class DiskRoom {
  #sinceLook = 0;

  /** @param folder on it */
  constructor(private readonly folder: string) {}

  /**
   * So many bytes may be written now.
   * @throws ToolError when too little room would be left
   */
  use(bytes: number): void {
    this.#sinceLook += bytes;
    if (this.#sinceLook < EVERY) return;
    const space = spaceAt(this.folder);
    if (space === undefined) throw new Error(`no room can be asked for: ${this.folder}`);
    const left = space.bytes - this.#sinceLook;
    this.#sinceLook = 0;
    if (left >= Math.min(MOST, space.size * SHARE)) return;
    throw new ToolError(
      "the disk is nearly full: the new files would leave too little room for others",
      {
        hint: "nothing was changed; free some space (nix-collect-garbage, journalctl " +
          "--vacuum-size=200M) and run it again",
      },
    );
  }
}
