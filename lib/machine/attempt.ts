/**
 * What `work` returns; undefined when it throws, whatever that is: for looking, where not to know is an
 * answer.
 */
export function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
