/** What a handler answers, before faults, compression and headers that all answers have. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | ReadableStream<Uint8Array> | null;
  /** Names this body: equal versions have equal bodies, so entity tag and compression are cached. */
  readonly version?: string;
}

/** A request as handlers see it: the role's prefix is gone from the path. */
export interface RoleRequest {
  readonly role: Role;
  readonly method: string;
  /** Still percent-encoded, starting with a slash, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Headers;
  readonly body: ReadableStream<Uint8Array> | null;
  /** True with a token that the server knows. */
  readonly authenticated: boolean;
  readonly origins: Origins;
}

/** Which of GitHub's hosts is spoken to; `web` and `git` are both github.com. */
export type Role = "api" | "raw" | "codeload" | "web" | "git";

/** Base addresses, without a final slash, as the client of this request reaches them. */
export interface Origins {
  /** For GITHUB_API_URL. */
  readonly api: string;
  /** For GITHUB_RAW_URL. */
  readonly raw: string;
  /** For GITHUB_SERVER_URL; archives and git. */
  readonly server: string;
  /** Where archives are redirected to. */
  readonly codeload: string;
}

/** A JSON answer. */
export function json(value: unknown, status = 200, version?: string): Answer {
  return {
    status,
    headers: { "content-type": "application/json; charset=utf-8" },
    body: new TextEncoder().encode(JSON.stringify(value)),
    ...(version === undefined ? {} : { version }),
  };
}

/** An error as the API words it. */
export function apiError(status: number, message: string): Answer {
  return json({
    message,
    documentation_url: "https://docs.github.com/rest",
    status: String(status),
  }, status);
}

/** A short text. */
export function plain(status: number, text: string): Answer {
  return {
    status,
    headers: { "content-type": "text/plain; charset=utf-8" },
    body: new TextEncoder().encode(text),
  };
}

/** A 302 to another address. */
export function redirect(location: string): Answer {
  return { status: 302, headers: { location }, body: null };
}
