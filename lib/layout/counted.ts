/** A number with its noun, for people: `1 file`, `2 files`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** Names that a sentence has room for. */
const MOST = 5;

/** Some of a list of names, for a sentence: `a, b and 3 more`. */
export function someOf(names: readonly string[]): string {
  const more = names.length - MOST;
  return names.slice(0, MOST).join(", ") + (more > 0 ? ` and ${more} more` : "");
}
