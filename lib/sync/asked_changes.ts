import type { FetchRequest, GitRemote } from "../github/git_protocol.ts";
import type { ObjectStore } from "../git/pack_objects.ts";

/** Told how many objects of how many have arrived. */
type Progress = (done: number, total: number) => void;

/**
 * What a commit has otherwise than the one that is here, asked for as soon as it is clear that there is
 * such a thing: what takes the answer is loaded while it travels.
 */
export class AskedChanges implements Disposable {
  readonly #store = Promise.withResolvers<ObjectStore>();
  readonly #transfer: Promise<void>;
  #progress: Progress | undefined;

  constructor(git: GitRemote, request: FetchRequest) {
    this.#store.promise.catch(() => {});
    this.#transfer = git.fetch(
      request,
      this.#store.promise,
      (done, total) => this.#progress?.(done, total),
    );
    this.#transfer.catch(() => {});
  }

  /** Gives up what was not received. */
  [Symbol.dispose](): void {
    this.#store.reject(new Error("the changes are not needed"));
  }

  /**
   * Puts what arrives into a store.
   * @throws TransferError when it cannot be had, or breaks off; or what the store throws
   */
  async receive(store: ObjectStore, progress: Progress): Promise<void> {
    this.#progress = progress;
    this.#store.resolve(store);
    await this.#transfer;
  }
}
