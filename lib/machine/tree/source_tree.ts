import type { Context } from "../context.ts";
import { ExitCode } from "../exit_code.ts";
import { foreignFolderProblem, foreignWriter, isRootOrSelf } from "../files/file_trust.ts";
import {
  ensureDirectory,
  listIfExists,
  lstatIfExists,
  makeTemporaryFolder,
  parentOf,
  removeAll,
  removeIfExists,
  temporariesOf,
} from "../files/files.ts";
import { places } from "../places.ts";
import { ToolError } from "../tool_error.ts";
import { commandLine } from "../shell_words.ts";

/** Host paths of the source tree and of what a change of it needs beside it, on one file system. */
export interface SourceTree {
  /** `/etc/hypervisor/src`. */
  readonly path: string;
  /** The folder that holds it. */
  readonly parent: string;
  /** What the last change replaced, for going back. */
  readonly previous: string;
  /** `places.syncState`: which commit the tree is. */
  readonly state: string;
  /** `places.syncIndex`: the paths of that commit, and which files were seen unchanged. */
  readonly index: string;
}

/** An index of more bytes than this is none; one of a million files has a tenth. */
export const LARGEST_INDEX = 1024 * 1024 * 1024;

const STAGING = ".src-staging-";
const PREVIOUS = ".src-previous";

/**
 * The source tree of a machine.
 * @throws ToolError exit 6 when the tree itself is a link or a file: only a real folder is changed
 */
export function sourceTree(ctx: Context): SourceTree {
  const path = ctx.root.host(places.source);
  const info = lstatIfExists(path);
  if (info !== undefined && !info.isDirectory) {
    throw new ToolError(`${path} is ${info.isSymlink ? "a symbolic link" : "not a folder"}`, {
      code: ExitCode.Configuration,
      hint: `move it away (${
        commandLine("mv", [path, `${path}.old`])
      }) and run it again, or sync what it points to by hand`,
    });
  }
  return {
    path,
    parent: parentOf(path),
    previous: `${parentOf(path)}/${PREVIOUS}`,
    state: ctx.root.host(places.syncState),
    index: ctx.root.host(places.syncIndex),
  };
}

/**
 * What speaks against changing the tree: who can write the folder that holds it, or make it, could exchange
 * what is staged there, which is written by path.
 */
export function treeFolderProblem(ctx: Pick<Context, "root">): ToolError | undefined {
  return foreignFolderProblem(ctx.root, ctx.root.follow(places.hypervisor));
}

/**
 * Makes an empty staging folder beside the tree, readable by its owner only. What is in it is no part
 * of any tree until a journal in it says so.
 * @throws ToolError exit 3 where {@link treeFolderProblem} finds one
 */
export function createStaging(ctx: Context, tree: SourceTree): string {
  const problem = treeFolderProblem(ctx);
  if (problem) throw problem;
  ensureDirectory(tree.parent, 0o755);
  return makeTemporaryFolder(tree.parent, STAGING);
}

/**
 * The staging folders that are there: ours, or what a killed run left behind. A link is none, nor is what
 * somebody else has made.
 */
export function stagingFolders(tree: SourceTree): string[] {
  return listIfExists(tree.parent)
    .filter((name) => name.startsWith(STAGING))
    .map((name) => `${tree.parent}/${name}`)
    .filter((path) => {
      const info = lstatIfExists(path);
      return info?.isDirectory && foreignWriter(info, isRootOrSelf) === undefined;
    });
}

/** Whether a run that was killed has left something, or another one is at work. */
export function hasLeftovers(tree: SourceTree): boolean {
  return stagingFolders(tree).length > 0 || temporariesOf(tree.state).length > 0 ||
    temporariesOf(tree.index).length > 0;
}

/** Removes a staging folder whose content nobody needs; what is in it at the same time, which disks like. */
export async function discardStaging(staging: string): Promise<void> {
  await removeAll(listIfExists(staging).map((name) => `${staging}/${name}`));
  removeIfExists(staging);
}
