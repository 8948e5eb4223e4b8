import {
  type Answer,
  apiError,
  json,
  plain,
  redirect,
  type Role,
  type RoleRequest,
} from "./answer.ts";
import type { TreeEntry } from "./repository.ts";

/** Which requests a fault meets. Everything that is not named matches. */
export interface FaultMatch {
  readonly role?: Role;
  /** A regular expression found in path and query, without the role's prefix. */
  readonly path?: string;
  /** Only the nth matching request, counted from 1. */
  readonly nth?: number;
  /** At most so many matching requests, the first ones. */
  readonly times?: number;
}

/** A rule of the fault plan. All rules that match a request are applied, in order. */
export interface FaultRule {
  readonly match: FaultMatch;
  readonly fault: Fault;
}

/** What goes wrong; `kind` says how. Offsets and sizes are bytes of the body. */
export type Fault =
  /** Another status, with a short text. */
  | { kind: "status"; status: number; body?: string; headers?: Record<string, string> }
  /** 403 with nothing left of the hourly limit, renewed after so many seconds. */
  | { kind: "rate-limit"; resetIn: number }
  /** A secondary limit; `retryAfter` is seconds or an HTTP date. */
  | { kind: "secondary-limit"; status: 403 | 429; retryAfter?: string | number }
  /** Elsewhere; the foreign host (same path) without a location. */
  | { kind: "redirect"; location?: string; status?: 301 | 302 | 307 | 308 }
  /** The connection (HTTP/2: the stream) is torn down after so many bytes as they travel. */
  | { kind: "reset"; after: number }
  /** Only the first bytes, cleanly ended; the declared length is `short` (fits them) or `full`. */
  | { kind: "truncate"; after: number; length: "short" | "full" }
  /** Nothing more comes after so many bytes, without `after` not even headers. */
  | { kind: "stall"; after?: number }
  /** Nothing comes before this is settled. */
  | { kind: "held"; until: Promise<unknown> }
  /** After so many bytes it never ends: so many more, every so many milliseconds. */
  | { kind: "endless"; after: number; bytes: number; every: number }
  /** So many bytes a second, after a delay in milliseconds. */
  | { kind: "slow"; bytesPerSecond?: number; delay?: number }
  /** One flipped byte before compression (`at` counts from the end when negative). */
  | { kind: "corrupt"; at: number }
  /** Other content with status 200: bad JSON, an HTML page, another file. */
  | { kind: "content"; body: string }
  /** Further entries in a tree listing, before or after the real ones. */
  | { kind: "tree-entries"; entries: readonly TreeEntry[]; first?: boolean }
  /** So many generated entries in a tree listing. */
  | { kind: "tree-flood"; count: number }
  /** A tree listing cut after so many entries, and saying so. */
  | { kind: "tree-truncated"; keep: number }
  /** A ref moves to another commit, before or after this request is answered. */
  | { kind: "move-ref"; ref: string; to: string; when: "before" | "after" };

/** The rules in force, and how often each has matched. */
export class FaultPlan {
  #rules: { rule: FaultRule; path: RegExp | undefined; seen: number }[] = [];
  #met = 0;

  /** How many requests have met a fault so far. */
  get met(): number {
    return this.#met;
  }

  /** Replaces all rules. */
  set(rules: readonly FaultRule[]): void {
    this.#rules = [];
    for (const { match, fault } of rules) this.add(match, fault);
  }

  add(match: FaultMatch, fault: Fault): void {
    const path = match.path === undefined ? undefined : new RegExp(match.path);
    this.#rules.push({ rule: { match, fault }, path, seen: 0 });
  }

  clear(): void {
    this.#rules = [];
  }

  /** The faults that meet this request; counts it. */
  meet(request: RoleRequest): Fault[] {
    const query = request.query.toString();
    const path = request.path + (query ? `?${query}` : "");
    const faults = this.#rules.filter((entry) => {
      const { match } = entry.rule;
      if (match.role && match.role !== request.role) return false;
      if (entry.path && !entry.path.test(path)) return false;
      entry.seen++;
      return (match.nth === undefined || entry.seen === match.nth) &&
        (match.times === undefined || entry.seen <= match.times);
    }).map(({ rule }) => rule.fault);
    if (faults.length > 0) this.#met++;
    return faults;
  }
}

/**
 * An answer in place of the real one, when a fault calls for that.
 * @param elsewhere where a redirect without a location leads
 */
export function replacement(fault: Fault, elsewhere: string): Answer | undefined {
  switch (fault.kind) {
    case "status": {
      const answer = plain(fault.status, fault.body ?? `fault ${fault.status}`);
      return { ...answer, headers: { ...answer.headers, ...fault.headers } };
    }
    case "rate-limit": {
      const answer = apiError(403, "API rate limit exceeded for 127.0.0.1.");
      const reset = String(Math.ceil(Date.now() / 1000 + fault.resetIn));
      return {
        ...answer,
        headers: {
          ...answer.headers,
          "x-ratelimit-limit": "60",
          "x-ratelimit-remaining": "0",
          "x-ratelimit-reset": reset,
        },
      };
    }
    case "secondary-limit": {
      const answer = apiError(
        fault.status,
        "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
      );
      const wait = fault.retryAfter;
      return wait === undefined
        ? answer
        : { ...answer, headers: { ...answer.headers, "retry-after": String(wait) } };
    }
    case "redirect":
      return { ...redirect(fault.location ?? elsewhere), status: fault.status ?? 302 };
    default:
      return undefined;
  }
}

/** The answer with its content changed, before compression; the same answer for other faults. */
export function spoil(answer: Answer, fault: Fault): Answer {
  const { version: _, ...unnamed } = answer;
  if (fault.kind === "content") return { ...unnamed, body: new TextEncoder().encode(fault.body) };
  if (fault.kind === "corrupt") return { ...unnamed, body: flip(answer.body, fault.at) };
  const change = treeChange(fault);
  if (!change || !(answer.body instanceof Uint8Array)) return answer;
  const listing = JSON.parse(new TextDecoder().decode(answer.body));
  if (!Array.isArray(listing.tree)) return answer;
  return json(change(listing), answer.status);
}

interface Listing {
  tree: TreeEntry[];
  truncated: boolean;
}

function treeChange(fault: Fault): ((listing: Listing) => Listing) | undefined {
  switch (fault.kind) {
    case "tree-entries":
      return (listing) => ({
        ...listing,
        tree: fault.first
          ? [...fault.entries, ...listing.tree]
          : [...listing.tree, ...fault.entries],
      });
    case "tree-flood":
      return (listing) => ({ ...listing, tree: [...listing.tree, ...flood(fault.count)] });
    case "tree-truncated":
      return (listing) => ({
        ...listing,
        tree: listing.tree.slice(0, fault.keep),
        truncated: true,
      });
    default:
      return undefined;
  }
}

function flood(count: number): TreeEntry[] {
  const sha = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391";
  return Array.from({ length: count }, (_, index) => (
    { path: `flood/${index}`, mode: "100644", type: "blob", sha, size: 0 }
  ));
}

function flip(body: Answer["body"], at: number): Answer["body"] {
  if (body === null) return null;
  if (body instanceof Uint8Array) {
    const changed = body.slice();
    const index = at < 0 ? changed.length + at : at;
    if (index in changed) changed[index]! ^= 0xff;
    return changed;
  }
  let passed = 0;
  return body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        const index = at - passed;
        passed += chunk.length;
        if (!(index in chunk)) return controller.enqueue(chunk);
        const changed = chunk.slice();
        changed[index]! ^= 0xff;
        controller.enqueue(changed);
      },
    }),
  );
}
