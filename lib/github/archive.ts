import { createTarDecoder } from "modern-tar";
import { blobHash } from "../machine/blob_hash.ts";
import { ToolError } from "../machine/tool_error.ts";
import { archiveUrl, type Repository } from "./endpoints.ts";
import { beyondBound, Bounds, Turns } from "./bounds.ts";
import { LARGEST_OBJECT, Mode } from "./git_objects.ts";
import type { HttpSession } from "./http.ts";
import type { DownloadOptions, WantedFile } from "./raw_files.ts";
import { TransferError } from "./transfer_error.ts";

/** A file, link or folder in an archive, as a tree entry would have it. */
export interface ArchiveEntry {
  /** Relative to the tree, not judged. */
  readonly path: string;
  /** One of {@link Mode}. */
  readonly mode: number;
  /** Of a link its target; of a folder nothing. */
  readonly content: Uint8Array;
}

/**
 * Streams a commit's archive and takes the wanted files out of it. Archives may differ from the tree
 * (`export-ignore`, `export-subst` in gitattributes(5)): what is not in it or does not verify is
 * simply not taken, and left to another transport.
 * @returns how many files were taken
 * @throws TransferError when the archive cannot be had or breaks off
 */
export async function downloadArchive(
  http: HttpSession,
  repository: Repository,
  commit: string,
  files: readonly WantedFile[],
  options: Pick<DownloadOptions, "skipValidation" | "take">,
): Promise<number> {
  const wanted = new Map(files.map((file) => [file.path, file]));
  const url = archiveUrl(http.endpoints, repository, commit, "api");
  return await http.transfer({ url }, async (answer) => {
    let taken = 0;
    await readArchive(answer.body, ({ path, mode, content }) => {
      const file = wanted.get(path);
      if (!file || mode === Mode.Tree) return undefined;
      const right = options.skipValidation && file.size !== undefined
        ? content.length === file.size
        : blobHash(content) === file.sha;
      if (right) {
        options.take(file, content);
        taken++;
      }
      return undefined;
    });
    return taken;
  });
}

/**
 * Takes an archive of one top folder apart while it arrives.
 * @param take told of everything in the archive, in its order; what it throws ends the reading, what it
 *   returns is waited for
 * @throws TransferError "damaged" when it is no archive, or is cut off
 */
export async function readArchive(
  archive: AsyncIterable<Uint8Array>,
  take: (entry: ArchiveEntry) => Promise<void> | undefined,
): Promise<void> {
  let refused: unknown;
  const hand = (entry: ArchiveEntry) => {
    try {
      return take(entry);
    } catch (error) {
      refused = error;
      throw error;
    }
  };
  try {
    await decode(archive, hand);
  } catch (error) {
    const isOurs = error instanceof TransferError || error instanceof ToolError;
    if (isOurs || error === refused) throw error;
    throw new TransferError("damaged", `the archive cannot be read: ${error}`, { cause: error });
  }
}

/** Decompressed at a time: a byte of gzip may become a thousand. */
const PORTION = 16 * 1024;
/** Bytes that may come without being part of an entry: names in pax headers, what fills the end. */
const BETWEEN = 64 * 1024 * 1024;

/** Counts what is decompressed. */
class Flow {
  #bytes = 0;
  #between = 0;

  /** What was decompressed belongs to an entry. */
  used(): void {
    this.#between = 0;
  }

  count(bytes: number): void {
    this.#bytes += bytes;
    this.#between += bytes;
    if (this.#bytes > Bounds.bytes) throw beyondBound("the archive unpacks to more than 2 GB");
    if (this.#between > BETWEEN) throw beyondBound("the archive is padded without end");
  }
}

async function decode(
  archive: AsyncIterable<Uint8Array>,
  take: (entry: ArchiveEntry) => Promise<void> | undefined,
): Promise<void> {
  const flow = new Flow();
  const turns = new Turns();
  const bytes = ReadableStream.from(portions(archive)) as ReadableStream<BufferSource>;
  const counter = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      flow.count(chunk.length);
      controller.enqueue(chunk);
    },
  });
  const entries = bytes.pipeThrough(new DecompressionStream("gzip")).pipeThrough(counter)
    .pipeThrough(createTarDecoder());
  for await (const { header, body } of entries) {
    flow.used();
    const due = turns.due;
    if (due) await due;
    const { name, type } = header;
    const mode = type === "directory"
      ? Mode.Tree
      : type === "symlink"
      ? Mode.Symlink
      : type === "file"
      ? (header.mode ?? 0) & 0o100 ? Mode.Executable : Mode.File
      : undefined;
    if (header.size > LARGEST_OBJECT) {
      throw new TransferError("damaged", `a file of ${header.size} bytes is too large`);
    }
    // Cancelling would be shorter, but stops the decoder for good when the body has not come in whole.
    const content = await bytesOf(body, mode === undefined ? 0 : header.size, flow);
    if (mode === undefined) continue;
    // Everything is below one folder, NAME-REF/.
    const path = name.slice(name.indexOf("/") + 1).replace(/\/$/, "");
    if (path === "") continue;
    const target = mode === Mode.Symlink ? new TextEncoder().encode(header.linkname) : content;
    const pause = take({ path, mode, content: target });
    if (pause) await pause;
  }
}

async function* portions(archive: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of archive) {
    if (chunk.length <= 2 * PORTION) yield chunk;
    else {
      for (let at = 0; at < chunk.length; at += PORTION) yield chunk.subarray(at, at + PORTION);
    }
  }
}

/** @param size what is kept of it (bytes) */
async function bytesOf(
  body: ReadableStream<Uint8Array>,
  size: number,
  flow: Flow,
): Promise<Uint8Array> {
  const content = new Uint8Array(size);
  let at = 0;
  for await (const chunk of body) {
    flow.used();
    if (at < size) content.set(chunk.subarray(0, size - at), at);
    at += chunk.length;
  }
  return content;
}
