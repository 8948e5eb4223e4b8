import { foreignFolderProblem } from "./file_trust.ts";
import { ensureDirectory } from "./files.ts";
import { pinFolder, type Pinned } from "./pinned.ts";
import type { Root } from "../root.ts";

/**
 * Opens a folder for logs, made where there is none, and holds it: what is written below its pinned path
 * is in that folder, also when the folder is renamed.
 * @param place machine path
 * @throws ToolError exit 3 for a folder in which somebody else could put a link or a pipe in a log's
 *   place; what {@link pinFolder} throws
 */
export function openLogFolder(root: Root, place: string): Pinned {
  const path = root.follow(place);
  const problem = foreignFolderProblem(root, path);
  if (problem) throw problem;
  ensureDirectory(path, 0o755);
  return pinFolder(path);
}
