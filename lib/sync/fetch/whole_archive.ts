import type { ArchiveEntry } from "../../github/archive.ts";
import { archiveUrl } from "../../github/endpoints.ts";
import type { HttpSession } from "../../github/http.ts";

/** Takes the entries of an archive; what it returns is waited for. */
type TakeEntry = (entry: ArchiveEntry) => Promise<void> | undefined;

/**
 * The archive of everything, asked for as soon as it is clear that nothing is here: while the request
 * travels, it becomes known which commit is wanted. What it turns out to hold has to be verified; the
 * ref may have moved between the two requests. It is asked for once: what an archive that broke off
 * lacks comes in another way, without all of it travelling again.
 */
export class WholeArchive implements Disposable {
  readonly #taker = Promise.withResolvers<TakeEntry>();
  readonly #transfer: Promise<void>;

  /** Its bytes, once the answer has begun and if the server says. */
  length: number | undefined;

  constructor(http: HttpSession, repository: string, ref: string) {
    const from = http.hasToken ? "api" : "page";
    this.#transfer = http.transfer(
      { url: archiveUrl(http.endpoints, repository, ref, from), once: true },
      async ({ headers, body }) => {
        this.length = Number(headers.get("content-length")) || undefined;
        const { readArchive } = await reader;
        await readArchive(body, await this.#taker.promise);
      },
    );
    // Loaded while the request travels.
    const reader = import("../../github/archive.ts");
    this.#transfer.catch(() => {});
    this.#taker.promise.catch(() => {});
  }

  /** Gives up what was not received. */
  [Symbol.dispose](): void {
    this.#taker.reject(new Error("the archive is not needed"));
  }

  /**
   * Hands over what is in it, as it arrives.
   * @throws TransferError when it cannot be had, or breaks off; or what `take` throws
   */
  async receive(take: TakeEntry): Promise<void> {
    this.#taker.resolve(take);
    await this.#transfer;
  }
}
