/**
 * What hits a tool while it runs. Signals and failing system calls are delivered by strace(1) at the
 * nth call of a kind, so that the same seed hits the same place; signals after some milliseconds hit
 * about there.
 */
import { executables } from "../support/launch.ts";
import type { Random } from "./random.ts";

/** Signals that stop a tool. */
export type StopSignal = "SIGINT" | "SIGTERM" | "SIGHUP" | "SIGKILL";

/** One thing that goes wrong with a running tool. */
export type Strike =
  | { readonly kind: "signal"; readonly signal: StopSignal; readonly at: Place }
  | { readonly kind: "error"; readonly error: string; readonly at: Place }
  | { readonly kind: "timed"; readonly signal: StopSignal; readonly ms: number; group: boolean }
  /** Who reads the output goes away at once. */
  | { readonly kind: "pipe" };

/** The nth call of some system calls in one thread, or the nth and all after it. */
export interface Place {
  readonly calls: string;
  readonly nth: number;
  readonly onward: boolean;
}

/** System calls that change files; `?` where not every architecture has them. */
const CALLS = {
  rename: "?rename,?renameat,?renameat2",
  mkdir: "?mkdir,?mkdirat",
  link: "?link,?linkat",
  unlink: "?unlink,?unlinkat,?rmdir",
  fsync: "fsync,fdatasync",
  chmod: "?chmod,fchmod,fchmodat",
  symlink: "?symlink,?symlinkat",
  utime: "?utimensat",
  open: "?open,openat",
} as const;
type Calls = keyof typeof CALLS;

/** What the kernel says when a disk is full, broken, read-only or over quota (errno(3)). */
const ERRORS: readonly (readonly [Calls, readonly string[]])[] = [
  ["rename", ["ENOSPC", "EIO", "EROFS", "EDQUOT"]],
  ["mkdir", ["ENOSPC", "EIO", "EROFS", "EDQUOT"]],
  ["link", ["ENOSPC", "EIO", "EMLINK", "EPERM"]],
  ["unlink", ["EIO", "EROFS", "EBUSY"]],
  ["fsync", ["EIO", "ENOSPC", "EDQUOT"]],
  ["chmod", ["EIO", "EPERM", "EROFS"]],
  ["symlink", ["ENOSPC", "EIO"]],
  ["utime", ["EIO", "EPERM"]],
];

/** Calls of `open` that starting the program itself takes, about; before them nothing is at stake. */
const OPENS_AT_START = executables ? 60 : 80;

/** How far a tool goes: places are drawn up to these. */
export interface Reach {
  /** The most calls of a kind that one thread makes in a usual run. */
  readonly calls: number;
  /** How long a usual run takes. */
  readonly milliseconds: number;
}

/** Draws what shall hit a run. */
export function randomStrike(random: Random, reach: Reach, canTrace: boolean): Strike {
  const signal = random.weighted<StopSignal>([
    [5, "SIGKILL"],
    [2, "SIGINT"],
    [2, "SIGTERM"],
    [1, "SIGHUP"],
  ]);
  const kind = random.weighted([[55, "signal"], [25, "error"], [15, "timed"], [5, "pipe"]]);
  const calls = random.pick(["rename", "rename", "mkdir", "link", "unlink", "fsync", "open"]);
  const nth = random.rather(1, reach.calls);
  const [failing, errors] = random.pick(ERRORS);
  const error = random.pick(errors);
  const onward = random.chance(0.3);
  const ms = random.integer(1, reach.milliseconds);
  const group = random.chance(0.3);
  if (kind === "pipe") return { kind };
  if (kind === "timed" || !canTrace) return { kind: "timed", signal, ms, group };
  if (kind === "error") return { kind, error, at: { calls: CALLS[failing], nth, onward } };
  const offset = calls === "open" ? OPENS_AT_START : 0;
  return {
    kind: "signal",
    signal,
    at: { calls: CALLS[calls as Calls], nth: nth + offset, onward: false },
  };
}

/** The command with strace before it, where the strike needs that. */
export function traced(
  command: readonly string[],
  strike: Strike | undefined,
  traceFile: string,
): string[] {
  if (strike?.kind !== "signal" && strike?.kind !== "error") return [...command];
  const { calls, nth, onward } = strike.at;
  const what = strike.kind === "signal" ? `signal=${strike.signal}` : `error=${strike.error}`;
  const inject = `inject=${calls}:${what}:when=${nth}${onward ? "+" : ""}`;
  // strace 6.1 delivers no signal when seccomp decides what it stops at; errors it does.
  const quick = strike.kind === "error" ? ["--seccomp-bpf"] : [];
  const options = ["-f", "-qq", ...quick, "-o", traceFile];
  return ["strace", ...options, "-e", `trace=${calls}`, "-e", inject, ...command];
}

/** Whether strace delivered it, from what it wrote. */
export function wasDelivered(strike: Strike, trace: string): boolean {
  if (strike.kind === "error") return trace.includes("(INJECTED)");
  if (strike.kind !== "signal") return false;
  return trace.includes(`--- ${strike.signal} `) ||
    trace.includes(`+++ killed by ${strike.signal}`) || trace.includes("(INJECTED)");
}

/** In words, for the story of a case. */
export function describeStrike(strike: Strike | undefined): string {
  switch (strike?.kind) {
    case undefined:
      return "undisturbed";
    case "pipe":
      return "its output closed";
    case "timed":
      return `${strike.signal} ${strike.group ? "to its group " : ""}after ${strike.ms} ms`;
    case "signal":
      return `${strike.signal} at ${place(strike.at)}`;
    case "error":
      return `${strike.error} at ${place(strike.at)}`;
  }
}

function place({ calls, nth, onward }: Place): string {
  const name = calls.split(",")[0]!.replace("?", "");
  return onward ? `every ${name} from ${nth} on` : `${name} ${nth}`;
}
