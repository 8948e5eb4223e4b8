import { syncCase } from "./kinds/sync.ts";
import { Random } from "./random.ts";
import type { Trial } from "./trial.ts";

/** What a kind of case cannot do without. */
export type Requirement = "root" | "nix" | "namespaces";

/** A kind of case. */
export interface Kind {
  readonly name: string;
  /** How often it is drawn, beside the others. */
  readonly weight: number;
  readonly needs: readonly Requirement[];
  readonly run: (trial: Trial) => Promise<void>;
}

/** All kinds; cheap ones are drawn often. */
export const KINDS: readonly Kind[] = [
  { name: "sync", weight: 60, needs: ["root"], run: syncCase },
];

/** The kind that a seed means. The first draw of every case decides it. */
export function kindOf(seed: number): Kind {
  return new Random(seed).weighted(KINDS.map((kind) => [kind.weight, kind] as const));
}
