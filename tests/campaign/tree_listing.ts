import { fileHash, linkHash } from "../../lib/machine/tree/blob_hash.ts";
import { isExcluded } from "../../lib/machine/tree/excluded.ts";
import { commitListing } from "../sync/synced_machine.ts";

/** Files and links by path: `100644 <blob>`, with the permissions that a file really has. */
export type Listing = ReadonlyMap<string, string>;

/** A tree on disk. */
export interface TreeOnDisk {
  readonly files: Listing;
  /** Permissions by path, without the top. */
  readonly folders: ReadonlyMap<string, number>;
}

/** Reads a tree without following links; undefined when there is none. */
export function readTree(top: string): TreeOnDisk | undefined {
  const files = new Map<string, string>();
  const folders = new Map<string, number>();
  const visit = (folder: string) => {
    for (const { name } of Deno.readDirSync(`${top}/${folder}`)) {
      const path = folder === "" ? name : `${folder}/${name}`;
      const host = `${top}/${path}`;
      const info = Deno.lstatSync(host);
      const mode = (info.mode ?? 0) & 0o7777;
      if (info.isDirectory) {
        folders.set(path, mode);
        visit(path);
      } else if (info.isSymlink) files.set(path, `120000 ${linkHash(host)}`);
      else files.set(path, `100${mode.toString(8)} ${fileHash(host, info.size)}`);
    }
  };
  try {
    visit("");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound && files.size + folders.size === 0) return undefined;
    throw error;
  }
  return { files, folders };
}

/** What git says a commit holds, as it should be on disk: without submodules and excluded paths. */
export async function readCommit(directory: string, commit: string): Promise<Listing> {
  const lines = await commitListing(directory, commit);
  return new Map(
    lines.map((line): [string, string] => {
      const tab = line.indexOf("\t");
      return [line.slice(0, tab), line.slice(tab + 1)];
    })
      .filter(([, path]) => !isExcluded(path))
      .map(([entry, path]) => [path, entry]),
  );
}

/** What a sync should leave, and what of the tree before must then be in a backup. */
export interface Expected {
  readonly files: Listing;
  /** Local edits that are not in the tree any more, with what they were. */
  readonly replaced: Listing;
}

/**
 * What a sync must make of a tree, from the promise and not from the code: the commit, and beside it
 * only what the owner put there or changed where the commit has nothing.
 * @param base the commit that the last sync put there, if that is known
 */
export function expectedTree(
  before: Listing,
  base: Listing | undefined,
  target: Listing,
): Expected {
  const files = new Map(target);
  const replaced = new Map<string, string>();
  const folders = foldersOf(target);
  for (const [path, entry] of before) {
    const synced = base?.get(path);
    const edited = synced === undefined || contentOf(synced) !== contentOf(entry);
    if (isExcluded(path)) files.set(path, entry);
    else if (target.has(path)) {
      if (edited && contentOf(target.get(path)!) !== contentOf(entry)) replaced.set(path, entry);
    } else if (folders.has(path) || parentsOf(path).some((parent) => target.has(parent))) {
      if (edited) replaced.set(path, entry);
    } else if (edited) files.set(path, entry);
  }
  return { files, replaced };
}

/** One line for each path that differs; empty when they are the same. */
export function compareListings(found: Listing, wanted: Listing): string[] {
  const paths = [...new Set([...found.keys(), ...wanted.keys()])].sort();
  return paths.filter((path) => found.get(path) !== wanted.get(path)).map((path) =>
    `${JSON.stringify(path)} is ${found.get(path) ?? "absent"}, not ${wanted.get(path) ?? "absent"}`
  );
}

/** As git stores it: of the permissions only whether a file is executable. */
export function asGit(files: Listing): Listing {
  return new Map([...files].map(([path, entry]) => {
    const [mode, blob] = entry.split(" ") as [string, string];
    if (mode === "120000") return [path, entry];
    return [path, `${parseInt(mode.slice(3), 8) & 0o100 ? "100755" : "100644"} ${blob}`];
  }));
}

/** Folders that paths need. */
export function foldersOf(files: Listing): Set<string> {
  return new Set([...files.keys()].flatMap(parentsOf));
}

function parentsOf(path: string): string[] {
  const parents: string[] = [];
  for (let at = path.indexOf("/"); at > 0; at = path.indexOf("/", at + 1)) {
    parents.push(path.slice(0, at));
  }
  return parents;
}

/** The kind and the blob: what makes an edit. */
function contentOf(entry: string): string {
  return `${entry.slice(0, 3)} ${entry.slice(entry.indexOf(" ") + 1)}`;
}
