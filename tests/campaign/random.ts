import { randomNumbers } from "../support/source_text.ts";

/** Choices that are the same for the same seed. */
export class Random {
  readonly #next: () => number;

  constructor(readonly seed: number) {
    this.#next = randomNumbers(seed);
  }

  /** From 0 up to, not including, 1. */
  fraction(): number {
    return this.#next();
  }

  chance(probability: number): boolean {
    return this.#next() < probability;
  }

  /** From `least` to `most`, both included. */
  integer(least: number, most: number): number {
    return least + Math.floor(this.#next() * (most - least + 1));
  }

  /** As {@link integer}, small numbers more often: each doubling is as likely as the next. */
  rather(least: number, most: number): number {
    return Math.floor(least * ((most + 1) / least) ** this.#next());
  }

  pick<T>(list: readonly T[]): T {
    return list[this.integer(0, list.length - 1)]!;
  }

  /** One of the values, as often as its weight says. */
  weighted<T>(list: readonly (readonly [weight: number, value: T])[]): T {
    let at = this.#next() * list.reduce((sum, [weight]) => sum + weight, 0);
    for (const [weight, value] of list) {
      at -= weight;
      if (at < 0) return value;
    }
    return list.at(-1)![1];
  }

  /** At most `count` of the list, in random order. */
  some<T>(list: readonly T[], count: number): T[] {
    const rest = [...list];
    return Array.from(
      { length: Math.min(count, rest.length) },
      () => rest.splice(this.integer(0, rest.length - 1), 1)[0]!,
    );
  }
}
