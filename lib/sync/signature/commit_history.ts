import { beyondBound, Bounds } from "../../git/bounds.ts";
import type { GitObject, ObjectStore } from "../../git/pack_objects.ts";

/** Commits and tags that were received, by name; nothing else is kept. */
export class CommitHistory implements ObjectStore {
  readonly #objects = new Map<string, GitObject>();
  #bytes = 0;

  /** Keeps a commit or a tag; anything else is no part of a history. */
  put(sha: string, object: GitObject): void {
    if (object.kind !== "commit" && object.kind !== "tag") return;
    this.#bytes += object.data.length;
    if (this.#bytes > Bounds.memory) throw beyondBound("the history of the commit is far too long");
    this.#objects.set(sha, object);
  }

  /** The object of a name, if it was kept. */
  get(sha: string): GitObject | undefined {
    return this.#objects.get(sha);
  }

  /** A received object of this kind. */
  received(sha: string, kind: GitObject["kind"]): Uint8Array | undefined {
    const object = this.#objects.get(sha);
    return object?.kind === kind ? object.data : undefined;
  }

  /** Whether a commit is another one or comes after it, as far as what was received says. */
  descends(commit: string, ancestor: string): boolean {
    const seen = new Set([commit]);
    // Grows while it is walked.
    for (const sha of seen) {
      if (sha === ancestor) return true;
      const content = this.received(sha, "commit");
      for (const parent of content ? parentsOf(content) : []) seen.add(parent);
    }
    return false;
  }
}

/** The parents that a commit's header names; gitformat, "commit objects". */
function parentsOf(commit: Uint8Array): string[] {
  const [head = ""] = new TextDecoder().decode(commit).split("\n\n", 1);
  return [...head.matchAll(/^parent ([0-9a-f]{40})$/gm)].map(([, sha]) => sha!);
}
