import { createTarDecoder } from "modern-tar";
import { blobHash } from "../machine/blob_hash.ts";
import type { HttpSession } from "./http.ts";
import type { DownloadOptions, WantedFile } from "./raw_files.ts";
import type { RestApi } from "./rest.ts";
import { TransferError } from "./transfer_error.ts";

/**
 * Streams a commit's archive and takes the wanted files out of it. Archives may differ from the tree
 * (`export-ignore`, `export-subst` in gitattributes(5)): what is not in it or does not verify is
 * simply not taken, and left to another transport.
 * @returns how many files were taken
 * @throws TransferError when the archive cannot be had or breaks off
 */
export async function downloadArchive(
  http: HttpSession,
  rest: RestApi,
  commit: string,
  files: readonly WantedFile[],
  options: Pick<DownloadOptions, "skipValidation" | "take">,
): Promise<number> {
  const wanted = new Map(files.map((file) => [file.path, file]));
  return await http.transfer(rest.tarball(commit), async (answer) => {
    let taken = 0;
    let refused: unknown;
    const take = (file: WantedFile, content: Uint8Array) => {
      try {
        options.take(file, content);
        taken++;
      } catch (error) {
        refused = error;
        throw error;
      }
    };
    try {
      await readArchive(answer.body, wanted, options.skipValidation, take);
    } catch (error) {
      if (error instanceof TransferError || error === refused) throw error;
      throw new TransferError("damaged", `the archive cannot be read: ${error}`, { cause: error });
    }
    return taken;
  });
}

async function readArchive(
  archive: AsyncIterable<Uint8Array>,
  wanted: ReadonlyMap<string, WantedFile>,
  skipValidation: boolean,
  take: DownloadOptions["take"],
): Promise<void> {
  const bytes = ReadableStream.from(archive) as ReadableStream<BufferSource>;
  const entries = bytes.pipeThrough(new DecompressionStream("gzip"))
    .pipeThrough(createTarDecoder());
  for await (const { header, body } of entries) {
    // Everything is below one folder, NAME-COMMIT/.
    const file = wanted.get(header.name.slice(header.name.indexOf("/") + 1));
    let content: Uint8Array | undefined;
    if (file && header.type === "symlink") content = new TextEncoder().encode(header.linkname);
    if (file && header.type === "file") content = await bytesOf(body, header.size);
    else await drain(body);
    if (!file || !content) continue;
    const right = skipValidation && file.size !== undefined
      ? content.length === file.size
      : blobHash(content) === file.sha;
    if (right) take(file, content);
  }
}

/** Cancelling would be shorter, but stops the decoder for good when the body has not come in whole. */
async function drain(body: ReadableStream<Uint8Array>): Promise<void> {
  for await (const _ of body);
}

async function bytesOf(body: ReadableStream<Uint8Array>, size: number): Promise<Uint8Array> {
  const content = new Uint8Array(size);
  let at = 0;
  for await (const chunk of body) {
    content.set(chunk, at);
    at += chunk.length;
  }
  return content;
}
