import { identityOf } from "../../machine/tree/file_identity.ts";
import { lstatIfExists } from "../../machine/files/files.ts";
import { LinkInTheWay, pinningOnce } from "../../machine/files/pinned.ts";
import type { Operation } from "../../machine/tree/tree_journal.ts";
import type { LocalTree } from "../tree/local_tree.ts";
import type { SyncPlan } from "../tree/plan.ts";

/** So often a plan is made for a tree that somebody edits all the time. */
const LOOKS = 3;

/** A plan, and the look at the tree that it was made with. */
export interface Compared {
  readonly local: LocalTree;
  readonly plan: SyncPlan;
}

/** A plan for the tree as it is now. */
export interface SettledPlan extends Compared {
  /** The plan's operations, with what is in their places, as far as that is what was compared. */
  readonly operations: readonly Operation[];
}

/**
 * Looks once more at what a plan replaces, and compares again where that is something else by now: while
 * files arrive, somebody may edit the tree. What is edited still later is met where it is replaced.
 * @param now another look at the tree, of which nothing was asked yet
 * @param replan makes a plan for another look, and gets what it needs
 */
export async function settlePlan(
  first: Compared,
  now: () => LocalTree,
  replan: (local: LocalTree) => SyncPlan | Promise<SyncPlan>,
): Promise<SettledPlan> {
  let compared = first;
  for (let looks = 1;; looks++) {
    const look = new SecondLook(compared.local, now());
    const { operations: steps } = compared.plan;
    const operations = pinningOnce(() => steps.flatMap((step) => look.at(step)));
    if (!look.foundChange || looks === LOOKS) return { ...compared, operations };
    const local = now();
    await local.scan();
    compared = { local, plan: await replan(local) };
  }
}

class SecondLook {
  readonly #parents = new Set<string>();
  readonly #asides = new Set<string>();

  /** Whether anything is not what it was compared as. */
  foundChange = false;

  constructor(
    private readonly compared: LocalTree,
    private readonly now: LocalTree,
  ) {}

  /** The operation with what is in its place now; nothing when it must not be done. */
  at(step: Operation): Operation[] {
    if (step.do === "mode" || step.do === "prune") return [step];
    this.#lookAtParents(step.path);
    if (step.do === "aside") {
      this.#asides.add(step.path);
      if (!this.#isSame(step.path)) this.foundChange = true;
      const below = this.now.listBelow(step.path).flatMap((path) => {
        const was = this.#identity(path);
        return was ? [{ path, ...was }] : [];
      });
      return [{ ...step, below }];
    }
    // What was moved aside before is not replaced.
    if (this.#asides.has(step.path)) return [step];
    const was = this.#identity(step.path);
    if (was) return [{ ...step, was }];
    return step.do === "remove" ? [] : [step];
  }

  /** Undefined for a folder, for nothing, and for what is not what was compared. */
  #identity(path: string): ReturnType<typeof identityOf> | undefined {
    // First its identity: what changes from now on has another one.
    const info = this.#lstat(path);
    if (!this.#isSame(path)) {
      this.foundChange = true;
      return undefined;
    }
    return info && !info.isDirectory ? identityOf(info) : undefined;
  }

  /** Nothing is behind a folder that became a link. */
  #lstat(path: string): Deno.FileInfo | undefined {
    try {
      return lstatIfExists(path === "" ? this.now.path : `${this.now.path}/${path}`);
    } catch (error) {
      if (error instanceof LinkInTheWay) return undefined;
      throw error;
    }
  }

  #isSame(path: string): boolean {
    const [was, is] = [this.compared.known(path), this.now.at(path)];
    return was?.kind === is?.kind && was?.sha === is?.sha;
  }

  /** A folder that became a link leads elsewhere. */
  #lookAtParents(path: string): void {
    for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1)) {
      const parent = path.slice(0, at);
      if (this.#parents.has(parent)) return;
      this.#parents.add(parent);
      const isFolder = this.now.at(parent)?.kind === "folder";
      if (!isFolder && this.compared.known(parent)?.kind === "folder") this.foundChange = true;
    }
  }
}
