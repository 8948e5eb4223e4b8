/**
 * Folders at the top of the tree that no sync writes or deletes (reference, "File Exclusions"):
 * Git's own, build results, build artefacts, variable data. `result` and `result-*` are links as a rule.
 */
const EXCLUDED = /^(?:\.git|target|tools\/target|var|result|result-[^/]*)(?:\/|$)/;
/** What those begin with: most paths are judged by one letter. */
const FIRST = ".trv";
/** Unix sockets, anywhere. */
const SOCKET = ".socket";

/** Whether a path, relative to the tree, is left alone: as if neither side had it. */
export function isExcluded(path: string): boolean {
  return FIRST.includes(path.charAt(0)) && EXCLUDED.test(path) || path.endsWith(SOCKET);
}
