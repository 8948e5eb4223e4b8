import { Mode } from "../../git/git_objects.ts";
import { isExcludedRow } from "../exclusions.ts";
import type { IndexLook } from "./index_look.ts";
import type { SyncPlan } from "./plan.ts";

/** The plan for a tree that was found untouched and whose commit is the one that is wanted. */
export function untouchedPlan({ index: { manifest }, figures }: IndexLook): SyncPlan {
  const { table } = manifest;
  const submodules: string[] = [];
  let files = 0;
  let excluded = 0;
  for (let row = 0; row < table.count; row++) {
    const isFolder = table.isFolder(row);
    if (isExcludedRow(table, row)) excluded += isFolder ? 0 : 1;
    else if (table.mode(row) === Mode.Gitlink) submodules.push(table.path(row));
    else if (!isFolder) files++;
  }
  const none: readonly never[] = [];
  return {
    ...{ target: manifest, figures, files, excluded, submodules },
    ...{ staged: none, operations: none, replaced: none },
    ...{ added: none, updated: none, modes: none, deleted: none, kept: none, edited: none },
  };
}
