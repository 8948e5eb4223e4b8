/** Numbers between 0 and 1, the same for the same seed: mulberry32, which is in the public domain. */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const SYLLABLES = "ba co di fe gu ha in ka lo mi ne or pa qu re si tu ve wo ze".split(" ");

/** Two thousand words, of which the first are used most, as in any language. */
const WORDS: readonly string[] = (() => {
  const random = randomNumbers(1);
  return Array.from({ length: 2000 }, () => {
    const length = 1 + Math.floor(random() * 4);
    return Array.from({ length }, () => SYLLABLES[Math.floor(random() * SYLLABLES.length)]).join(
      "",
    );
  });
})();

/** A word; the more often the earlier it is in the list. */
export function randomWord(random: () => number): string {
  return WORDS[Math.floor(random() ** 3 * WORDS.length)]!;
}

/** Lines of what looks like source code and compresses like it (to about a quarter). */
export function sourceLines(random: () => number, bytes: number): string[] {
  const lines: string[] = [];
  for (let size = 0, depth = 1; size < bytes;) {
    const word = () => randomWord(random);
    const kind = random();
    let line = "  ".repeat(depth);
    if (kind < 0.1) line += `# ${word()} ${word()} ${word()} ${word()} ${word()}`;
    else if (kind < 0.2 && depth < 5) line += `${word()} = {`;
    else if (kind < 0.3 && depth > 1) line = "  ".repeat(depth - 1) + "};";
    else if (kind < 0.5) line += `${word()}.${word()} = ${Math.floor(random() * 10000)};`;
    else if (kind < 0.55) line += `hash = "${(random() * 2 ** 52).toString(36)}";`;
    else line += `${word()}.${word()} = "${word()}-${word()}/${word()}";`;
    if (line.endsWith("{")) depth++;
    else if (line.endsWith("};")) depth--;
    lines.push(line);
    size += line.length + 1;
  }
  return lines;
}
