import type { SourceListing } from "./source/source_listing.ts";

interface StepBase {
  /** Unique within a plan, stable between runs; named in the receipt. */
  readonly id: string;
  /** What the step does, as an imperative phrase. */
  readonly title: string;
  /** The machine path it changes. */
  readonly path: string;
  /** What it is for, as a phrase that `--explain` shows. */
  readonly why: string;
  /** What it is made of; undefined where it is made of nothing but its declaration. */
  readonly madeOf?: string;
}

/** Makes a folder, or leaves an existing one as it is. */
export interface DirectoryStep extends StepBase {
  readonly kind: "directory";
  readonly mode: number;
}

/** Writes a file. The content of a `secret` is shown nowhere. */
export interface FileStep extends StepBase {
  readonly kind: "file" | "secret";
  readonly mode: number;
  readonly content: string;
}

/**
 * A file for everyone to read: nothing in it is secret.
 * @param folder machine path
 */
export function publicFile(
  folder: string,
  name: string,
  title: string,
  reasons: Pick<FileStep, "why" | "madeOf">,
  content: string,
  id = name,
): FileStep {
  return {
    kind: "file",
    id,
    title,
    path: `${folder}/${name}`,
    ...reasons,
    mode: 0o644,
    content,
  };
}

/** Makes a symbolic link. */
export interface LinkStep extends StepBase {
  readonly kind: "link";
  readonly target: string;
}

/** Removes a file or link. */
export interface RemoveStep extends StepBase {
  readonly kind: "remove";
}

/** Replaces a whole folder by a copy of another. */
export interface TreeStep extends StepBase {
  readonly kind: "tree";
  /** What is copied, by host path, and what of it. */
  readonly source: SourceListing;
}

/** One change of an installation: data that can be shown, applied (`apply.ts`) and reverted. */
export type Step = DirectoryStep | FileStep | LinkStep | RemoveStep | TreeStep;

/** What `--undo`, and a run that fails, do with a step (`revert_step.ts`). */
export const UNDOING: Readonly<Record<Step["kind"], string>> = {
  directory: "removed again when it was made here and is empty",
  file: "as it was before, byte for byte; what you changed since is kept beside the backups",
  secret: "as it was before, byte for byte",
  link: "as it was before; what you put in its place is kept beside the backups",
  remove: "put back, byte for byte; what you put in its place is kept beside the backups",
  tree: "the tree of before is put back; what was changed in this one since is kept",
};
