import { amount } from "../layout/amount.ts";
import { counted } from "../layout/counted.ts";
import { printableLine } from "../layout/printable.ts";
import { sign, style } from "../layout/style.ts";
import { table } from "../layout/table.ts";
import type { RollbackSummary } from "./apply/rollback.ts";
import type { SyncSummary } from "./options.ts";

/** So many paths are listed one by one. */
const LISTED = 10;

/**
 * The summary as an aligned table, with what deserves attention below.
 * @param columns width of the terminal
 */
export function syncReport(summary: SyncSummary, columns: number): string {
  const { counts } = summary;
  const would = summary.written ? "" : " (would be)";
  const rows: [string, string][] = [
    ["repository", `${summary.repository} @ ${summary.ref}`],
    ["commit", commits(summary)],
    ["files checked", hashed(counts.checked, counts.hashed)],
    [`added${would}`, String(counts.added)],
    [`updated${would}`, String(counts.updated)],
    ...(counts.modes > 0
      ? [[`permissions${would}`, String(counts.modes)] as [string, string]]
      : []),
    [`deleted${would}`, String(counts.deleted)],
    ["kept", String(counts.kept)],
    ["bytes", bytes(summary.bytes)],
    ["requests", String(summary.requests)],
    ["seconds", summary.seconds.toFixed(2)],
    ["transport", `${summary.transport}: ${summary.reason}`],
  ];
  const cells = rows.map(([name, value]) => [style.dim(name), printableLine(value)]);
  return [table(["", ""], cells, columns), ...notes(summary)].join("\n");
}

/** Of going back: where the edits are that were replaced, and what was left as it is. */
export function rollbackNotes(
  { kept, backup }: Pick<RollbackSummary, "kept" | "backup">,
): string[] {
  const shown = kept.slice(0, LISTED).map(printableLine);
  if (kept.length > LISTED) shown.push(`${kept.length - LISTED} more`);
  return [
    ...(backup ? [`edits made since then are kept in ${backup}`] : []),
    ...(kept.length > 0 ? [`changed since then, and left as it is: ${shown.join(", ")}`] : []),
  ];
}

/** The changed paths, each with its mark, for `--dry-run` and `--verbose`. */
export function changedPaths(summary: SyncSummary): string[] {
  return [
    ...summary.added.map((path) => `${style.green("+")} ${printableLine(path)}`),
    ...summary.updated.map((path) => `${style.yellow("~")} ${printableLine(path)}`),
    ...summary.modes.map((path) => `${style.yellow("*")} ${printableLine(path)}`),
    ...summary.deleted.map((path) => `${style.red("-")} ${printableLine(path)}`),
  ];
}

function notes(summary: SyncSummary): string[] {
  const lines: string[] = [];
  const { edited, backup, kept, submodules, counts } = summary;
  if (edited.length > 0) {
    lines.push(
      backup
        ? `Local edits were replaced; they are kept in\n${backup}:`
        : "Local edits that would be replaced (and backed up):",
      ...listed(edited),
    );
  }
  if (kept.length > 0) {
    lines.push("Gone upstream, but changed here, so left alone:", ...listed(kept));
  }
  if (submodules.length > 0) {
    lines.push("Submodules, of which nothing is synced:", ...listed(submodules));
  }
  if (counts.excluded > 0) lines.push(`Under excluded paths: ${counted(counts.excluded, "file")}.`);
  return lines;
}

function listed(paths: readonly string[]): string[] {
  const shown = paths.slice(0, LISTED).map((path) => `  ${printableLine(path)}`);
  return paths.length > LISTED ? [...shown, `  and ${paths.length - LISTED} more`] : shown;
}

function commits({ commit, previousCommit }: SyncSummary): string {
  const short = (sha: string) => sha.slice(0, 12);
  return previousCommit && previousCommit !== commit
    ? `${short(previousCommit)} ${sign.leads} ${short(commit)}`
    : short(commit);
}

function hashed(checked: number, hashed: number): string {
  return hashed === 0 ? String(checked) : `${checked} (${hashed} read)`;
}

function bytes(count: number): string {
  return count < 10_000 ? `${count}` : `${count} (${amount(count)})`;
}
