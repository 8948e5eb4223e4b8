import { concat } from "./bytes.ts";
import { damaged } from "./transfer_error.ts";
import { hostilePathError } from "../machine/tree/hostile_path.ts";

/** GitHub refuses files above 100 MB; what claims to be larger than this is not unpacked (bytes). */
export const LARGEST_OBJECT = 128 * 1024 * 1024;

/** What a tree entry is. */
export type EntryKind = "file" | "symlink" | "gitlink" | "tree";

/** Modes as GitHub's API and Git's trees name them. A gitlink is a commit of another repository. */
export const Mode = {
  File: 0o100644,
  Executable: 0o100755,
  Symlink: 0o120000,
  Gitlink: 0o160000,
  Tree: 0o040000,
} as const;

/**
 * The kind of an entry by its mode, of which only the type bits count.
 * @throws TransferError for a mode that Git does not know
 */
export function kindOf(mode: number): EntryKind {
  switch (mode & 0o170000) {
    case 0o100000:
      return "file";
    case Mode.Symlink:
      return "symlink";
    case Mode.Gitlink:
      return "gitlink";
    case Mode.Tree:
      return "tree";
    default:
      throw damaged(`a tree has an entry of unknown mode ${mode.toString(8)}`);
  }
}

/** Whether a file's mode makes it executable; old repositories have modes such as 100664. */
export function isExecutable(mode: number): boolean {
  return (mode & 0o170100) === 0o100100;
}

/** One name in a tree object. */
export interface TreeItem {
  readonly name: string;
  /** As it stands in the tree, so that the tree object can be written again. */
  readonly mode: number;
  readonly sha: string;
}

const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** The names in a tree object, in its order. Names are decoded, not judged. */
export function parseTree(content: Uint8Array, sha: string): TreeItem[] {
  const items: TreeItem[] = [];
  for (let at = 0; at < content.length;) {
    const space = content.indexOf(0x20, at);
    const end = content.indexOf(0, space);
    if (space < 0 || end < 0 || end + 21 > content.length) {
      throw damaged(`tree ${sha} is malformed`);
    }
    let mode = 0;
    for (let i = at; i < space; i++) mode = mode * 8 + content[i]! - 0x30;
    items.push({
      name: decodeName(content.subarray(space + 1, end), sha),
      mode,
      sha: content.subarray(end + 1, end + 21).toHex(),
    });
    at = end + 21;
  }
  return items;
}

/**
 * The tree object of these names, byte for byte as Git writes it.
 * @param padded with a zero before the modes of folders, as others have written it
 */
export function encodeTree(items: readonly TreeItem[], padded = false): Uint8Array {
  return concat(items.map((item) => encodeItem(item, padded)));
}

/** One entry of a tree object; see {@link encodeTree}. */
export function encodeItem({ name, mode, sha }: TreeItem, padded = false): Uint8Array {
  const head = `${mode.toString(8).padStart(padded ? 6 : 0, "0")} ${name}\0`;
  // A UTF-16 unit is at most three bytes of UTF-8.
  const bytes = new Uint8Array(head.length * 3 + 20);
  const { written } = encoder.encodeInto(head, bytes);
  bytes.subarray(written).setFromHex(sha);
  return bytes.subarray(0, written + 20);
}

/** The value of a header line of a commit or tag: `tree` of a commit, `object` of a tag. */
export function headerOf(content: Uint8Array, name: "tree" | "object"): string {
  const head = new TextDecoder().decode(content.subarray(0, 200));
  const value = head.split("\n").find((line) => line.startsWith(`${name} `))?.slice(
    name.length + 1,
  );
  if (value === undefined || !/^[0-9a-f]{40}$/.test(value)) {
    throw damaged(`an object has no ${name}`);
  }
  return value;
}

function decodeName(bytes: Uint8Array, sha: string): string {
  try {
    return text.decode(bytes);
  } catch {
    const shown = new TextDecoder().decode(bytes);
    throw hostilePathError(shown, "is not valid UTF-8", `tree ${sha.slice(0, 12)}`);
  }
}
