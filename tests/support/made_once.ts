/**
 * What is made once for a state of this tree and kept in the temporary directory, for the other test files and
 * the next run, until nobody has used it for a while.
 */
import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { REPOSITORY } from "../../nix/bundle.ts";

/** After this long unused (milliseconds) a state's things go, when those of another are made. */
const UNUSED = 60 * 60 * 1000;

/** The name of a file that is locked. */
export const LOCK = "lock";

let states: string | undefined;
const folders = new Map<string, string>();

/** What something is made of. */
export interface Ingredients {
  /** Files and folders of this tree. */
  readonly sources: readonly string[];
  /** Whatever else makes a difference. */
  readonly also: string;
}

/**
 * The folder for what is made of the same, readable for every user. Who makes something in it locks the file
 * {@link LOCK} of the folder, looks whether it is there, and makes it whole, by a rename.
 */
export function placeFor({ sources, also }: Ingredients): string {
  states ??= ownFolder(`${tmpdir()}/hyper-nixos-tests-${Deno.uid()}`);
  const key = `${Deno.version.deno} ${also} ${sources.join()}`;
  let folder = folders.get(key);
  if (folder === undefined) folders.set(key, folder = `${states}/${hashOf(key, sources)}`);
  using lock = Deno.openSync(`${states}/${LOCK}`, { create: true, write: true });
  lock.lockSync(true);
  if (age(folder) === undefined) {
    removeUnused(states);
    Deno.mkdirSync(folder, { mode: 0o755 });
    Deno.chmodSync(folder, 0o755);
  }
  const now = new Date();
  Deno.utimeSync(folder, now, now);
  return folder;
}

/** Milliseconds since it was last changed; undefined when it is not there. */
export function age(path: string): number | undefined {
  try {
    return Date.now() - Deno.statSync(path).mtime!.getTime();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** A folder with a name that everyone can guess is used only where nobody else can have filled it. */
function ownFolder(path: string): string {
  try {
    Deno.mkdirSync(path, { mode: 0o755 });
    Deno.chmodSync(path, 0o755);
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  }
  const { isDirectory, uid, mode } = Deno.lstatSync(path);
  if (!isDirectory || uid !== Deno.uid() || (mode! & 0o022) !== 0) {
    throw new Error(`${path} is not a folder that only this user can write`);
  }
  return path;
}

function hashOf(key: string, sources: readonly string[]): string {
  const hash = createHash("sha256").update(key);
  const visit = (path: string): void => {
    const host = REPOSITORY + path;
    if (Deno.statSync(host).isDirectory) {
      const names = [...Deno.readDirSync(host)].map(({ name }) => name).sort();
      for (const name of names) visit(`${path}/${name}`);
    } else hash.update(`\0${path}\0`).update(Deno.readFileSync(host));
  };
  sources.forEach(visit);
  return hash.digest("hex").slice(0, 32);
}

function removeUnused(folder: string): void {
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    if (!isDirectory || (age(`${folder}/${name}`) ?? 0) < UNUSED) continue;
    Deno.removeSync(`${folder}/${name}`, { recursive: true });
  }
}
