import { ExitCode } from "../exit_code.ts";
import type { Root } from "../root.ts";
import { shellWord } from "../shell_words.ts";
import { ToolError } from "../tool_error.ts";
import { ifExists, readTextIfExists } from "./files.ts";

/** Whether a user id may own, and so change, what root is going to use. */
export type MayWrite = (uid: number) => boolean;

/** Root, who runs this program, and another user who is trusted as these are. */
export function rootSelfAnd(user: number | undefined): MayWrite {
  return (uid) => uid === user || isRootOrSelf(uid);
}

/**
 * Root, and who runs this program. In a user namespace everyone who is not in it looks like nobody, also
 * the real root; root there has the rights of one user only, who has to trust that root anyhow.
 */
export function isRootOrSelf(uid: number): boolean {
  return uid === 0 || uid === Deno.uid() || uid === UNMAPPED && isInUserNamespace();
}

/** /proc/sys/kernel/overflowuid, which nobody changes. */
const UNMAPPED = 65534;
let inUserNamespace: boolean | undefined;

/** user_namespaces(7): the first namespace maps all ids to themselves. */
function isInUserNamespace(): boolean {
  return inUserNamespace ??= !/^\s*0\s+0\s+4294967295\s*$/.test(
    readTextIfExists(`/proc/${Deno.pid}/uid_map`) ?? "",
  );
}

/** Group's and everyone's permission to write, and the sticky bit (inode(7)). */
const WRITABLE_BY_OTHERS = 0o022;
const WRITABLE_BY_EVERYONE = 0o002;
const STICKY = 0o1000;

/** Linux gives up after 40 links (path_resolution(7)). */
const MAX_LINKS = 40;

/**
 * What speaks against using a file or folder as root: who else could have written it. Undefined when
 * only the trusted could. The group counts, whichever it is: on NixOS it is everybody's.
 * @returns to follow the path in a sentence: `can be written by everyone`
 */
export function foreignWriter(info: Deno.FileInfo, mayWrite: MayWrite): string | undefined {
  if (info.uid !== null && !mayWrite(info.uid)) {
    return `belongs to user ${info.uid}, who is neither root nor you`;
  }
  return openTo(info);
}

function lstatOrAbsent(path: string): Deno.FileInfo | Error {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return error;
    throw error;
  }
}

function openTo(info: Deno.FileInfo): string | undefined {
  const mode = info.mode ?? 0;
  if ((mode & WRITABLE_BY_OTHERS) === 0) return undefined;
  return (mode & WRITABLE_BY_EVERYONE) !== 0
    ? "can be written by everyone"
    : `can be written by its group (${info.gid})`;
}

/** The first part of a path by which somebody else could decide what it leads to. */
export interface ForeignPart {
  readonly path: string;
  /** As {@link foreignWriter} says it. */
  readonly problem: string;
}

/**
 * What speaks against writing by path below a folder of the machine; the root itself was chosen by whoever
 * named it. The folder may be one that is still to be made.
 * @param folder host path
 */
export function foreignFolderProblem(root: Root, folder: string): ToolError | undefined {
  const foreign = ifExists(() =>
    foreignPart(folder, isRootOrSelf, root.isRunning ? "" : root.path)
  );
  return foreign && new ToolError(`${foreign.path} ${foreign.problem}`, {
    code: ExitCode.PermissionDenied,
    hint: `give it back to root: ${toGiveToRoot(foreign.path, "go-w")}`,
  });
}

/** What a person types to make something root's; the mode as chmod(1) takes it. */
export function toGiveToRoot(path: string, mode: string): string {
  const word = shellWord(path);
  return `chown root:root ${word} && chmod ${mode} ${word}`;
}

/**
 * Looks at every folder and link on the way to a path, and at what is there: whoever can write one of
 * them can put something else in the path's place. A sticky folder such as /tmp may be on the way,
 * because there only its owner can rename an entry; a link must belong to the trusted, too: a profile of
 * another user leads into the store, which is root's, but that user decides where to.
 * @param path absolute
 * @param top where the way begins: what is above was chosen by whoever named it
 * @returns undefined when only the trusted decide
 * @throws Deno.errors when something on the way is not there or may not be looked at
 */
export function foreignPart(path: string, mayWrite: MayWrite, top = ""): ForeignPart | undefined {
  const pending = path.slice(top.length).split("/");
  let at = top;
  let last = Deno.lstatSync(at || "/");
  for (let links = 0; pending.length > 0;) {
    const name = pending.shift()!;
    if (name === "" || name === ".") continue;
    if (name === "..") {
      at = at.slice(0, Math.max(0, at.lastIndexOf("/")));
      last = Deno.lstatSync(at || "/");
      continue;
    }
    // What is in a folder that others can write, and who may rename it.
    const sticky = ((last.mode ?? 0) & STICKY) !== 0;
    const open = sticky ? undefined : openTo(last);
    if (open) return { path: at || "/", problem: open };
    const found = lstatOrAbsent(`${at}/${name}`);
    if (found instanceof Error) {
      // Where anyone may make it, also below a sticky folder, what is made is anyone's.
      const creatable = openTo(last);
      if (creatable) return { path: at || "/", problem: creatable };
      throw found;
    }
    last = found;
    if (last.uid !== null && !mayWrite(last.uid)) {
      return { path: `${at}/${name}`, problem: foreignWriter(last, mayWrite)! };
    }
    if (!last.isSymlink) {
      at = `${at}/${name}`;
      continue;
    }
    if (++links > MAX_LINKS) throw new Deno.errors.FilesystemLoop(`too many links: '${path}'`);
    const target = Deno.readLinkSync(`${at}/${name}`);
    if (target.startsWith("/")) at = "";
    pending.unshift(...target.split("/"));
    last = Deno.lstatSync(at || "/");
  }
  last = Deno.lstatSync(at || "/");
  const open = openTo(last);
  return open ? { path: at || "/", problem: open } : undefined;
}
