import { cString, libc, type LibcCalls, OPEN } from "./libc.ts";

/**
 * Brings all that was written to a file system to its disk (syncfs(2)), also bit by bit while more is
 * being written, so that little is left to wait for in the end. It waits for what others write, too.
 */
export class FileSystemSync implements AsyncDisposable {
  #running: Promise<void> | undefined;
  #failed = false;

  private constructor(private readonly calls: LibcCalls, private readonly descriptor: number) {}

  /**
   * Of the file system that a file or folder is on.
   * @returns undefined where there is no such path
   */
  static open(path: string): FileSystemSync | undefined {
    const calls = libc();
    const descriptor = calls.open(cString(path), OPEN.closeOnExec | OPEN.nonBlocking);
    return descriptor >= 0 ? new FileSystemSync(calls, descriptor) : undefined;
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
    this.calls.close(this.descriptor);
  }

  async #sync(): Promise<void> {
    if (await this.calls.syncfs(this.descriptor) !== 0) this.#failed = true;
  }
}
