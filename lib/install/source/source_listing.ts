import { isExcluded } from "../../machine/tree/excluded.ts";
import { ExitCode } from "../../machine/exit_code.ts";
import { foreignPart, foreignWriter, type MayWrite } from "../../machine/files/file_trust.ts";
import { isAbsent } from "../../machine/files/files.ts";
import { refuseUnreadable } from "../../machine/files/regular_file.ts";
import { ToolError } from "../../machine/tool_error.ts";

/** One entry of a source tree, with its path relative to the tree's top. */
export type SourceEntry =
  & { readonly path: string }
  & (
    | { readonly kind: "directory" }
    /** Its size in bytes. */
    | { readonly kind: "file"; readonly executable: boolean; readonly size: number }
    | { readonly kind: "link"; readonly target: string }
  );

/** What of a source folder is copied. Folders come before what they hold. */
export interface SourceListing {
  /** Host path of the folder. */
  readonly from: string;
  readonly entries: readonly SourceEntry[];
  /** Bytes of all files together. */
  readonly bytes: number;
  /** Sockets, pipes and devices, which Nix could not copy to the store. */
  readonly skipped: readonly string[];
}

/**
 * Lists what of a source folder is copied. Links are listed as links, never followed.
 * @param mayWrite whether a user id may own files of the source and write to them
 * @throws ToolError exit 3 for a file that someone else could have written: root would build it; exit 6
 *   for a pipe or the like in the place of one that Nix reads; exit 1 when it changes meanwhile
 */
export function listSource(from: string, mayWrite: MayWrite): SourceListing {
  return whileItIsThere(from, () => list(from, mayWrite));
}

/**
 * Looks at files of a source that were there a moment ago.
 * @throws ToolError exit 1 when one is not there any more; what the look throws
 */
export function whileItIsThere<T>(from: string, look: () => T): T {
  try {
    return look();
  } catch (error) {
    if (!isAbsent(error)) throw error;
    const what = error instanceof Error ? error.message : String(error);
    throw new ToolError(`source ${from} is being changed: ${what}`, {
      hint: "run it again when nobody works on it",
      cause: error,
    });
  }
}

function list(from: string, mayWrite: MayWrite): SourceListing {
  const entries: SourceEntry[] = [];
  const skipped: string[] = [];
  let bytes = 0;
  const visit = (folder: string) => {
    const names = [...Deno.readDirSync(`${from}/${folder}`)].map((entry) => entry.name).sort();
    for (const name of names) {
      const path = folder === "" ? name : `${folder}/${name}`;
      const info = Deno.lstatSync(`${from}/${path}`);
      if (isExcluded(path, info.isDirectory)) continue;
      if (info.isSymlink) {
        refuseForeignTarget(`${from}/${path}`, mayWrite);
        entries.push({ path, kind: "link", target: Deno.readLinkSync(`${from}/${path}`) });
      } else if (info.isDirectory) {
        refuseForeign(`${from}/${path}`, info, mayWrite);
        entries.push({ path, kind: "directory" });
        visit(path);
      } else if (info.isFile) {
        refuseForeign(`${from}/${path}`, info, mayWrite);
        const executable = ((info.mode ?? 0) & 0o111) !== 0;
        entries.push({ path, kind: "file", executable, size: info.size });
        bytes += info.size;
      } else skipped.push(path);
    }
  };
  refuseForeign(from, Deno.statSync(from), mayWrite);
  visit("");
  const unreadable = skipped.find((path) => path.endsWith(".nix"));
  // A plan has Nix read it where it lies.
  if (unreadable !== undefined) refuseUnreadable(`${from}/${unreadable}`);
  return { from, entries, bytes, skipped };
}

/** Nix reads what a link leads to, wherever that is. */
function refuseForeignTarget(link: string, mayWrite: MayWrite): void {
  let foreign;
  try {
    foreign = foreignPart(link, mayWrite);
  } catch (error) {
    // It leads nowhere, and only the trusted could change that; or in a circle.
    if (error instanceof Deno.errors.PermissionDenied) throw error;
    return;
  }
  if (foreign === undefined) return;
  throw new ToolError(`source ${link} leads to ${foreign.path}, which ${foreign.problem}`, {
    code: ExitCode.PermissionDenied,
    hint: "root would build and run it; replace the link by a copy of what it leads to",
  });
}

/** @throws ToolError exit 3 for a file of the source that someone else could have written */
export function refuseForeign(
  path: string,
  info: Deno.FileInfo,
  mayWrite: MayWrite,
): void {
  const problem = foreignWriter(info, mayWrite);
  if (problem === undefined) return;
  throw new ToolError(`source ${path} ${problem}`, {
    code: ExitCode.PermissionDenied,
    hint:
      "root would build and run it; copy it to a folder of your own and name that with --source",
  });
}
