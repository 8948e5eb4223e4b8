import pMap from "p-map";
import { wholeBody } from "./answer_body.ts";
import { Bounds } from "../git/bounds.ts";
import { LARGEST_OBJECT } from "../git/git_objects.ts";
import { blobHash } from "../machine/tree/blob_hash.ts";
import type { HttpRequest, HttpSession } from "./http.ts";
import type { RestApi } from "./rest.ts";
import { damaged, tooLarge, TransferError } from "../git/transfer_error.ts";

/** A file of a commit to be downloaded. */
export interface WantedFile {
  readonly path: string;
  readonly sha: string;
  /** Bytes, when known. */
  readonly size?: number | undefined;
}

/** How files are downloaded. */
export interface DownloadOptions {
  /** So many at once. */
  readonly connections: number;
  /** Trust the size only (`--skip-validation`). */
  readonly skipValidation: boolean;
  /** Takes each content, once, under the name of the wanted file. */
  readonly take: (file: WantedFile, content: Uint8Array) => void;
}

/**
 * Downloads files one by one from the raw host, many at once. What the raw host does not give, or gives
 * wrongly (it converts nothing, but caches may), is asked from the API.
 * @throws TransferError when a file is to be had nowhere
 */
export async function downloadRaw(
  http: HttpSession,
  rest: RestApi,
  repository: string,
  commit: string,
  files: readonly WantedFile[],
  options: DownloadOptions,
): Promise<void> {
  const base = `${http.endpoints.raw}/${repository}/${commit}`;
  await pMap(files, async (file) => {
    const path = file.path.split("/").map(encodeURIComponent).join("/");
    const get = (request: HttpRequest) =>
      http.transfer(request, async (answer) => {
        const bound = file.size === undefined ? LARGEST_OBJECT : Bounds.memory;
        const most = Math.min(file.size ?? bound, bound);
        const beyond = most === bound
          ? tooLarge(`${file.path}, of more than ${bound} bytes,`)
          : damaged(`more than ${most} bytes arrive`);
        const content = await wholeBody(answer.body, most, () => beyond);
        const wrong = options.skipValidation
          ? file.size !== undefined && content.length !== file.size
          : blobHash(content) !== file.sha;
        if (wrong) throw damaged(`${file.path} arrives with another content`);
        return content;
      });
    let content: Uint8Array;
    try {
      content = await get({ url: `${base}/${path}` });
    } catch (error) {
      if (!(error instanceof TransferError) || error.problem === "large") throw error;
      content = await get(rest.blob(file.sha));
    }
    options.take(file, content);
  }, { concurrency: options.connections });
}
