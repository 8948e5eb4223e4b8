import { TransferError } from "./transfer_error.ts";
import { objectHash, type ObjectKind } from "../machine/blob_hash.ts";
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

/** What came of a pack. */
export interface PackResult {
  readonly count: number;
  /** Bases that neither the pack nor the store had: objects on them could not be made. */
  readonly missing: readonly string[];
}

/**
 * Takes a pack apart while it arrives, and puts every object into the store under the name that its
 * content has. Deltas whose base comes later wait for it.
 * @throws TransferError when the pack is damaged
 */
export async function unpackObjects(
  chunks: AsyncIterable<Uint8Array>,
  store: ObjectStore,
  progress: (done: number, total: number) => void = () => {},
): Promise<PackResult> {
  const parser = new PackParser();
  const names = new Map<number, string>();
  const waiting = new Map<number | string, PackedObject[]>();
  let done = 0;

  const settle = (offset: number, object: GitObject) => {
    const ready: [number, GitObject][] = [[offset, object]];
    for (let next = ready.pop(); next !== undefined; next = ready.pop()) {
      const [at, { kind, data }] = next;
      const sha = objectHash(kind, data);
      names.set(at, sha);
      store.put(sha, { kind, data });
      done++;
      for (const base of [at, sha]) {
        for (const delta of waiting.get(base) ?? []) {
          ready.push([delta.offset, { kind, data: applyDelta(data, delta.data) }]);
        }
        waiting.delete(base);
      }
    }
  };
  const take = (object: PackedObject) => {
    if (object.kind !== "delta") return settle(object.offset, object);
    const name = typeof object.base === "string" ? object.base : names.get(object.base);
    const base = name === undefined ? undefined : store.get(name);
    if (base) settle(object.offset, { kind: base.kind, data: applyDelta(base.data, object.data) });
    else waiting.set(object.base, [...waiting.get(object.base) ?? [], object]);
  };

  for await (const chunk of chunks) {
    for (const object of parser.push(chunk)) take(object);
    progress(done, parser.count);
    if (parser.isComplete) break;
  }
  for (const object of parser.end()) take(object);
  const missing = [...waiting.keys()].filter((base) => typeof base === "string");
  if (missing.length === 0 && waiting.size > 0) {
    throw new TransferError("damaged", "a delta's base is missing");
  }
  return { count: done, missing };
}
