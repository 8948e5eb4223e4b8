import { isOfConfiguration } from "./evaluation_failure.ts";

/** A place in an evaluated value: names of attributes, and of list entries their index. */
export type Place = readonly string[];

/** How the parts of a value are evaluated. Both throw a ToolError of exit 6 for what Nix cannot catch. */
export interface PartsEvaluation {
  /** The values at some places, in their order, by one evaluation. */
  readonly values: (places: readonly Place[]) => Promise<readonly unknown[]>;
  /** The names below a place; none where there is nothing below. */
  readonly names: (place: Place) => Promise<readonly string[]>;
  /** The most evaluations that are made; what is not known by then has failed. 64 by default. */
  readonly budget?: number;
}

/** What could be evaluated, and the smallest parts that could not. */
export interface PartsEvaluated {
  readonly found: readonly (readonly [place: Place, value: unknown])[];
  readonly failed: readonly Place[];
}

/**
 * Evaluates a value of which something fails in a way that Nix cannot catch (a missing attribute, a wrong
 * type), so that it takes everything with it: halves are tried until what fails stands alone, then what
 * is below it. One broken value is found among a hundred by about ten evaluations.
 * @throws ToolError other than exit 6, as the evaluations
 */
export async function evaluateApart(parts: PartsEvaluation): Promise<PartsEvaluated> {
  const found: [Place, unknown][] = [];
  const failed: Place[] = [];
  let left = parts.budget ?? 64;
  const attempt = async <T>(evaluation: () => Promise<T>): Promise<T | undefined> => {
    if (left-- <= 0) return undefined;
    try {
      return await evaluation();
    } catch (error) {
      if (isOfConfiguration(error)) return undefined;
      throw error;
    }
  };
  /** Those of some places that fail; the values of the others are found. */
  const failing = async (places: readonly Place[], known: boolean): Promise<Place[]> => {
    if (places.length === 0) return [];
    const values = known ? undefined : await attempt(() => parts.values(places));
    if (values !== undefined) {
      places.forEach((place, index) => found.push([place, values[index]]));
      return [];
    }
    if (places.length === 1) return [...places];
    const middle = places.length >> 1;
    const left = await failing(places.slice(0, middle), false);
    // One half has to fail.
    return [...left, ...await failing(places.slice(middle), left.length === 0)];
  };
  // Level by level: where the evaluations run out, less is told of what fails, not of the rest.
  for (let level: Place[] = [[]]; level.length > 0;) {
    const below: Place[][] = [];
    for (const place of level) {
      const names = await attempt(() => parts.names(place)) ?? [];
      if (names.length === 0) failed.push(place);
      else below.push(names.map((name) => [...place, name]));
    }
    level = [];
    for (const places of below) level.push(...await failing(places, true));
  }
  return { found, failed };
}
