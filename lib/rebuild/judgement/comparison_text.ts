import {
  type Comparison,
  type Difference,
  IDENTITY_KINDS,
  type IdentityKind,
} from "../../nix/evaluation/identity.ts";
import { hideSecrets } from "../../layout/hidden_secrets.ts";
import { printableLine } from "../../layout/printable.ts";
import { formatDiff, lineDiff, painted } from "../../layout/line_diff.ts";
import { sign, style } from "../../layout/style.ts";
import { hanging, table } from "../../layout/table.ts";
import type { TreeLayout } from "../../machine/tree_layout.ts";
import { expectedReason, nameOf } from "./expected_changes.ts";

/** Longer diffs are cut, in lines: the JSON has all of it. */
const DIFF_LINES = 40;

/**
 * Two systems held against each other, for people: what stays, then what would be gone, then every
 * other difference by what it is for.
 * @param diffs whether texts are shown line by line
 * @param layout of the tree that the second is made of
 */
export function comparisonText(
  comparison: Comparison,
  columns: number,
  diffs: boolean,
  layout?: TreeLayout,
): string {
  const { differences, unread } = comparison;
  const gone = differences.filter(({ state }) => state === "gone");
  const rest = differences.filter(({ state }) => state !== "gone");
  const lines = [
    ...hanging(`${style.green(sign.pass)} ${sameSentence(comparison)}`, columns),
    ...(gone.length === 0
      ? hanging(`${style.green(sign.pass)} nothing is gone`, columns)
      : gone.flatMap((one) =>
        hanging(`${style.red(sign.fail)} gone: ${printableLine(nameOf(one))}`, columns)
      )),
    ...unread.flatMap((kind) =>
      hanging(
        `${style.yellow(sign.warn)} could not be compared: ${IDENTITY_KINDS[kind][1]}`,
        columns,
      )
    ),
    ...(rest.length === 0
      ? []
      : [table(["for", "changed, or new (+)"], rows(rest, layout), columns)]),
    ...(diffs ? differences.flatMap(diffOf) : []),
  ];
  return lines.join("\n");
}

/** `89 of 97 files of /etc, 65 of 71 units, the initrd … stay exactly as they are`. */
function sameSentence({ counts }: Comparison): string {
  const parts = (Object.keys(IDENTITY_KINDS) as IdentityKind[])
    .filter((kind) => counts[kind].before > 0)
    .map((kind) => `${counts[kind].same} of ${counts[kind].before} ${IDENTITY_KINDS[kind][1]}`);
  return `${parts.join(", ")} stay exactly as they are`;
}

function rows(differences: readonly Difference[], layout?: TreeLayout): string[][] {
  const byReason = Map.groupBy(differences, (one) => expectedReason(one, layout) ?? OTHER);
  const all = [...byReason].map(([reason, list]) => [reason, names(list)]);
  return [
    ...all.filter(([reason]) => reason !== OTHER),
    ...all.filter(([reason]) => reason === OTHER),
  ];
}

const OTHER = "other";

/** Kinds whose names need a word before them, once for all. */
const PREFIXED: Readonly<Partial<Record<IdentityKind, readonly [one: string, many: string]>>> = {
  account: ["account", "accounts"],
  group: ["group", "groups"],
  activation: ["activation script", "activation scripts"],
  unitPackage: ["units of", "units of"],
};

function names(differences: readonly Difference[]): string {
  return [...Map.groupBy(differences, ({ kind }) => kind)].map(([kind, list]) => {
    const words = list.map((difference) => word(difference, kind in PREFIXED)).join(", ");
    const prefix = PREFIXED[kind]?.[list.length === 1 ? 0 : 1];
    return prefix === undefined ? words : `${prefix} ${words}`;
  }).join(", ");
}

function word(difference: Difference, bare: boolean): string {
  const name = printableLine(bare ? difference.name : nameOf(difference));
  switch (difference.state) {
    case "new":
      return `+${name}`;
    case "unread":
      return `${name} (could not be evaluated)`;
    default:
      return name;
  }
}

function diffOf(difference: Difference): string[] {
  const { before, after, state } = difference;
  if (state !== "changed" && state !== "gone") return [];
  const head = `  ${style.bold(printableLine(nameOf(difference)))}`;
  // What only leads to other store paths has no lines to show.
  if (before === undefined || before === after) return [];
  const [old, now] = [hideSecrets(before), hideSecrets(after ?? "")];
  if (old === now) return [head, "    what differs is not shown: it may be a secret"];
  const all = formatDiff(lineDiff(old, now)).map(printableLine);
  const shown = all.slice(0, DIFF_LINES).map(painted);
  const more = all.length > DIFF_LINES
    ? [`    … ${all.length - DIFF_LINES} more lines; see --json`]
    : [];
  return [head, ...shown.map((line) => `    ${line}`), ...more];
}
