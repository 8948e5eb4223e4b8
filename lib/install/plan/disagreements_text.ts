import { printableLine } from "../../layout/printable.ts";
import { style } from "../../layout/style.ts";
import { shortened, table, wrapWords } from "../../layout/table.ts";
import { definitionText } from "../carry/not_carried.ts";
import { optionPath } from "../carry/setting.ts";
import type { Disagreement } from "../carry/tree_settings.ts";

/** A screen has some 24 lines; these are the rows that the table may take of it. */
const MOST_ROWS = 14;
/** Longer values are cut, in characters, unless everything is shown. */
const VALUE_LENGTH = 24;

/** In the order in which they are shown: first what a person has to know, where the machine does not win. */
const WINNERS: Readonly<Record<Disagreement["wins"], string>> = {
  tree: "the tree wins",
  neither: "neither wins",
  both: "both win",
  machine: "this machine wins",
};

/**
 * What a source tree says otherwise than the machine, and who wins why, for people.
 * @param all whether everything is shown, or at most a screen
 */
export function disagreementsText(
  found: readonly Disagreement[],
  columns: number,
  all: boolean,
): string {
  const order = Object.keys(WINNERS);
  const sorted = found.toSorted((a, b) => order.indexOf(a.wins) - order.indexOf(b.wins));
  const shown = all ? sorted : sorted.slice(0, MOST_ROWS);
  const groups = Map.groupBy(shown, ({ wins, why }) => `${WINNERS[wins]}: ${why}`);
  const more = found.length - shown.length;
  return [
    ...[...groups].map(([heading, list]) => {
      const rows = list.map((one) => [
        printableLine(optionPath(one)),
        `${valueText(one, one.machine, all)} | ${valueText(one, one.tree, all)}`,
      ]);
      const lines = wrapWords(heading, columns - 4).map((line) => `  ${style.dim(line)}`);
      return [...lines, table(["setting", "this machine | the tree"], rows, columns)].join("\n");
    }),
    ...(more > 0 ? [`  ${more} more: --verbose shows them, and so does --json`] : []),
  ].join("\n");
}

function valueText({ option }: Disagreement, value: unknown, all: boolean): string {
  const text = printableLine(definitionText({ option, value }));
  return all ? text : shortened(text, VALUE_LENGTH);
}
