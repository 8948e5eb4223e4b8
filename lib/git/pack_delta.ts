import { LARGEST_OBJECT } from "./git_objects.ts";
import { damaged, tooLarge } from "./transfer_error.ts";

/**
 * Applies a delta (gitformat-pack(5), "Deltified representation") to its base.
 * @throws TransferError when it does not fit the base, is malformed, or makes what is too large
 */
export function applyDelta(base: Uint8Array, delta: Uint8Array): Uint8Array {
  let at = 0;
  const byte = () => {
    const value = delta[at++];
    if (value === undefined) throw damaged("a delta is cut off");
    return value;
  };
  const size = () => {
    let value = 0;
    for (let factor = 1;; factor *= 128) {
      const next = byte();
      value += (next & 0x7f) * factor;
      if (!(next & 0x80)) return value;
    }
  };
  if (size() !== base.length) throw damaged("a delta does not fit its base");
  const length = size();
  if (length > LARGEST_OBJECT) throw tooLarge(`an object of ${length} bytes`);
  const result = new Uint8Array(length);
  let written = 0;
  while (at < delta.length) {
    const op = byte();
    let source: Uint8Array;
    if (op & 0x80) {
      let offset = 0;
      let count = 0;
      for (let i = 0; i < 4; i++) if (op & (1 << i)) offset += byte() * 2 ** (8 * i);
      for (let i = 0; i < 3; i++) if (op & (0x10 << i)) count += byte() * 2 ** (8 * i);
      if (count === 0) count = 0x10000;
      if (offset + count > base.length) throw damaged("a delta reads behind its base");
      source = base.subarray(offset, offset + count);
    } else {
      if (op === 0 || at + op > delta.length) throw damaged("a delta is malformed");
      source = delta.subarray(at, at += op);
    }
    if (written + source.length > length) throw damaged("a delta is longer than it says");
    result.set(source, written);
    written += source.length;
  }
  if (written !== length) throw damaged("a delta is shorter than it says");
  return result;
}
