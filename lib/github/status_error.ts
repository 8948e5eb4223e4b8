import { TransferError } from "./transfer_error.ts";

/** A server that asks for a longer pause than this is not waited for (milliseconds). */
export const LONGEST_WAIT = 30_000;

/** What a status that is no answer means: docs.github.com/rest (rate limits, troubleshooting). */
export async function statusError(
  response: Response,
  url: string,
  now: Date,
): Promise<TransferError> {
  const { status, headers } = response;
  const text = (await response.text()).slice(0, 200).replace(/\s+/g, " ").trim();
  const said = `${new URL(url).pathname} answers ${status}${text ? ` (${text})` : ""}`;
  const wait = waitOf(headers, now);
  const exhausted = headers.get("x-ratelimit-remaining") === "0";
  if (status === 429 || (status === 403 && (exhausted || headers.has("retry-after")))) {
    return new TransferError("limited", said, { status, retryAfter: wait ?? 1000 });
  }
  if (status >= 500 || status === 408) {
    return new TransferError("server", said, {
      status,
      ...(wait !== undefined && wait <= LONGEST_WAIT ? { retryAfter: wait } : {}),
    });
  }
  return new TransferError("absent", said, { status });
}

/** Milliseconds until `Retry-After` (RFC 9110 10.2.3) or the reset of GitHub's rate limit. */
function waitOf(headers: Headers, now: Date): number | undefined {
  const after = headers.get("retry-after");
  if (after !== null) {
    const seconds = Number(after);
    const until = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(after) - now.getTime();
    return Number.isNaN(until) ? undefined : Math.max(0, until);
  }
  const reset = headers.get("x-ratelimit-reset");
  if (reset === null || headers.get("x-ratelimit-remaining") !== "0") return undefined;
  return Math.max(0, Number(reset) * 1000 - now.getTime());
}
