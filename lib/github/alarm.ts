/** Something that is done later, unless it is called off by disposing it. */
export type Alarm = Disposable;

/** No timer of the web goes longer (milliseconds). */
const LONGEST = 2 ** 31 - 1;

/**
 * Rings after some time, for which it keeps the program going, unless it was called off. For a first
 * `setTimeout`, Deno 2.9 compiles at every start a quarter of what Node knows; not for this.
 * @param milliseconds until then
 */
export function alarm(milliseconds: number, ring: () => void): Alarm {
  const signal = AbortSignal.timeout(Math.min(milliseconds, LONGEST));
  signal.addEventListener("abort", ring, { once: true });
  return { [Symbol.dispose]: () => signal.removeEventListener("abort", ring) };
}
