import type { createHash } from "node:crypto";
import {
  AT_EMPTY_PATH,
  type FolderCalls,
  type FoundEntry,
  readStatx,
  STATX_BASIC_STATS,
  STATX_LENGTH,
} from "../../machine/files/folder_calls.ts";
import { LIBC, LIBC_SYMBOLS, type LibcCalls } from "../../machine/files/libc.ts";
import { FIGURES } from "./index_file.ts";
import { NAME_BYTES, type PathColumns } from "./path_table.ts";

/**
 * When so many files are waiting, another thread is started, and one more for every so many others. It
 * takes 20 ms of this thread's time, and about 25 MB.
 */
const FIRST_WORKER = 3000;
/** It is started sooner, with so many waiting, when most files so far are and there are many times more. */
const SOON = 250;
const MANY_MORE = 40;
const NEXT_WORKER = 6000;
const MOST_WORKERS = 3;
/** Files are given to the other threads in such portions. */
const PORTION = 64;

/**
 * Numbers that all threads share: how many files there are, whether more come, how often that has changed,
 * and the first file that nobody has taken.
 */
const AVAILABLE = 0;
const CLOSED = 1;
const CHANGES = 2;
const NUMBERS = 4;

/** Files that were read, in the order in which they were added. */
export interface ReadFiles {
  readonly rows: Uint32Array;
  /** 1: read. 0: could not be, is no regular file, is large or has just been changed. */
  readonly done: Uint8Array;
  /** Blob names, {@link NAME_BYTES} each. */
  readonly names: Uint8Array;
  /** As they were before they were read; {@link FIGURES} each. */
  readonly figures: Float64Array;
  /** Types and permissions. */
  readonly modes: Uint32Array;
  readonly uids: Uint32Array;
}

/** What threads share, and what each needs. */
interface Job extends ReadFiles {
  readonly library: string;
  readonly symbols: typeof LIBC_SYMBOLS;
  readonly folder: number;
  readonly openFlags: number;
  readonly statFlags: number;
  readonly statMask: number;
  readonly statLength: number;
  readonly paths: Uint8Array<ArrayBuffer>;
  readonly starts: Uint32Array<ArrayBuffer>;
  readonly control: Int32Array<SharedArrayBuffer>;
}

/**
 * Looks at files and hashes them as Git does: other threads begin while more are added, and this one helps
 * in the end.
 */
export class FileHasher implements Disposable {
  readonly #calls: LibcCalls;
  readonly #job: Job;
  readonly #workers: Worker[] = [];
  readonly #ends: Promise<void>[] = [];
  #nextWorker = FIRST_WORKER;

  /** Files so far. */
  count = 0;

  /** @param columns of which rows will be added, each at most once */
  constructor(folder: FolderCalls, columns: PathColumns) {
    const most = columns.modes.length;
    this.#calls = folder.calls;
    this.#job = {
      library: LIBC,
      symbols: LIBC_SYMBOLS,
      folder: folder.descriptor,
      openFlags: folder.readFlags,
      statFlags: AT_EMPTY_PATH,
      statMask: STATX_BASIC_STATS,
      statLength: STATX_LENGTH,
      paths: columns.paths,
      starts: columns.starts,
      control: new Int32Array(new SharedArrayBuffer(NUMBERS * 4)),
      rows: new Uint32Array(new SharedArrayBuffer(most * 4)),
      done: new Uint8Array(new SharedArrayBuffer(most)),
      names: new Uint8Array(new SharedArrayBuffer(most * NAME_BYTES)),
      figures: new Float64Array(new SharedArrayBuffer(most * FIGURES * 8)),
      modes: new Uint32Array(new SharedArrayBuffer(most * 4)),
      uids: new Uint32Array(new SharedArrayBuffer(most * 4)),
    };
  }

  /** Wants the file of a row to be read. */
  add(row: number): void {
    this.#job.rows[this.count++] = row;
    if (this.count % PORTION === 0) this.#offer();
    const soon = this.count === SOON && row < 3 * SOON &&
      this.#job.rows.length > SOON * MANY_MORE;
    if (soon || this.count >= this.#nextWorker) {
      const most = Math.min(MOST_WORKERS, navigator.hardwareConcurrency - 1);
      if (this.#workers.length < most) this.#startWorker();
      this.#nextWorker = Math.max(this.count, FIRST_WORKER) + NEXT_WORKER;
    }
  }

  /**
   * Waits until all files are read.
   * @param turn awaited after every so many milliseconds, for whatever else this thread has to do
   */
  async finish(turn: () => Promise<void>, sliceMs: number): Promise<ReadFiles> {
    this.#offer(true);
    const { createHash } = await import("node:crypto");
    const work = hashShare(this.#job, this.#calls, createHash, readStatx);
    while (work(performance.now() + sliceMs)) await turn();
    await Promise.all(this.#ends);
    return this.#job;
  }

  [Symbol.dispose](): void {
    for (const worker of this.#workers) worker.terminate();
  }

  #offer(last = false): void {
    const { control } = this.#job;
    Atomics.store(control, AVAILABLE, this.count);
    if (last) Atomics.store(control, CLOSED, 1);
    Atomics.add(control, CHANGES, 1);
    if (this.#workers.length > 0) Atomics.notify(control, CHANGES);
  }

  #startWorker(): void {
    // The text of a function: an executable has no further file that a worker could be started from.
    const text = `import { createHash } from "node:crypto";
      onmessage = ({ data: job }) => {
        const library = Deno.dlopen(job.library, job.symbols);
        (${hashShare})(job, library.symbols, createHash, ${readStatx})(Infinity);
        postMessage("done");
      };`;
    const url = `data:text/javascript,${encodeURIComponent(text)}`;
    const worker = new Worker(url, { type: "module" });
    const { promise, resolve } = Promise.withResolvers<void>();
    worker.onmessage = () => resolve();
    worker.onerror = (event) => {
      // What it took and did not do is hashed in another way.
      event.preventDefault();
      resolve();
    };
    worker.postMessage(this.#job);
    this.#workers.push(worker);
    this.#ends.push(promise);
  }
}

/**
 * One thread's part of the work: files are taken until there are no more. Uses nothing but its arguments,
 * because workers get it as text.
 * @returns a function that goes on until a time (of `performance.now()`), and returns whether any is left
 */
function hashShare(
  job: Job,
  calls: LibcCalls,
  hash: typeof createHash,
  readStat: typeof readStatx,
): (until: number) => boolean {
  const { paths, starts, control, rows, names, done, figures, modes, uids } = job;
  const [available, closed, changes, next] = [0, 1, 2, 3];
  const atOnce = 32;
  // The header that Git hashes with a file's content is put directly before it.
  const headRoom = 32;
  const buffer = new Uint8Array(headRoom + 1024 * 1024);
  const room = buffer.subarray(headRoom);
  const roomLength = BigInt(room.length);

  const info = new Uint32Array(job.statLength);
  const found: FoundEntry = { mode: 0, uid: 0, size: 0, mtime: 0, ctime: 0, inode: 0 };
  const itself = new Uint8Array(1);

  const readFile = (item: number): number => {
    const file = calls.openat(job.folder, paths.subarray(starts[rows[item]!]), job.openFlags);
    if (file < 0) return -1;
    const known = calls.statx(file, itself, job.statFlags, job.statMask, info) === 0 &&
      readStat(info, found) && (found.mode & 0o170000) === 0o100000;
    const read = known && found.size < room.length
      ? Number(calls.read(file, room, roomLength))
      : -1;
    calls.close(file);
    return read;
  };
  const hashFile = (item: number): void => {
    const size = readFile(item);
    if (size < 0 || size !== found.size) return;
    const head = `blob ${size}\0`;
    const from = headRoom - head.length;
    for (let i = 0; i < head.length; i++) buffer[from + i] = head.charCodeAt(i);
    const name = hash("sha1").update(buffer.subarray(from, headRoom + size)).digest("hex");
    for (let i = 0; i < 20; i++) {
      const high = name.charCodeAt(2 * i);
      const low = name.charCodeAt(2 * i + 1);
      names[item * 20 + i] = (high < 0x40 ? high - 0x30 : high - 0x57) << 4 |
        (low < 0x40 ? low - 0x30 : low - 0x57);
    }
    figures[item * 4] = size;
    figures[item * 4 + 1] = found.mtime;
    figures[item * 4 + 2] = found.ctime;
    figures[item * 4 + 3] = found.inode;
    modes[item] = found.mode;
    uids[item] = found.uid;
    done[item] = 1;
  };
  return (until) => {
    while (performance.now() < until) {
      const seen = Atomics.load(control, changes);
      const isLast = Atomics.load(control, closed) === 1;
      const end = Atomics.load(control, available);
      const first = Atomics.load(control, next);
      if (first >= end) {
        if (isLast) return false;
        Atomics.wait(control, changes, seen);
        continue;
      }
      const taken = Math.min(first + atOnce, end);
      if (Atomics.compareExchange(control, next, first, taken) !== first) continue;
      for (let item = first; item < taken; item++) hashFile(item);
    }
    return true;
  };
}
