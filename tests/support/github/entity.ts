import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import type { Answer, RoleRequest } from "./answer.ts";

/** Smaller bodies are not compressed. */
const WORTH_COMPRESSING = 200;

/** Entity tags, 304 and gzip of the API and the raw host. Compressed bodies are kept. */
export class EntityHeaders {
  readonly #compressed = new Map<string, Uint8Array>();

  /** Tags are weak and differ by token, as GitHub's do. */
  apply(request: RoleRequest, answer: Answer): Answer {
    const { body, status } = answer;
    if (status !== 200 || !(body instanceof Uint8Array)) return answer;
    if (request.role !== "api" && request.role !== "raw") return answer;
    const tag = createHash("sha256")
      .update(request.headers.get("authorization") ?? "")
      .update(answer.version ?? body).digest("hex");
    const headers = { ...answer.headers, etag: `W/"${tag}"`, vary: "Accept, Authorization" };
    const known = request.headers.get("if-none-match") ?? "";
    // The SHA itself is a good tag of `application/vnd.github.sha`: docs.github.com/rest/commits.
    if (known.includes(tag) || answer.version && known === `"${answer.version}"`) {
      return { status: 304, headers, body: null };
    }
    const compressible = /json|text|github\.raw/.test(answer.headers["content-type"] ?? "");
    const accepted = /\bgzip\b/.test(request.headers.get("accept-encoding") ?? "");
    if (!compressible || !accepted || body.length < WORTH_COMPRESSING) {
      return { ...answer, headers };
    }
    return {
      ...answer,
      headers: { ...headers, "content-encoding": "gzip" },
      body: this.#compress(body, answer.version),
    };
  }

  #compress(body: Uint8Array, version: string | undefined): Uint8Array {
    const cached = version === undefined ? undefined : this.#compressed.get(version);
    if (cached) return cached;
    const compressed = new Uint8Array(gzipSync(body));
    if (version !== undefined) this.#compressed.set(version, compressed);
    return compressed;
  }
}
