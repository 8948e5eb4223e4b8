import { TransferError } from "../git/transfer_error.ts";

/** A server that asks for a longer pause than this is not waited for (milliseconds). */
export const LONGEST_WAIT = 30_000;

/** Bytes of a text about an error that are looked at. */
export const ERROR_TEXT = 4096;

/** How GitHub words that a limit is used up, with a status of 403 and no header that says so. */
const LIMIT = /rate limit|abuse|too many requests/i;

/**
 * What a status that is no answer means: docs.github.com/rest (rate limits, troubleshooting). Only 404, and
 * 422 where a ref was asked for, say that there is no such thing.
 * @param text the beginning of what the server says about it
 */
export function statusError(
  { status, headers }: Pick<Response, "status" | "headers">,
  text: string,
  url: string,
  now: Date,
): TransferError {
  const plain = text.replace(/\s+/g, " ").trim();
  const said = `${new URL(url).pathname} answers ${status}` +
    (plain ? ` (${plain.slice(0, 200)})` : "");
  const wait = waitOf(headers, now);
  const exhausted = headers.get("x-ratelimit-remaining") === "0" || headers.has("retry-after");
  if (status === 429 || status === 403 && (exhausted || LIMIT.test(plain))) {
    // GitHub asks for a minute where it says nothing else.
    const retryAfter = wait ?? (status === 429 ? 1000 : 60_000);
    return new TransferError("limited", said, { status, retryAfter });
  }
  if (status >= 500 || status === 408) {
    return new TransferError("server", said, {
      status,
      ...(wait !== undefined && wait <= LONGEST_WAIT ? { retryAfter: wait } : {}),
    });
  }
  const problem = status === 401 || status === 403
    ? "forbidden"
    : status === 404 || status === 422
    ? "absent"
    : "refused";
  return new TransferError(problem, said, { status });
}

/** A server that says more does not mean a time: a day, in seconds. */
const LONGEST_TOLD = 24 * 60 * 60;

/** Milliseconds until `Retry-After` (RFC 9110 10.2.3) or the reset of GitHub's rate limit. */
function waitOf(headers: Headers, now: Date): number | undefined {
  const after = headers.get("retry-after");
  if (after !== null) {
    const seconds = /^-?\d+(\.\d+)?$/.test(after)
      ? Number(after)
      : (Date.parse(after) - now.getTime()) / 1000;
    return milliseconds(seconds);
  }
  const reset = headers.get("x-ratelimit-reset");
  if (!reset || headers.get("x-ratelimit-remaining") !== "0") return undefined;
  return milliseconds(Number(reset) - now.getTime() / 1000);
}

function milliseconds(seconds: number): number | undefined {
  return seconds <= LONGEST_TOLD ? Math.max(0, seconds * 1000) : undefined;
}
