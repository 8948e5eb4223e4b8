import { createHash } from "node:crypto";
import { isExcluded } from "../../machine/tree/excluded.ts";
import { lstatIfExists, makeFolder, syncFolder } from "../../machine/files/files.ts";
import { openRegular } from "../../machine/files/regular_file.ts";
import { signalsSeen } from "../signals_seen.ts";
import { type SourceEntry, type SourceListing, whileItIsThere } from "./source_listing.ts";

const CHUNK = 1024 * 1024;
/** Files are copied with blocking calls; signals are looked at after so many, and so many chunks of one. */
const YIELD_EVERY = 32;

/**
 * Copies what a listing names into a new folder, owned by this process, with normalised modes (a
 * source in the Nix store is read-only): folders 0755, files 0644 or 0755. Everything is on disk when
 * this returns. Stops between files when aborted.
 * @throws ToolError when an entry is no longer what was listed
 */
export async function copyTree(
  source: SourceListing,
  to: string,
  signal: AbortSignal,
): Promise<void> {
  makeFolder(to, 0o755);
  for (const [index, entry] of source.entries.entries()) {
    if (index % YIELD_EVERY === 0) await signalsSeen(signal);
    const path = `${to}/${entry.path}`;
    if (entry.kind === "directory") {
      Deno.mkdirSync(path);
      Deno.chmodSync(path, 0o755);
    } else if (entry.kind === "link") Deno.symlinkSync(entry.target, path);
    else await copyFile(source.from, entry, path, signal);
  }
  for (const entry of source.entries) {
    if (entry.kind === "directory") syncFolder(`${to}/${entry.path}`);
  }
  syncFolder(to);
}

/** Whether a folder already holds exactly what a listing names, with the modes {@link copyTree} gives. */
export function isSameTree(source: SourceListing, path: string): boolean {
  if (!lstatIfExists(path)?.isDirectory) return false;
  const expected = new Map(source.entries.map((entry) => [entry.path, entry]));
  let seen = 0;
  const same = (folder: string): boolean => {
    for (const { name, isDirectory } of Deno.readDirSync(`${path}/${folder}`)) {
      const relative = folder === "" ? name : `${folder}/${name}`;
      if (isExcluded(relative, isDirectory)) continue;
      const entry = expected.get(relative);
      if (!entry || !isSameEntry(source.from, path, entry)) return false;
      seen++;
      if (entry.kind === "directory" && !same(relative)) return false;
    }
    return true;
  };
  return same("") && seen === expected.size;
}

/**
 * One SHA-256 over everything a folder holds: paths, kinds, executable bits, link targets, content.
 * Tells whether someone changed the folder since.
 */
export function treeDigest(path: string): string {
  const hash = createHash("sha256");
  const visit = (folder: string) => {
    const names = [...Deno.readDirSync(folder)].map((entry) => entry.name).sort();
    for (const name of names) {
      const entry = `${folder}/${name}`;
      const info = Deno.lstatSync(entry);
      const executable = ((info.mode ?? 0) & 0o111) !== 0;
      const what = info.isSymlink
        ? ["link", Deno.readLinkSync(entry)]
        : info.isFile
        ? ["file", executable, fileDigest(entry)]
        : [info.isDirectory ? "directory" : "special"];
      hash.update(JSON.stringify([entry.slice(path.length), ...what]));
      if (info.isDirectory) visit(entry);
    }
  };
  visit(path);
  return hash.digest("hex");
}

function isSameEntry(from: string, path: string, entry: SourceEntry): boolean {
  const info = Deno.lstatSync(`${path}/${entry.path}`);
  if (entry.kind === "directory") return info.isDirectory;
  if (entry.kind === "link") {
    return info.isSymlink && Deno.readLinkSync(`${path}/${entry.path}`) === entry.target;
  }
  return info.isFile && info.size === entry.size &&
    (((info.mode ?? 0) & 0o111) !== 0) === entry.executable &&
    whileItIsThere(from, () => fileDigest(`${from}/${entry.path}`)) ===
      fileDigest(`${path}/${entry.path}`);
}

/** SHA-256 of a file of any size; it is never in memory as a whole. */
function fileDigest(path: string): string {
  using opened = openRegular(path);
  const hash = createHash("sha256");
  const buffer = new Uint8Array(CHUNK);
  for (let count; (count = opened.file.readSync(buffer)) !== null;) {
    hash.update(buffer.subarray(0, count));
  }
  return hash.digest("hex");
}

/** A link, or anything else, that was put in the file's place after it was listed is refused. */
async function copyFile(
  top: string,
  entry: Extract<SourceEntry, { kind: "file" }>,
  to: string,
  signal: AbortSignal,
): Promise<void> {
  using input = whileItIsThere(top, () => openRegular(`${top}/${entry.path}`));
  using output = Deno.openSync(to, { write: true, createNew: true, mode: 0o600 });
  const buffer = new Uint8Array(CHUNK);
  let chunks = 0;
  for (let count; (count = input.file.readSync(buffer)) !== null;) {
    for (let done = 0; done < count;) done += output.writeSync(buffer.subarray(done, count));
    if (++chunks % YIELD_EVERY === 0) await signalsSeen(signal);
  }
  output.syncSync();
  Deno.chmodSync(to, entry.executable ? 0o755 : 0o644);
}
