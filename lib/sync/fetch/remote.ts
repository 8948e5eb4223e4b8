import { ExitCode } from "../../machine/exit_code.ts";
import { printableLine } from "../../layout/printable.ts";
import { ToolError } from "../../machine/tool_error.ts";
import { beyondBound } from "../../git/bounds.ts";
import type { Endpoints } from "../../github/endpoints.ts";
import { GitRemote, type RemoteRef } from "../../github/git_protocol.ts";
import { HttpSession } from "../../github/http.ts";
import type { RequestContext } from "../../github/request_context.ts";
import type { RestApi } from "../../github/rest.ts";
import type { Token } from "../../github/token.ts";
import { TransferError } from "../../git/transfer_error.ts";
import { WholeArchive } from "./whole_archive.ts";

/** So many names are compared with an unknown one, to find the nearest. */
const COMPARED = 2000;

/** What a ref stands for. */
export interface ResolvedRef {
  readonly commit: string;
  /** Which way it was found. */
  readonly by: "git" | "api" | "itself";
}

/**
 * A repository on GitHub, reached by Git's protocol as long as that works (it costs none of the API's
 * calls and sends deltas), else by the REST API and its files.
 */
export class Remote implements Disposable {
  readonly http: HttpSession;
  readonly git: GitRemote;
  /** Why Git's protocol is not used any more; undefined while it works. */
  gitProblem: string | undefined;

  constructor(
    private readonly ctx: RequestContext,
    endpoints: Endpoints,
    /** `OWNER/NAME`. */
    readonly repository: string,
    token: Token | undefined,
  ) {
    this.http = new HttpSession(ctx, endpoints, token);
    this.git = new GitRemote(this.http, repository);
  }

  [Symbol.dispose](): void {
    this.http[Symbol.dispose]();
  }

  /** The REST API; loaded when it is needed, which is seldom. */
  async rest(): Promise<RestApi> {
    const { RestApi } = await import("../../github/rest.ts");
    return new RestApi(this.http, this.repository);
  }

  /** Asks for everything as an archive. */
  archive(ref: string): WholeArchive {
    return new WholeArchive(this.http, this.repository, ref);
  }

  /** From now on the API is asked. */
  giveUpGit(error: TransferError): void {
    this.ctx.log.debug(`git's protocol is given up: ${error.message}`);
    this.gitProblem = error.message;
  }

  /**
   * The commit that a ref means: a full SHA, a branch, a tag, `refs/…`, or the beginning of a SHA.
   * @param known the commit that it may still be, for a cheaper answer
   * @throws ToolError exit 4 for an unknown ref or repository, exit 5 when no server answers
   */
  async resolve(ref: string, known?: string): Promise<ResolvedRef> {
    if (/^[0-9a-f]{40}$/i.test(ref)) return { commit: ref.toLowerCase(), by: "itself" };
    try {
      const found = await this.#resolveByGit(ref);
      if (found !== undefined) return { commit: found, by: "git" };
    } catch (error) {
      if (!(error instanceof TransferError)) throw error;
      this.giveUpGit(error);
    }
    if (this.gitProblem === undefined && !isShortSha(ref)) throw await this.#unknownRef(ref);
    try {
      return { commit: await (await this.rest()).commitOf(ref, known), by: "api" };
    } catch (error) {
      if (!(error instanceof TransferError)) throw error;
      if (error.problem !== "absent") throw this.failure(error);
      if (this.gitProblem === undefined) throw await this.#unknownRef(ref);
      throw await this.#unknown(ref, undefined);
    }
  }

  /** A failed transfer in words for the user. */
  failure(error: TransferError): ToolError {
    const name = this.repository;
    const { retryAfter } = error.details;
    if (error.problem === "limited") {
      const end = new Date(this.ctx.now().getTime() + (retryAfter ?? 0));
      const until = retryAfter ? ` until ${end.toISOString().slice(11, 16)} UTC` : "";
      return new ToolError(
        `GitHub's rate limit is used up${until}: ${printableLine(error.message)}`,
        {
          code: ExitCode.Network,
          hint: this.http.hasToken
            ? "wait until then and run it again; nothing was changed"
            : "wait until then, or give a token: export GITHUB_TOKEN=…, or ~/.config/github/token",
          cause: error,
        },
      );
    }
    if (error.problem === "large") return beyondBound(printableLine(error.message));
    if (error.problem === "forbidden") {
      return new ToolError(`no access to ${name}: ${printableLine(error.message)}`, {
        code: ExitCode.PermissionDenied,
        hint: this.http.hasToken
          ? "see whether the token may read that repository, and whether a proxy says so instead"
          : "for a private repository give a token that may read it: GITHUB_TOKEN",
        cause: error,
      });
    }
    return new ToolError(`${name} cannot be downloaded: ${printableLine(error.message)}`, {
      code: ExitCode.Network,
      hint:
        `nothing was changed; check the connection: curl -I ${this.http.endpoints.server}/${name}` +
        " (proxy: HTTPS_PROXY, certificates: SSL_CERT_FILE), then run it again",
      cause: error,
    });
  }

  /** A full SHA that the repository does not have. */
  unknownCommit(commit: string): Promise<ToolError> {
    return this.#unknown(commit, []);
  }

  async #resolveByGit(ref: string): Promise<string | undefined> {
    const names = ref === "HEAD" || ref.startsWith("refs/")
      ? [ref]
      : [`refs/heads/${ref}`, `refs/tags/${ref}`, `refs/${ref}`];
    const found = await this.git.refs(names);
    const matches = names.flatMap((name) => found.filter((ref) => ref.name === name));
    const [first, second] = matches;
    if (first && second && first.commit !== second.commit) {
      this.ctx.log.warn(`"${ref}" is a branch and a tag; the branch is taken (tags/${ref} else)`);
    }
    return first?.commit;
  }

  async #unknownRef(ref: string): Promise<ToolError> {
    let refs: RemoteRef[] = [];
    try {
      refs = await this.git.refs(["refs/heads/", "refs/tags/"]);
    } catch (error) {
      if (!(error instanceof TransferError)) throw error;
    }
    return await this.#unknown(
      ref,
      refs.slice(0, COMPARED).map(({ name }) => name.replace(/^refs\/(heads|tags)\//, "")),
    );
  }

  async #unknown(ref: string, names: readonly string[] | undefined): Promise<ToolError> {
    const name = this.repository;
    const url = `${this.http.endpoints.server}/${name}`;
    if (names === undefined) {
      return new ToolError(`${name} has no "${ref}", or there is no such repository for you`, {
        code: ExitCode.InvalidArguments,
        hint: `look at ${url}; a private repository needs a token (GITHUB_TOKEN)`,
      });
    }
    const { nearestName } = await import("../../layout/nearest_name.ts");
    const nearest = nearestName(ref, names);
    return new ToolError(`${name} has no branch, tag or commit "${ref}"`, {
      code: ExitCode.InvalidArguments,
      hint: nearest ? `did you mean --ref ${nearest}?` : `see its branches: ${url}/branches`,
    });
  }
}

function isShortSha(ref: string): boolean {
  return /^[0-9a-f]{4,39}$/.test(ref);
}
