/**
 * Folders at the top of a source tree that no sync writes or deletes and no installation copies (reference,
 * "File Exclusions"): Git's own, build results, build artefacts, variable data. `result` and `result-*` are
 * links as a rule.
 */
const EXCLUDED = /^(?:\.git|target|tools\/target|var|result|result-[^/]*)(?:\/|$)/;
/** Letters that those begin with: most paths are judged by one letter. */
export const FIRST_LETTERS = ".trv";
/** How names of Unix sockets end, anywhere; a folder of such a name is none. */
export const SOCKET_NAME = ".socket";

/**
 * Whether a path, relative to the tree, is left alone: as if neither side had it. So is Git's own of a
 * submodule, which may hold passwords of servers; no commit can have one
 * (verify_path() of Git).
 */
export function isExcluded(path: string, isFolder = false): boolean {
  return FIRST_LETTERS.includes(path.charAt(0)) && EXCLUDED.test(path) ||
    !isFolder && path.endsWith(SOCKET_NAME) || path.endsWith("/.git");
}
