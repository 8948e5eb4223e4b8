import { FIRST_LETTERS, isExcluded, SOCKET_NAME } from "../machine/tree/excluded.ts";
import type { PathTable } from "./tree/path_table.ts";

/** Whether a path in a table is left alone; most are judged without making a text of them. */
export function isExcludedRow(table: PathTable, row: number): boolean {
  const { starts, paths } = table.columns;
  const last = starts[row + 1]! - 2;
  const may = MAY_BEGIN[paths[starts[row]!]!] === 1 ||
    paths[last] === LAST_OF_SOCKET && paths[last - SOCKET_NAME.length + 1] === FIRST_OF_SOCKET ||
    paths[last] === LAST_OF_GIT && paths[last - 4] === SLASH;
  return may && isExcluded(table.path(row), table.isFolder(row));
}

const MAY_BEGIN = new Uint8Array(256);
for (const letter of FIRST_LETTERS) MAY_BEGIN[letter.charCodeAt(0)] = 1;
const FIRST_OF_SOCKET = SOCKET_NAME.charCodeAt(0);
const LAST_OF_SOCKET = SOCKET_NAME.charCodeAt(SOCKET_NAME.length - 1);
/** Of `/.git`, anywhere. */
const LAST_OF_GIT = "t".charCodeAt(0);
const SLASH = "/".charCodeAt(0);
