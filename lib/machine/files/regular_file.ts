import { ExitCode } from "../exit_code.ts";
import { inFolder, LinkInTheWay, named, pin } from "./pinned.ts";
import { ToolError } from "../tool_error.ts";
import { shellWord } from "../shell_words.ts";

/** Whatever is read as a whole is smaller, unless its reader says otherwise; bytes. */
const LARGEST_READ = 64 * 1024 * 1024;
const CHUNK = 64 * 1024;

/** Something else is where a regular file was expected. */
export class NotRegular extends ToolError {
  /** What is there: "a pipe". */
  readonly found: string;

  constructor(path: string, info: Deno.FileInfo) {
    super(`${path} is ${whatIsThere(info)}, not a regular file`, {
      code: ExitCode.Configuration,
      hint: `look at it, and move it away if it is not yours: ls -ld ${shellWord(path)}`,
    });
    this.found = whatIsThere(info);
  }
}

/** A regular file that was opened, and what it was then. */
export interface OpenFile extends Disposable {
  readonly file: Deno.FsFile;
  readonly info: Deno.FileInfo;
}

/**
 * Opens a regular file. Anything else is refused without having been opened: a pipe would make the
 * program wait for ever, and some devices do something when they are opened.
 * @param path no part of it may be a link (see {@link pin})
 * @throws what {@link pin} throws; ToolError exit 6 that says what else is there
 */
export function openRegular(
  path: string,
  options: Deno.OpenOptions = { read: true },
): OpenFile {
  using pinned = pin(path);
  const info = pinned.info();
  if (info.isSymlink) throw new LinkInTheWay(path);
  if (!info.isFile) throw new NotRegular(path, info);
  try {
    const file = Deno.openSync(pinned.path, options);
    return { file, info, [Symbol.dispose]: () => file.close() };
  } catch (error) {
    throw named(error, pinned, path);
  }
}

/**
 * The bytes of a regular file.
 * @param limit bytes; a larger file is refused
 * @throws like {@link openRegular}; ToolError exit 6 for one that is too large
 */
export function readRegular(path: string, limit = LARGEST_READ): Uint8Array<ArrayBuffer> {
  using opened = openRegular(path);
  return readAll(opened, path, limit);
}

/**
 * Refuses what would hold up a child that is told to read it: a pipe, a device, a socket, or more than
 * is read as a whole. Nothing at all, or a folder, is the child's to tell.
 * @param path as for {@link pin}
 * @throws ToolError exit 6 that says what is there
 */
export function refuseUnreadable(path: string): void {
  let info;
  try {
    using pinned = pin(path);
    info = pinned.info();
  } catch {
    return;
  }
  if (info.isDirectory || info.isSymlink) return;
  if (!info.isFile) throw new NotRegular(path, info);
  if (info.size > LARGEST_READ) throw tooLarge(path, LARGEST_READ);
}

/**
 * Opens a regular file for writing, and makes it where nothing is. What is there is opened only as
 * {@link openRegular} does, a new file never through a link.
 * @param mode of a new file
 */
export function openOrMake(
  path: string,
  options: Deno.OpenOptions,
  mode: number,
): OpenFile & { readonly isNew: boolean } {
  for (let attempt = 1;; attempt++) {
    try {
      return { ...openRegular(path, options), isNew: false };
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    try {
      return inFolder(path, (name) => {
        const file = Deno.openSync(name, { ...options, createNew: true, mode });
        const info = file.statSync();
        return { file, info, isNew: true, [Symbol.dispose]: () => file.close() };
      });
    } catch (error) {
      // Somebody was quicker.
      if (!(error instanceof Deno.errors.AlreadyExists) || attempt > 1) throw error;
    }
  }
}

/** The rest of a file that was opened, under the same rule. */
export function readAll(
  { file, info }: OpenFile,
  path: string,
  limit = LARGEST_READ,
): Uint8Array<ArrayBuffer> {
  if (info.size > limit) throw tooLarge(path, limit);
  // Files of the kernel say that they are empty. One byte more than the size: that is the end.
  let buffer = new Uint8Array(Math.min(info.size || CHUNK, limit) + 1);
  let length = 0;
  for (;;) {
    const count = file.readSync(buffer.subarray(length));
    if (count === null) return buffer.subarray(0, length);
    length += count;
    if (length > limit) throw tooLarge(path, limit);
    if (length === buffer.length) {
      const larger = new Uint8Array(Math.min(length * 2, limit + 1));
      larger.set(buffer);
      buffer = larger;
    }
  }
}

/**
 * Reads a file of this machine whose path may lead through links, as those of /etc do on NixOS.
 * @throws like {@link readRegular}
 */
export function readBehindLinks(path: string): Uint8Array<ArrayBuffer> {
  return readRegular(Deno.realPathSync(path));
}

/** What is at a path in one word, to follow "is". */
export function whatIsThere(info: Deno.FileInfo): string {
  if (info.isFile) return "a file";
  if (info.isDirectory) return "a folder";
  if (info.isSymlink) return "a symbolic link";
  if (info.isFifo) return "a pipe";
  if (info.isSocket) return "a socket";
  return info.isCharDevice || info.isBlockDevice ? "a device" : "neither file nor folder";
}

function tooLarge(path: string, limit: number): ToolError {
  return new ToolError(`${path} is larger than ${limit} bytes and is not read`, {
    code: ExitCode.Configuration,
    hint: `look at it: ls -l ${shellWord(path)}`,
  });
}
