import { hasCommand, hasNix, isRoot } from "../support/needs.ts";
import type { Kind, Requirement } from "./kind.ts";
import { KINDS } from "./kind.ts";

/** Whether signals and errors can be delivered at a system call. */
export const canTrace: boolean = isRoot && hasCommand("strace");

const THERE: Readonly<Record<Requirement, boolean>> = {
  root: isRoot,
  nix: hasNix,
  namespaces: isRoot && hasNamespaces(),
};
const WORDS: Readonly<Record<Requirement, string>> = {
  root: "not running as root",
  nix: "Nix is not installed",
  namespaces: "mount namespaces cannot be made here",
};

/** Whether a kind can run on this machine. */
export function canRun(kind: Kind): boolean {
  return kind.needs.every((need) => THERE[need]);
}

/** A line for everything that this machine cannot try. */
export function missingRequirements(): string[] {
  const lines = (Object.keys(THERE) as Requirement[]).filter((need) => !THERE[need]).map((need) => {
    const kinds = KINDS.filter(({ needs }) => needs.includes(need)).map(({ name }) => name);
    return `${WORDS[need]}: no cases of ${kinds.join(", ")}`;
  });
  return canTrace ? lines : [
    ...lines,
    "strace is not installed or not allowed: no failing system calls, signals by the clock only",
  ];
}

function hasNamespaces(): boolean {
  try {
    return new Deno.Command("unshare", { args: ["-m", "true"], stderr: "null" }).outputSync()
      .success;
  } catch {
    return false;
  }
}
