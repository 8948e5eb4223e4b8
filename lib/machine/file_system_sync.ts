/** O_CLOEXEC, the same on all processors we build for; O_RDONLY is 0. */
const O_CLOEXEC = 0o2000000;
/** The C library under the name that it is loaded by already (glibc). */
const LIBC = "libc.so.6";
const SYMBOLS = {
  open: { parameters: ["buffer", "i32"], result: "i32" },
  syncfs: { parameters: ["i32"], result: "i32", nonblocking: true },
  close: { parameters: ["i32"], result: "i32" },
} as const;

type Library = Deno.DynamicLibrary<typeof SYMBOLS>;

/**
 * Brings all that was written to a file system to its disk (syncfs(2)), also bit by bit while more is
 * being written, so that little is left to wait for in the end. It waits for what others write, too.
 */
export class FileSystemSync implements AsyncDisposable {
  readonly #library: Library;
  readonly #descriptor: number;
  #running: Promise<void> | undefined;
  #failed = false;

  private constructor(library: Library, descriptor: number) {
    this.#library = library;
    this.#descriptor = descriptor;
  }

  /**
   * Of the file system that a file or folder is on.
   * @returns undefined where the C library cannot be called so, or there is no such path
   */
  static open(path: string): FileSystemSync | undefined {
    let library: Library;
    try {
      library = Deno.dlopen(LIBC, SYMBOLS);
    } catch {
      return undefined;
    }
    const name = new TextEncoder().encode(path + "\0");
    const descriptor = library.symbols.open(name, O_CLOEXEC);
    if (descriptor >= 0) return new FileSystemSync(library, descriptor);
    library.close();
    return undefined;
  }

  /** Begins to bring to the disk what was written until now, unless that is going on. */
  start(): void {
    this.#running ??= this.#sync().finally(() => this.#running = undefined);
  }

  /**
   * Resolves when all that was written until now is on the disk.
   * @returns whether it is; false also when a sync that was started before has failed
   */
  async finish(): Promise<boolean> {
    await this.#running;
    await this.#sync();
    return !this.#failed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running;
    this.#library.symbols.close(this.#descriptor);
    this.#library.close();
  }

  async #sync(): Promise<void> {
    if (await this.#library.symbols.syncfs(this.#descriptor) !== 0) this.#failed = true;
  }
}
