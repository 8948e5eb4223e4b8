import { Mode } from "../../git/git_objects.ts";
import { damaged, TransferError } from "../../git/transfer_error.ts";
import { blobHash } from "../../machine/tree/blob_hash.ts";
import { counted } from "../../layout/counted.ts";
import type { Progress } from "../../machine/context.ts";
import { ArchiveManifest } from "./archive_manifest.ts";
import type { ContentStore } from "../apply/content_store.ts";
import type { Manifest } from "../tree/manifest.ts";
import { manifestFromTrees } from "../tree/manifest_trees.ts";
import { STEPS, TransferNote } from "./progress_note.ts";
import type { Remote } from "./remote.ts";
import { type CommitFetch, rootTree, type TargetTree } from "./target.ts";
import type { WholeArchive } from "./whole_archive.ts";

/**
 * Learns the paths of a commit from an archive of it, and keeps all that is in it: one answer for
 * everything, a fifth smaller than a pack. The commit itself comes from git, and its tree's name proves
 * the archive to be right and complete; of submodules, the folders that have them are asked for. Where the
 * archive is not so (`export-ignore` and the like in gitattributes(5), a ref that has moved), all paths are
 * asked from git as well, and only what the archive has otherwise is still missing.
 * @returns undefined when there is no archive, or nothing in it
 * @throws TransferError when git does not give the commit
 */
export async function receiveArchive(
  { ctx, remote, commit, store }: CommitFetch,
  archive: WholeArchive,
): Promise<TargetTree | undefined> {
  const fetch = (only: "commits" | "trees") => remote.git.fetch({ wants: [commit], only }, store);
  let named: Promise<unknown> | undefined;
  let complete: Promise<Manifest> | undefined;
  /** The commit names the tree that proves the archive; asked for while that arrives. */
  const askForCommit = () => named ??= unheard(fetch("commits"));
  const folders = new Map<string, Promise<Uint8Array>>();
  /** A folder of the commit without what is in it, which the archive does not prove. */
  const askForFolder = (sha: string) => {
    const asked = folders.get(sha) ?? unheard(folderOf(remote, sha, store));
    folders.set(sha, asked);
    return asked;
  };
  /** The uppermost of them, asked for while the archive arrives. */
  let uppermost: Promise<unknown> | undefined;
  const askForUppermost = () =>
    uppermost ??= unheard(askForCommit().then(() => askForFolder(rootTree(commit, store).tree)));
  /** The commit with its own folders: asked for when it is clear that they are needed. */
  const askForTrees = () =>
    complete ??= unheard(
      fetch("trees").then(() => {
        const { commit: peeled, tree } = rootTree(commit, store);
        return manifestFromTrees(peeled, tree, (sha) => store.received(sha, "tree"));
      }),
    );

  let progress: Progress | undefined;
  const note = new TransferNote(remote.http.bytes);
  const listed = new ArchiveManifest();
  let files = 0;
  store.arrival?.hurry();
  try {
    await archive.receive(({ path, mode, content }) => {
      // Where nobody says how long it is, a bar would stand still.
      progress ??= ctx.ui.progress("Receiving files", archive.length && STEPS);
      const sha = mode === Mode.Tree ? "" : blobHash(content);
      const isPlain = listed.add(path, mode, sha);
      if (complete || !listed.isWhole || changesArchives(path, content)) askForTrees();
      else if (listed.hasGaps) askForUppermost();
      else askForCommit();
      if (mode === Mode.Tree) return undefined;
      if (isPlain) store.arrival?.expect([{ path, mode, sha }]);
      store.put(sha, { kind: "blob", data: content }, false);
      const share = archive.length ? remote.http.bytes / archive.length : 0;
      progress.update(STEPS * share, note.arrived(++files, share, remote.http.bytes));
      return store.arrival?.pause;
    });
    progress?.done(`${counted(files, "file")} received`);
  } catch (error) {
    if (!(error instanceof TransferError)) {
      progress?.fail("receiving files stopped");
      throw error;
    }
    progress?.fail("the archive broke off, going on with git's protocol");
    ctx.log.debug(`the archive failed: ${error.message}`);
  }
  await store.arrival?.finish();
  if (files === 0) return undefined;

  await (complete ?? askForCommit());
  const { commit: peeled, tree } = rootTree(commit, store);
  try {
    const manifest = await listed.finish(peeled, tree, askForFolder);
    if (manifest) return targetOf(manifest);
  } catch (error) {
    if (!(error instanceof TransferError)) throw error;
    ctx.log.debug(`single folders cannot be had: ${error.message}`);
  }
  const known = await askForTrees();
  store.settle(known);
  return targetOf(known);
}

async function folderOf(remote: Remote, sha: string, store: ContentStore): Promise<Uint8Array> {
  const here = store.received(sha, "tree");
  if (here !== undefined) return here;
  await remote.git.fetch({ wants: [sha], only: "commits", single: true }, store);
  const content = store.received(sha, "tree");
  if (content === undefined) throw damaged(`the folder ${sha} did not come`);
  return content;
}

/** A failure is met where the promise is awaited, which may be later. */
function unheard<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}

function targetOf(manifest: Manifest): TargetTree {
  const reason = "all files are wanted, and an archive is the smallest form of them";
  return { manifest, base: undefined, sizes: new Map(), transport: "archive", reason };
}

/** Whether a file makes archives differ from the commit (gitattributes(5), "Creating an archive"). */
function changesArchives(path: string, content: Uint8Array): boolean {
  return path.endsWith(".gitattributes") &&
    /\b(?:export-ignore|export-subst|eol=crlf|ident|filter|working-tree-encoding)\b/.test(
      new TextDecoder().decode(content),
    );
}
