/**
 * Replaces in a file, whose mode stays.
 * @throws Error when the file does not hold `from`: the test would try what it did not change
 */
export function changeText(file: string, from: string | RegExp, to: string): void {
  const text = Deno.readTextFileSync(file);
  const changed = text.replace(from, to);
  if (changed === text) throw new Error(`${file} does not hold ${from}`);
  Deno.writeTextFileSync(file, changed);
}
