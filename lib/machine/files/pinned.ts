import { ExitCode } from "../exit_code.ts";
import { libc, OPEN, opener } from "./libc.ts";
import { ToolError } from "../tool_error.ts";
import { shellWord } from "../shell_words.ts";

/**
 * A file or folder that is held by a descriptor: whatever happens to its name, this is the one that was
 * opened. `path` leads to it and nowhere else, for any function of the runtime; below a folder's, names
 * are those in that folder. It is not opened for reading by this: a device is not touched.
 */
export interface Pinned extends Disposable {
  readonly path: string;
  info(): Deno.FileInfo;
}

/** A link where a file or folder itself was expected. */
export class LinkInTheWay extends ToolError {
  /** @param path of the link */
  constructor(path: string) {
    super(`${path} is a symbolic link and is not followed`, {
      code: ExitCode.Configuration,
      hint: `look at where it leads, then replace it by what it stands for: ls -ld ${
        shellWord(path)
      }`,
    });
  }
}

/** Tries again when what was refused is gone: somebody changes the folders at the same time. */
const ATTEMPTS = 3;

/**
 * Pins what is at a path, a link itself in the last component. No folder above it may be a link: paths
 * come from `Root`, which has resolved them inside the root, so that a link met now was put there since,
 * or was never looked at; either could lead anywhere.
 * @param open for tests
 * @throws Deno.errors.NotFound, NotADirectory, PermissionDenied as the runtime would; ToolError exit 6
 *   for a link on the way ({@link LinkInTheWay})
 */
export function pin(path: string, open = opener()): Pinned {
  return pinWith(path, OPEN.noFollow, open);
}

/**
 * Pins a folder; a link in its place is none.
 * @throws like {@link pin}
 */
export function pinFolder(path: string, open = opener()): Pinned {
  return pinWith(path, OPEN.directory | OPEN.noFollow, open);
}

/**
 * Does something to a name in a folder that is pinned while it is done.
 * @param operation gets a path that means the same name
 * @throws like {@link pin}, and what the operation throws, in terms of the path given
 */
export function inFolder<T>(path: string, operation: (path: string) => T): T {
  const [folder, name] = split(path);
  const pinned = held?.get(folder) ?? pinFolder(folder);
  if (held !== undefined) hold(folder, pinned, held);
  try {
    return operation(`${pinned.path}/${name}`);
  } catch (error) {
    throw named(error, pinned, folder);
  } finally {
    if (held === undefined) pinned[Symbol.dispose]();
  }
}

/** Folders that stay pinned while {@link pinningOnce} works, by their paths; the last used one last. */
let held: Map<string, Pinned> | undefined;
/** So many at a time. */
const MOST_HELD = 32;

/**
 * Does many things to names in few folders, and pins each folder once for them. What somebody else puts in a
 * folder's place meanwhile is not seen: it is the folder that was opened and checked, as with one pin.
 * Whoever moves or removes a folder in between calls {@link forgetFolders} after it.
 */
export function pinningOnce<T>(work: () => T): T {
  if (held !== undefined) return work();
  held = new Map();
  try {
    return work();
  } finally {
    forgetFolders();
    held = undefined;
  }
}

/** Folders are to be found by their paths again. */
export function forgetFolders(): void {
  for (const pinned of held?.values() ?? []) pinned[Symbol.dispose]();
  held?.clear();
}

/** What was used last stays: it is in use now, and what was used before it may be, by an outer call. */
function hold(folder: string, pinned: Pinned, all: Map<string, Pinned>): void {
  all.delete(folder);
  all.set(folder, pinned);
  if (all.size <= MOST_HELD) return;
  const [[oldest, unused] = []] = all;
  if (oldest !== undefined) all.delete(oldest);
  unused?.[Symbol.dispose]();
}

/** {@link inFolder} for what takes its time. */
export async function inFolderMeanwhile<T>(
  path: string,
  operation: (path: string) => Promise<T>,
): Promise<T> {
  const [folder, name] = split(path);
  using pinned = pinFolder(folder);
  try {
    return await operation(`${pinned.path}/${name}`);
  } catch (error) {
    throw named(error, pinned, folder);
  }
}

/** What the runtime says of a pinned path, in terms of the path that people know. */
export function named(error: unknown, pinned: Pinned, path: string): unknown {
  if (error instanceof Error && !(error instanceof ToolError)) {
    error.message = error.message
      .replaceAll(`${pinned.path}/`, path === "/" ? "/" : `${path}/`)
      .replaceAll(`${pinned.path}'`, `${path}'`);
  }
  return error;
}

function split(path: string): [folder: string, name: string] {
  const at = path.lastIndexOf("/");
  return [path.slice(0, at) || "/", path.slice(at + 1)];
}

function pinWith(path: string, flags: number, open: ReturnType<typeof opener>): Pinned {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const descriptor = open(path, flags | OPEN.path | OPEN.closeOnExec);
    if (descriptor >= 0) return new PinnedDescriptor(descriptor);
    const problem = whatIsInTheWay(path, (flags & OPEN.directory) !== 0);
    if (problem) throw problem;
  }
  throw new ToolError(`${path} cannot be opened`, {
    hint:
      "its folders change at this moment, or more files are open than may be: ulimit -n 1024, and try again",
  });
}

class PinnedDescriptor implements Pinned {
  readonly path: string;

  constructor(private readonly descriptor: number) {
    this.path = `/proc/self/fd/${descriptor}`;
  }

  info(): Deno.FileInfo {
    return Deno.statSync(this.path);
  }

  [Symbol.dispose](): void {
    libc().close(this.descriptor);
  }
}

/** Why a path was not opened, from the top down; undefined when it can be seen to be all right. */
function whatIsInTheWay(path: string, asFolder: boolean): Error | undefined {
  const names = path.split("/").filter((name) => name !== "");
  for (let depth = 1; depth <= names.length; depth++) {
    const part = "/" + names.slice(0, depth).join("/");
    let info: Deno.FileInfo;
    try {
      info = Deno.lstatSync(part);
    } catch (error) {
      return error as Error;
    }
    if (info.isDirectory || (depth === names.length && !asFolder)) continue;
    if (!info.isSymlink) return new Deno.errors.NotADirectory(`Not a directory: '${part}'`);
    return new LinkInTheWay(part);
  }
  return undefined;
}
