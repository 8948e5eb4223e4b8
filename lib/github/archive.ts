import { type ParsedTarEntryWithData, unpackTar } from "modern-tar";
import { blobHash } from "../machine/tree/blob_hash.ts";
import { ToolError } from "../machine/tool_error.ts";
import { archiveUrl } from "./endpoints.ts";
import { Turns } from "../git/bounds.ts";
import { Mode } from "../git/git_objects.ts";
import type { HttpSession } from "./http.ts";
import type { DownloadOptions, WantedFile } from "./raw_files.ts";
import { type TarPortion, TarPortions } from "./tar_portions.ts";
import { damaged, TransferError } from "../git/transfer_error.ts";

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
 * @throws TransferError when the archive cannot be had or breaks off
 */
export async function downloadArchive(
  http: HttpSession,
  repository: string,
  commit: string,
  files: readonly WantedFile[],
  options: Pick<DownloadOptions, "skipValidation" | "take">,
): Promise<void> {
  const wanted = new Map(files.map((file) => [file.path, file]));
  const url = archiveUrl(http.endpoints, repository, commit, "api");
  await http.transfer({ url }, (answer) =>
    readArchive(answer.body, ({ path, mode, content }) => {
      const file = wanted.get(path);
      if (!file || mode === Mode.Tree) return undefined;
      const right = options.skipValidation && file.size !== undefined
        ? content.length === file.size
        : blobHash(content) === file.sha;
      if (right) options.take(file, content);
      return undefined;
    }));
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
    throw damaged(`the archive cannot be read: ${error}`, { cause: error });
  }
}

/** Decompressed at a time: a byte of gzip may become a thousand. */
const PORTION = 16 * 1024;

async function decode(
  archive: AsyncIterable<Uint8Array>,
  take: (entry: ArchiveEntry) => Promise<void> | undefined,
): Promise<void> {
  const turns = new Turns();
  const tar = new TarPortions();
  const unpack = async (portion: TarPortion | undefined) => {
    if (portion === undefined) return;
    const due = turns.due;
    if (due) await due;
    const entries = await unpackTar(portion.bytes);
    // Where a header that describes another one says something else, nobody knows what is right.
    const agree = entries.length === portion.sizes.length &&
      entries.every(({ data }, at) => (data?.length ?? 0) === portion.sizes[at]);
    if (!agree) throw damaged("the sizes in the archive contradict each other");
    for (const entry of entries) {
      const pause = hand(entry, take);
      if (pause) await pause;
    }
  };
  const bytes = ReadableStream.from(portions(archive)) as ReadableStream<BufferSource>;
  for await (const chunk of bytes.pipeThrough(new DecompressionStream("gzip"))) {
    await unpack(tar.push(chunk));
  }
  await unpack(tar.end());
}

/** Gives an entry away as a tree would have it; what no tree has is passed over. */
function hand(
  { header, data }: ParsedTarEntryWithData,
  take: (entry: ArchiveEntry) => Promise<void> | undefined,
): Promise<void> | undefined {
  const { name, type } = header;
  const mode = type === "directory"
    ? Mode.Tree
    : type === "symlink"
    ? Mode.Symlink
    : type === "file"
    ? (header.mode ?? 0) & 0o100 ? Mode.Executable : Mode.File
    : undefined;
  // Everything is below one folder, NAME-REF/.
  const path = name.slice(name.indexOf("/") + 1).replace(/\/$/, "");
  if (mode === undefined || path === "") return undefined;
  const target = mode === Mode.Symlink ? encoder.encode(header.linkname) : undefined;
  return take({ path, mode, content: target ?? data ?? NOTHING });
}

const encoder = new TextEncoder();
const NOTHING = new Uint8Array(0);

async function* portions(archive: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of archive) {
    if (chunk.length <= 2 * PORTION) yield chunk;
    else {
      for (let at = 0; at < chunk.length; at += PORTION) yield chunk.subarray(at, at + PORTION);
    }
  }
}
