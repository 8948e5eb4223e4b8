import type { SourceListing } from "./source_listing.ts";

interface StepBase {
  /** Unique within a plan, stable between runs; named in the receipt. */
  readonly id: string;
  /** What the step does, as an imperative phrase. */
  readonly title: string;
  /** The machine path it changes. */
  readonly path: string;
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
