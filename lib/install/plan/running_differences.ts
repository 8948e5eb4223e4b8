import { someOf } from "../../layout/counted.ts";

/** One thing that a configuration and what runs have differently. */
export interface RunningDifference {
  /** As a sentence. */
  readonly text: string;
  /**
   * Where a machine may have dozens of one kind: what is said of all of them, behind their number (`accounts
   * are …`), and the name of this one.
   */
  readonly alike?: { readonly told: string; readonly name: string };
}

/** Of one kind, as many as a person reads one by one. */
const MOST = 3;

/** What is alike is told as one, with some of the names; no difference is left out. Pure. */
export function folded(differences: readonly RunningDifference[]): string[] {
  const groups = Map.groupBy(differences, ({ text, alike }) => alike?.told ?? text);
  return [...groups].flatMap(([told, list]) =>
    list.length <= MOST
      ? list.map(({ text }) => text)
      : [`${list.length} ${told}: ${someOf(list.map(({ alike, text }) => alike?.name ?? text))}`]
  );
}

/** Differences that stand for themselves. */
export function single(texts: readonly string[]): RunningDifference[] {
  return texts.map((text) => ({ text }));
}
