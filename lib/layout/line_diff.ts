import { style } from "./style.ts";

/** One line of a comparison; `same` lines are in both texts. */
export interface DiffLine {
  readonly kind: "same" | "added" | "removed";
  readonly text: string;
}

/** Above this product of line counts only a replacement is shown: the table would be too large. */
const TABLE_LIMIT = 4_000_000;

/** The shortest list of added and removed lines between two texts (longest common subsequence). */
export function lineDiff(before: string, after: string): DiffLine[] {
  const [old, now] = [linesOf(before), linesOf(after)];
  if (old.length * now.length > TABLE_LIMIT) {
    return [...old.map(removed), ...now.map(added)];
  }
  const width = now.length + 1;
  const common = new Uint32Array((old.length + 1) * width);
  for (let i = old.length - 1; i >= 0; i--) {
    for (let j = now.length - 1; j >= 0; j--) {
      common[i * width + j] = old[i] === now[j]
        ? common[(i + 1) * width + j + 1]! + 1
        : Math.max(common[(i + 1) * width + j]!, common[i * width + j + 1]!);
    }
  }
  const lines: DiffLine[] = [];
  let [i, j] = [0, 0];
  while (i < old.length && j < now.length) {
    if (old[i] === now[j]) {
      lines.push({ kind: "same", text: old[i]! });
      i++, j++;
    } else if (common[(i + 1) * width + j]! >= common[i * width + j + 1]!) {
      lines.push(removed(old[i++]!));
    } else lines.push(added(now[j++]!));
  }
  return [...lines, ...old.slice(i).map(removed), ...now.slice(j).map(added)];
}

/** A comparison with `+`, `-` and two lines of context around each change; `…` where lines are left out. */
export function formatDiff(lines: readonly DiffLine[]): string[] {
  const near = lines.map((_, index) =>
    lines.slice(Math.max(0, index - 2), index + 3).some((line) => line.kind !== "same")
  );
  const signs = { same: " ", added: "+", removed: "-" } as const;
  return lines.flatMap((line, index) => {
    if (near[index]) return [`${signs[line.kind]} ${line.text}`];
    return index > 0 && !near[index - 1] ? [] : ["  …"];
  });
}

/** A line of {@link formatDiff} in its colour. */
export function painted(line: string): string {
  if (line.startsWith("+")) return style.green(line);
  return line.startsWith("-") ? style.red(line) : line;
}

function linesOf(text: string): string[] {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

function added(text: string): DiffLine {
  return { kind: "added", text };
}

function removed(text: string): DiffLine {
  return { kind: "removed", text };
}
