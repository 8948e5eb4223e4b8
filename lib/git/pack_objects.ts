import { beyondBound, Bounds, Turns } from "./bounds.ts";
import { damaged } from "./transfer_error.ts";
import { objectHash, type ObjectKind } from "../machine/tree/blob_hash.ts";
import { applyDelta } from "./pack_delta.ts";
import { type PackedObject, PackParser } from "./pack_parser.ts";

/** An object with its content. */
export interface GitObject {
  readonly kind: ObjectKind;
  readonly data: Uint8Array;
}

/** Where objects of a pack go and where the bases of its deltas come from. */
export interface ObjectStore {
  /** Keeps an object; its name was computed from its content. */
  put(sha: string, object: GitObject): void;
  /** An object that was put, or one from outside of the pack (a thin pack's bases). */
  get(sha: string): GitObject | undefined;
}

/**
 * Takes a pack apart while it arrives, and puts every object into the store under the name that its
 * content has. Deltas whose base comes later wait for it.
 * @param progress told of how many objects of how many, once that is known
 * @returns bases that neither the pack nor the store had: objects on them could not be made
 * @throws TransferError when the pack is damaged, ToolError exit 6 when it is beyond all bounds
 */
export async function unpackObjects(
  chunks: AsyncIterable<Uint8Array>,
  store: ObjectStore,
  progress: (done: number, total: number) => void = () => {},
): Promise<readonly string[]> {
  const parser = new PackParser();
  const unpacking = new Unpacking(store);
  const turns = new Turns();
  const take = async (objects: Iterable<PackedObject>) => {
    for (const object of objects) {
      for (const _ of unpacking.take(object)) {
        const due = turns.due;
        if (due) await due;
      }
    }
  };
  for await (const chunk of chunks) {
    await take(parser.push(chunk));
    if (parser.count > 0) progress(unpacking.done, parser.count);
    if (parser.isComplete) break;
  }
  await take(parser.end());
  return unpacking.missing();
}

class Unpacking {
  readonly #names = new Map<number, string>();
  readonly #waiting = new Map<number | string, PackedObject[]>();
  #made = 0;
  #bases = 0;
  #waitingBytes = 0;

  /** Objects put so far. */
  done = 0;

  constructor(private readonly store: ObjectStore) {}

  /** Takes an object; yields after each that is made of it and of what has waited for it. */
  *take(object: PackedObject): Generator<void, void, void> {
    if (object.kind !== "delta") return yield* this.#settle(object.offset, object);
    const name = typeof object.base === "string" ? object.base : this.#names.get(object.base);
    const base = name === undefined ? undefined : this.store.get(name);
    if (base) return yield* this.#settle(object.offset, this.#apply(base, object));
    this.#waitingBytes += object.data.length;
    if (this.#waitingBytes > Bounds.memory) throw beyondBound("a pack's deltas come without bases");
    const others = this.#waiting.get(object.base);
    if (others) others.push(object);
    else this.#waiting.set(object.base, [object]);
  }

  /**
   * Bases that came from nowhere.
   * @throws TransferError when one should have been in the pack
   */
  missing(): string[] {
    const names = [...this.#waiting.keys()].filter((base) => typeof base === "string");
    if (names.length === 0 && this.#waiting.size > 0) throw damaged("a delta's base is missing");
    return names;
  }

  *#settle(offset: number, object: GitObject): Generator<void, void, void> {
    // Each waits with its base, whose content is made once and whose deltas are applied one by one.
    const ready: { base: GitObject; deltas: PackedObject[] }[] = [];
    const put = (at: number, { kind, data }: GitObject) => {
      const sha = objectHash(kind, data);
      this.#names.set(at, sha);
      this.#made += data.length;
      if (this.#made > Bounds.bytes) throw beyondBound("a pack unpacks to more than 2 GB");
      this.store.put(sha, { kind, data });
      this.done++;
      for (const base of [at, sha]) {
        const deltas = this.#waiting.get(base);
        if (deltas) ready.push({ base: { kind, data }, deltas });
        this.#waiting.delete(base);
      }
    };
    put(offset, object);
    yield;
    for (let next = ready.at(-1); next !== undefined; next = ready.at(-1)) {
      const delta = next.deltas.pop();
      if (delta === undefined) {
        ready.pop();
        continue;
      }
      this.#waitingBytes -= delta.data.length;
      put(delta.offset, this.#apply(next.base, delta));
      yield;
    }
  }

  #apply({ kind, data }: GitObject, delta: PackedObject): GitObject {
    this.#bases += data.length;
    if (this.#bases > Bounds.bases) throw beyondBound("a pack's deltas read their bases too often");
    return { kind, data: applyDelta(data, delta.data) };
  }
}
