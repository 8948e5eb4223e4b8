import type { Fault, FaultRule } from "../support/github/faults.ts";
import type { HistoryCommit } from "./history.ts";
import type { Random } from "./random.ts";

/** Where branches may move to. */
interface Upstream {
  readonly commits: readonly HistoryCommit[];
}

/** What would be the toolkit's own colours and signs, were they not another in every run. */
const MARKS = "\u{F0010}\u{F0004}all is well\u{F0000}";
/** Which requests faults are aimed at. */
const ROLES = ["git", "api", "raw", "codeload", "web", undefined] as const;

/**
 * Draws what servers and networks do wrong.
 * @param honest only what a client that trusts sizes alone would notice, too
 */
export function randomFaults(random: Random, history: Upstream, honest: boolean): FaultRule[] {
  const rules: FaultRule[] = [];
  // Git's protocol is preferred; without it the API, raw files and archives have their turn.
  if (random.chance(0.45)) {
    rules.push({ match: { role: "git" }, fault: { kind: "status", status: 404 } });
  }
  for (let count = random.weighted([[45, 0], [35, 1], [15, 2], [5, 4]]); count > 0; count--) {
    const role = random.pick(ROLES);
    const always = random.chance(0.25);
    rules.push({
      match: {
        ...(role === undefined ? {} : { role }),
        ...(always ? {} : random.chance(0.5) ? { nth: random.rather(1, 6) } : { times: 2 }),
      },
      fault: randomFault(random, history, honest),
    });
  }
  return rules;
}

function randomFault(random: Random, history: Upstream, honest: boolean): Fault {
  const after = random.rather(1, 20_000) - 1;
  const text = random.pick([
    "",
    "{}",
    "[]",
    "null",
    "{ cut",
    "<html>Sign in</html>",
    "\x1b[2J",
    MARKS,
  ]);
  const { sha } = random.pick(history.commits);
  const status = random.pick([301, 401, 403, 404, 409, 418, 422, 451, 500, 502, 503, 504]);
  const faults: readonly (readonly [number, Fault])[] = [
    [5, { kind: "status", status }],
    [2, { kind: "status", status: 500, body: "\x1b[31mgone\u0007\n\u202e" }],
    [1, { kind: "rate-limit", resetIn: random.pick([1, 1800]) }],
    [1, { kind: "secondary-limit", status: random.pick([403, 429]), retryAfter: 1 }],
    [1, { kind: "redirect" }],
    [4, { kind: "reset", after }],
    [4, { kind: "truncate", after, length: random.pick(["short", "full"]) }],
    [2, { kind: "stall", after }],
    [1, { kind: "endless", after, bytes: 1, every: 100 }],
    [1, { kind: "endless", after, bytes: 65_536, every: 10 }],
    [1, { kind: "stall" }],
    [2, { kind: "slow", delay: random.integer(1, 400) }],
    [2, {
      kind: "move-ref",
      ref: "refs/heads/main",
      to: sha,
      when: random.pick(["before", "after"]),
    }],
    [1, { kind: "tree-truncated", keep: random.integer(0, 5) }],
    ...(honest ? [] : [
      [4, { kind: "corrupt", at: random.rather(1, 4000) - 1 }],
      [2, { kind: "content", body: text }],
      [1, hostileEntry(random)],
      [1, { kind: "tree-flood", count: 2000 }],
    ] as const),
  ];
  return random.weighted(faults);
}

function hostileEntry(random: Random): Fault {
  const path = random.pick(["../outside", "/absolute", "a/../../b", ".git/config", "a//b", "x\ny"]);
  const sha = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391";
  return {
    kind: "tree-entries",
    entries: [{ path, mode: "100644", type: "blob", sha, size: 0 }],
    first: random.chance(0.5),
  };
}

/** In words, for the story of a case. */
export function describeFaults(rules: readonly FaultRule[]): string {
  return rules.map(({ match, fault }) => `${JSON.stringify(match)} ${JSON.stringify(fault)}`)
    .join("; ");
}
