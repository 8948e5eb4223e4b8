import type { Role } from "./answer.ts";

/** One request as the server saw it. */
export interface LoggedRequest {
  readonly role: Role;
  /** Which listener it came in on: a role's own, `all`, or the foreign host. */
  readonly listener: string;
  readonly method: string;
  /** Path and query without the role's prefix. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The same for all requests of one connection. */
  readonly connection: string;
  /** Milliseconds since 1970. */
  readonly started: number;
  /** 0 while there is no answer. */
  status: number;
  /** Body bytes handed to the connection so far, compressed as they travel. */
  bytes: number;
  /** Milliseconds until the body was complete or the client or a fault ended it; undefined before. */
  duration: number | undefined;
}

/** A body that adds what is handed to the connection to the log. */
export function counted(
  body: Uint8Array | ReadableStream<Uint8Array>,
  entry: LoggedRequest,
): BodyInit {
  if (body instanceof Uint8Array) {
    entry.bytes = body.length;
    return body as Uint8Array<ArrayBuffer>;
  }
  const count = new TransformStream<Uint8Array, Uint8Array>({
    transform: (chunk, controller) => {
      entry.bytes += chunk.length;
      controller.enqueue(chunk);
    },
  });
  return body.pipeThrough(count);
}
