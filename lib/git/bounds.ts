import { ExitCode } from "../machine/exit_code.ts";
import { ToolError } from "../machine/tool_error.ts";

const MIB = 1024 * 1024;

/**
 * What one sync takes from a server at most, whoever that is by now. GitHub refuses files above 100 MB and
 * lists at most 100,000 entries of a tree in one answer; the largest source tree that anybody syncs, of all
 * of nixpkgs, has 90,000 entries and 400 MB.
 */
export const Bounds = {
  /** Files, links and folders of a commit. */
  entries: 300_000,
  /** Bytes of all their paths. */
  pathBytes: 64 * MIB,
  /** Bytes that arrive, and as many of contents that are made of them, which may fill the disk. */
  bytes: 2048 * MIB,
  /** Bytes of folders, and of deltas that wait for their base: those are in memory. */
  memory: 256 * MIB,
  /** Bytes that are read again to apply deltas to them. */
  bases: 16 * 1024 * MIB,
  /** Bytes of a folder. */
  tree: 32 * MIB,
  /** Bytes of an answer that is read as a text: a list of 100,000 paths is some 30 MB of JSON. */
  text: 48 * MIB,
  /** Refs in a list. */
  refs: 100_000,
  /** Requests. */
  requests: 20_000,
} as const;

/** The refusal of what goes beyond a bound. */
export function beyondBound(what: string): ToolError {
  return new ToolError(`what the server sends is refused: ${what}`, {
    code: ExitCode.Configuration,
    hint:
      "nothing was changed; no honest commit is like that: look at the repository and at what " +
      "stands between it and this machine",
  });
}

/** Lets the network and signals have their turn in long work. */
export class Turns {
  #until = performance.now() + SLICE_MS;

  /** Undefined, or resolves when it is this work's turn again. */
  get due(): Promise<void> | undefined {
    if (performance.now() < this.#until) return undefined;
    return new Promise((resolve) =>
      setTimeout(() => {
        this.#until = performance.now() + SLICE_MS;
        resolve();
      }, 0)
    );
  }
}

const SLICE_MS = 50;
