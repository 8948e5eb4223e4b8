/**
 * Why a transfer did not succeed. Internal to lib/github and lib/sync: it decides about retries and
 * other transports, and becomes a ToolError only when nothing else is left.
 */
export type TransferProblem =
  /** No connection, or it broke or stalled. */
  | "network"
  /** A status or content that a healthy server would not send. */
  | "server"
  /** A server that does not speak the protocol; asking again would not change that. */
  | "foreign"
  /** What arrived is damaged or cut. */
  | "damaged"
  /** What arrives is larger than is taken; asking again would not change that. */
  | "large"
  /** The rate limit; `retryAfter` says for how long. */
  | "limited"
  /** The server says that this is not for us. */
  | "forbidden"
  /** The server, or a proxy, says no for another reason. */
  | "refused"
  /** There is no such thing. */
  | "absent";

/** A transfer that failed. */
export class TransferError extends Error {
  override readonly name = "TransferError";

  constructor(
    readonly problem: TransferProblem,
    message: string,
    readonly details: {
      readonly status?: number;
      /** Milliseconds until it makes sense to ask again. */
      readonly retryAfter?: number;
      /** Nothing came, for as long as is waited. */
      readonly silent?: boolean;
      /** The time for all of it is over. */
      readonly late?: boolean;
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
  }
}

/** What arrives is larger than anything that is kept in memory at once. */
export function tooLarge(what: string): TransferError {
  return new TransferError("large", `${what} is too large`);
}

/** What arrived is not what it should be. */
export function damaged(message: string, details: TransferError["details"] = {}): TransferError {
  return new TransferError("damaged", message, details);
}
