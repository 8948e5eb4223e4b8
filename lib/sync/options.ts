import type { SyncPlan } from "./tree/plan.ts";

/** What a sync is asked to do. */
export interface SyncOptions {
  /** Branch, tag or SHA; the reference's default is `main`. */
  readonly ref?: string | undefined;
  /** `--repo`: an explicit wish, which may change the repository the tree comes from. */
  readonly repo?: string | undefined;
  /** `--signed-by`: a file of those who may sign commits; false for nobody, the machine's own by default. */
  readonly signedBy?: string | false | undefined;
  /** Download everything, trust nothing that is known of the local files. */
  readonly forceFull?: boolean;
  /** Say what would be done; write nothing. */
  readonly dryRun?: boolean;
  /** Say whether there is something to do; write nothing. */
  readonly checkOnly?: boolean;
  /** Trust the size of raw and archived files instead of their hash. */
  readonly skipValidation?: boolean;
  /** Raw files downloaded at once; 16 by default. */
  readonly connections?: number;
}

type Paths = "added" | "updated" | "deleted" | "kept" | "edited" | "submodules";

/** What a sync did, or would do. Paths are relative to the tree. */
export interface SyncSummary extends Pick<SyncPlan, Paths> {
  /** Files and folders that have, or would get, other permissions or another owner and are right otherwise. */
  readonly modes: readonly string[];
  readonly repository: string;
  readonly ref: string;
  /** The commit the tree is now, or would be. */
  readonly commit: string;
  /** Who signed it; undefined where nobody has to. */
  readonly signer: string | undefined;
  /** The commit it was before, when that is known. */
  readonly previousCommit: string | undefined;
  /** False when the tree was that commit already. */
  readonly changed: boolean;
  /** False when nothing was to be written. */
  readonly written: boolean;
  readonly counts: {
    /** Local files looked at. */
    readonly checked: number;
    /** Local files read to know their content. */
    readonly hashed: number;
    /** Files of the commit that are synced. */
    readonly files: number;
    readonly added: number;
    readonly updated: number;
    /** Permissions corrected. */
    readonly modes: number;
    readonly deleted: number;
    /** Gone upstream, changed here: left alone. */
    readonly kept: number;
    /** Upstream files under excluded paths. */
    readonly excluded: number;
  };
  /** Machine path of the folder with replaced local edits. */
  readonly backup: string | undefined;
  /** Bytes received and requests sent. */
  readonly bytes: number;
  readonly requests: number;
  readonly seconds: number;
  /** How the content came, and why that way. */
  readonly transport: string;
  readonly reason: string;
}
