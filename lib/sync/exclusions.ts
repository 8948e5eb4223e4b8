import type { PathTable } from "./path_table.ts";

/**
 * Folders at the top of the tree that no sync writes or deletes (reference, "File Exclusions"):
 * Git's own, build results, build artefacts, variable data. `result` and `result-*` are links as a rule.
 */
const EXCLUDED = /^(?:\.git|target|tools\/target|var|result|result-[^/]*)(?:\/|$)/;
/** What those begin with: most paths are judged by one letter. */
const FIRST = ".trv";
/** Unix sockets, anywhere; a folder of such a name is none. */
const SOCKET = ".socket";

/** Whether a path, relative to the tree, is left alone: as if neither side had it. */
export function isExcluded(path: string, isFolder = false): boolean {
  return FIRST.includes(path.charAt(0)) && EXCLUDED.test(path) ||
    !isFolder && path.endsWith(SOCKET);
}

/** The same of a path in a table; most are judged without making a text of them. */
export function isExcludedRow(table: PathTable, row: number): boolean {
  const { starts, paths } = table.columns;
  const last = starts[row + 1]! - 2;
  const may = FIRST_BYTES[paths[starts[row]!]!] === 1 ||
    paths[last] === LAST_OF_SOCKET && paths[last - SOCKET.length + 1] === FIRST_OF_SOCKET;
  return may && isExcluded(table.path(row), table.isFolder(row));
}

const FIRST_BYTES = new Uint8Array(256);
for (const letter of FIRST) FIRST_BYTES[letter.charCodeAt(0)] = 1;
const FIRST_OF_SOCKET = SOCKET.charCodeAt(0);
const LAST_OF_SOCKET = SOCKET.charCodeAt(SOCKET.length - 1);
