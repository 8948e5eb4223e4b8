import type { Derivation } from "./derivation.ts";

/** How a system comes to be, by store paths of derivations, nearest to the system first. */
export interface Making {
  /** What is made on the machine. */
  readonly made: ReadonlySet<string>;
  /** What a cache has to give, with the outputs that are needed. */
  readonly lacking: ReadonlyMap<string, ReadonlySet<string>>;
}

/**
 * What of a system can be made on a machine of what is there, and what cannot: walks from the system down
 * to the first ones that are not configuration and that something is fetched for.
 * @param system the store path of its derivation
 * @param toMake what is known of a derivation; undefined for one whose outputs are there
 */
export function makingOf(
  system: string,
  toMake: (path: string) => Derivation | undefined,
): Making {
  const answers = new Map<string, boolean>();
  const isFetched = (path: string): boolean => {
    const known = answers.get(path);
    if (known !== undefined) return known;
    const derivation = toMake(path);
    const found = derivation !== undefined &&
      (derivation.fetches || [...derivation.inputs.keys()].some(isFetched));
    answers.set(path, found);
    return found;
  };
  const lacking = new Map<string, ReadonlySet<string>>();
  const made = new Set([system]);
  // A set that grows while it is read: by distance.
  for (const path of made) {
    for (const [input, outputs] of toMake(path)?.inputs ?? []) {
      const derivation = toMake(input);
      if (derivation === undefined) continue;
      if (!isFetched(input) || derivation.local && !derivation.fetches) made.add(input);
      else lacking.set(input, (lacking.get(input) ?? new Set()).union(new Set(outputs)));
    }
  }
  return { made, lacking };
}
