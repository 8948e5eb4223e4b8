import { parentOf } from "../../machine/files/files.ts";
import { FolderMaker } from "./folder_maker.ts";

/** What another thread makes at once. */
interface Batch {
  /** Host paths, those above before those below. */
  readonly folders: readonly string[];
  readonly files: readonly { readonly path: string; readonly mode: number; readonly end: number }[];
  /** Of all files, one behind the other. */
  readonly contents: Uint8Array<ArrayBuffer>;
}

/** What the other thread says: that it is ready, that a batch is written, or that one could not be. */
type Said = "ready" | "written" | { readonly unwritten: Batch };

/**
 * Another thread is started for so many files: it takes 20 ms of this one's time, and 25 MB. It is worth
 * that because a thread that unpacks and verifies tens of thousands of files has no time to make them, too.
 */
const FIRST_THREAD = 1500;
/** Files are handed over in portions of so many, or of so many bytes. */
const PORTION = 64;
const PORTION_BYTES = 512 * 1024;
/** So many bytes may wait for the other thread. */
const MOST_WAITING = 4 * 1024 * 1024;

/** Writes new files and their folders, very many of them in another thread. */
export class FileWriter implements AsyncDisposable {
  /** The folders made so far, or about to be. */
  readonly folders: FolderMaker;
  /** Whether another thread may be used. Files are then there for sure only after {@link finish}. */
  concurrent = false;
  #count = 0;
  #worker: Worker | undefined;
  #isReady = false;
  #portion: { path: string; mode: number; content: Uint8Array }[] = [];
  #portionBytes = 0;
  /** Bytes of each batch that the other thread has not written yet. */
  readonly #waiting: number[] = [];
  #failure: unknown;
  #wake = Promise.withResolvers<void>();

  /**
   * @param top where all files are below
   * @param folderMode permissions of their folders
   */
  constructor(top: string, folderMode: number) {
    this.folders = new FolderMaker(top, folderMode);
  }

  /**
   * Writes a file that is not there yet.
   * @throws what an earlier file has failed with, too
   */
  write(path: string, content: Uint8Array, mode: number): void {
    this.#throwFailure();
    if (this.concurrent && ++this.#count === FIRST_THREAD && navigator.hardwareConcurrency > 1) {
      this.#start();
    }
    if (!this.#isReady) {
      this.folders.make(parentOf(path));
      return Deno.writeFileSync(path, content, { createNew: true, mode });
    }
    this.#portion.push({ path, mode, content });
    this.#portionBytes += content.length;
    if (this.#portion.length >= PORTION || this.#portionBytes >= PORTION_BYTES) this.#hand();
  }

  /** Undefined, or resolves when the other thread has caught up: more should not be given to it before. */
  get pause(): Promise<void> | undefined {
    return this.#bytesWaiting > MOST_WAITING ? this.#caughtUp(MOST_WAITING / 2) : undefined;
  }

  /**
   * Resolves when all files are there; from then on this thread writes alone.
   * @throws what a file has failed with
   */
  async finish(): Promise<void> {
    this.#hand();
    await this.#writeAlone();
    this.#throwFailure();
  }

  /** Nothing is written any more afterwards, whoever is left behind and still tries to. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#failure ??= new Error("files are not written any more");
    await this.#writeAlone();
  }

  async #writeAlone(): Promise<void> {
    this.concurrent = false;
    await this.#caughtUp(-1);
    this.#isReady = false;
    this.#worker?.terminate();
  }

  get #bytesWaiting(): number {
    return this.#waiting.reduce((sum, bytes) => sum + bytes, 0);
  }

  /** Waits until no more than so many bytes wait; for all batches with -1. */
  async #caughtUp(bytes: number): Promise<void> {
    while (this.#waiting.length > 0 && this.#bytesWaiting > bytes) {
      this.#wake = Promise.withResolvers();
      await this.#wake.promise;
    }
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  #hand(): void {
    if (this.#portion.length === 0) return;
    const contents = new Uint8Array(this.#portionBytes);
    let end = 0;
    const files = this.#portion.map(({ path, mode, content }) => {
      contents.set(content, end);
      end += content.length;
      return { path, mode, end };
    });
    const folders = files.flatMap(({ path }) => this.folders.missing(parentOf(path)));
    const batch: Batch = { folders, files, contents };
    this.#portion = [];
    this.#portionBytes = 0;
    this.#waiting.push(contents.length);
    this.#worker!.postMessage([batch, this.folders.mode], [contents.buffer]);
  }

  #start(): void {
    // The text of a function: an executable has no further file that a worker could be started from.
    const text = `const writeBatch = ${writeBatch};
      onmessage = ({ data: [batch, folderMode] }) => {
        try {
          writeBatch(batch, folderMode);
          postMessage("written");
        } catch {
          postMessage({ unwritten: batch }, [batch.contents.buffer]);
        }
      };
      postMessage("ready");`;
    const url = `data:text/javascript,${encodeURIComponent(text)}`;
    this.#worker = new Worker(url, { type: "module" });
    this.#worker.onmessage = ({ data }: MessageEvent<Said>) => this.#hear(data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      // Before it is ready, nothing was handed to it, and nothing will be.
      if (this.#isReady) this.#failure = new Error(`the writing thread ended: ${event.message}`);
      this.#waiting.length = 0;
      this.#wake.resolve();
    };
  }

  #hear(said: Said): void {
    if (said === "ready") {
      this.#isReady = this.concurrent;
      return;
    }
    if (said !== "written") this.#again(said.unwritten);
    this.#waiting.shift();
    this.#wake.resolve();
  }

  /** What the other thread could not write is tried here, where errors say what they are. */
  #again(batch: Batch): void {
    try {
      for (const { path } of batch.files) {
        try {
          Deno.removeSync(path);
        } catch (error) {
          if (!(error instanceof Deno.errors.NotFound)) throw error;
        }
      }
      writeBatch(batch, this.folders.mode);
    } catch (error) {
      this.#failure ??= error;
    }
  }
}

/** Makes folders and files. Uses nothing but its arguments, because the other thread gets it as text. */
function writeBatch({ folders, files, contents }: Batch, folderMode: number): void {
  for (const folder of folders) {
    try {
      Deno.mkdirSync(folder);
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    }
    Deno.chmodSync(folder, folderMode);
  }
  let start = 0;
  for (const { path, mode, end } of files) {
    Deno.writeFileSync(path, contents.subarray(start, end), { createNew: true, mode });
    start = end;
  }
}
