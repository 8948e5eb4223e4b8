import * as v from "valibot";
import { wholeBody } from "./answer_body.ts";
import { beyondBound, Bounds } from "../git/bounds.ts";
import { Mode } from "../git/git_objects.ts";
import type { HttpAnswer, HttpRequest, HttpSession } from "./http.ts";
import { TransferError } from "../git/transfer_error.ts";

const Sha = v.pipe(v.string(), v.regex(/^[0-9a-f]{40}$/));
const CommitSchema = v.object({ sha: Sha, tree: v.object({ sha: Sha }) });
const FullCommitSchema = v.object({
  sha: Sha,
  commit: v.object({ tree: v.object({ sha: Sha }) }),
});
const TreeSchema = v.object({
  sha: Sha,
  truncated: v.boolean(),
  tree: v.array(v.object({
    path: v.string(),
    mode: v.picklist(["100644", "100755", "100664", "120000", "160000", "040000", "40000"]),
    sha: Sha,
    size: v.optional(v.number()),
  })),
});

/** One entry of a listing. */
export interface ListedEntry {
  readonly path: string;
  readonly mode: number;
  readonly sha: string;
  /** Bytes; files only. */
  readonly size?: number | undefined;
}

/** A tree object of any depth, when it was not cut off. */
export interface Listing {
  readonly truncated: boolean;
  readonly entries: readonly ListedEntry[];
}

/**
 * GitHub's REST API (docs.github.com/rest/commits, /rest/git): the way when Git's protocol is not to
 * be had. Every call counts for the rate limit; a 304 does not when the request carried a token.
 */
export class RestApi {
  readonly #base: string;

  constructor(private readonly http: HttpSession, repository: string) {
    this.#base = `${http.endpoints.api}/repos/${repository}`;
  }

  /**
   * The commit that a branch, tag, full or short SHA means.
   * @param known asks whether it still is this one: the answer is then a 304 without content
   * @throws TransferError "absent" when there is none
   */
  async commitOf(ref: string, known?: string): Promise<string> {
    return await this.http.transfer({
      url: `${this.#base}/commits/${encodeURIComponent(ref)}`,
      headers: {
        accept: "application/vnd.github.sha",
        // For this media type the entity tag is the SHA itself.
        ...(known ? { "if-none-match": `"${known}"` } : {}),
      },
      accept: [200, 304],
    }, async (answer) => {
      if (answer.status === 304 && known) return known;
      const text = (await textOf(answer)).trim();
      const sha = v.safeParse(Sha, text);
      if (sha.success) return sha.output;
      // A server in between may not pass the media type on; the long form has the name as well.
      const commit = text.startsWith("{") && v.safeParse(v.object({ sha: Sha }), JSON.parse(text));
      if (commit && commit.success) return commit.output.sha;
      throw new TransferError("server", "answers a commit without a SHA");
    });
  }

  /** The root tree of a commit. */
  async treeOf(commit: string): Promise<string> {
    const { sha, tree } = await this.#commit(commit);
    if (sha !== commit) throw new TransferError("server", "answers with another commit");
    return tree.sha;
  }

  /**
   * A tree by its own SHA, by a commit's or by a ref.
   * @param recursive with everything below; cut off at 100,000 entries or 7 MB, and says so
   */
  async listing(tree: string, recursive: boolean): Promise<Listing> {
    const query = recursive ? "?recursive=1" : "";
    const found = await this.#json(`git/trees/${encodeURIComponent(tree)}${query}`, TreeSchema);
    return {
      truncated: found.truncated,
      entries: found.tree.map((entry) => ({ ...entry, mode: modeOf(entry.mode) })),
    };
  }

  /** The request for a blob's content. */
  blob(sha: string): HttpRequest {
    return {
      url: `${this.#base}/git/blobs/${sha}`,
      headers: { accept: "application/vnd.github.raw+json" },
    };
  }

  async #commit(commit: string): Promise<v.InferOutput<typeof CommitSchema>> {
    try {
      return await this.#json(`git/commits/${commit}`, CommitSchema);
    } catch (error) {
      if (!(error instanceof TransferError) || error.details.status !== 404) throw error;
      // Servers that imitate GitHub often have the other form only; it lists changed files as well.
      const { sha, commit: { tree } } = await this.#json(`commits/${commit}`, FullCommitSchema);
      return { sha, tree };
    }
  }

  #json<T>(path: string, schema: v.GenericSchema<unknown, T>): Promise<T> {
    return this.http.transfer({
      url: `${this.#base}/${path}`,
      headers: { accept: "application/vnd.github+json", "x-github-api-version": "2022-11-28" },
    }, async (answer) => {
      const parsed = v.safeParse(schema, JSON.parse(await textOf(answer)));
      if (parsed.success) return parsed.output;
      const [issue] = parsed.issues;
      throw new TransferError(
        "server",
        `answers ${path.slice(0, 60)} in an unknown form: ${issue.message}`,
      );
    });
  }
}

async function textOf(answer: HttpAnswer): Promise<string> {
  const beyond = () => beyondBound("an answer of the API is far too long");
  return new TextDecoder().decode(await wholeBody(answer.body, Bounds.text, beyond));
}

function modeOf(text: string): number {
  const mode = parseInt(text, 8);
  return mode === 0o40000 ? Mode.Tree : mode;
}
