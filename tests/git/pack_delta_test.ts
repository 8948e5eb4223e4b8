/** Deltas come from a server: whatever is in one, the result is right or it is refused. */
import { deepEqual, throws } from "node:assert/strict";
import fc from "fast-check";
import { applyDelta } from "../../lib/git/pack_delta.ts";
import { TransferError } from "../../lib/git/transfer_error.ts";

type Step =
  | { readonly copy: readonly [offset: number, count: number] }
  | { readonly insert: Uint8Array };

/** A size as gitformat-pack(5) writes it: seven bits a byte, the lowest first. */
function size(value: number): number[] {
  return value < 128 ? [value] : [value % 128 | 0x80, ...size(Math.floor(value / 128))];
}

function encode(base: Uint8Array, result: Uint8Array, steps: readonly Step[]): Uint8Array {
  const bytes = [...size(base.length), ...size(result.length)];
  for (const step of steps) {
    if ("insert" in step) bytes.push(step.insert.length, ...step.insert);
    else {
      const [offset, count] = step.copy;
      // All bytes of both numbers, also those that are 0.
      bytes.push(0xff, ...bytesOf(offset, 4), ...bytesOf(count, 3));
    }
  }
  return Uint8Array.from(bytes);
}

function bytesOf(value: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => Math.floor(value / 256 ** index) % 256);
}

const step = (base: number): fc.Arbitrary<Step> =>
  fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 127 }).map((insert) => ({ insert })),
    fc.tuple(fc.nat(base - 1), fc.integer({ min: 1, max: base }))
      .map(([offset, count]) => ({ copy: [offset, Math.min(count, base - offset)] as const })),
  );

const deltas = fc.uint8Array({ minLength: 1, maxLength: 300 })
  .chain((base) => fc.tuple(fc.constant(base), fc.array(step(base.length), { maxLength: 8 })))
  .map(([base, steps]) => {
    const parts = steps.map((one) =>
      "insert" in one ? one.insert : base.subarray(one.copy[0], one.copy[0] + one.copy[1])
    );
    const result = Uint8Array.from(parts.flatMap((part) => [...part]));
    return { base, result, delta: encode(base, result, steps) };
  });

Deno.test("applyDelta() makes what the delta was made for", () => {
  fc.assert(fc.property(deltas, ({ base, result, delta }) => {
    deepEqual(applyDelta(base, delta), result);
  }));
});

Deno.test("applyDelta() copies 65,536 bytes where the count is 0", () => {
  const base = new Uint8Array(0x10000).fill(7);
  deepEqual(applyDelta(base, Uint8Array.from([...size(0x10000), ...size(0x10000), 0x80])), base);
});

Deno.test("applyDelta() refuses what is cut off, of another base, or too long", () => {
  fc.assert(fc.property(deltas, fc.nat(), ({ base, result, delta }, at) => {
    throws(() => applyDelta(new Uint8Array(base.length + 1), delta), TransferError);
    const cut = delta.subarray(0, at % delta.length);
    try {
      deepEqual(applyDelta(base, cut), result, "only what adds nothing may be missing");
    } catch (error) {
      if (!(error instanceof TransferError)) throw error;
    }
  }));
  const base = Uint8Array.of(1, 2, 3);
  for (
    const [what, ...bytes] of [
      ["an unknown step", 3, 1, 0],
      ["a copy behind the base", 3, 4, 0x91, 0, 4],
      ["more than it says", 3, 1, 2, 9, 9],
      ["less than it says", 3, 2, 1, 9],
      ["a result of two exbibytes", 3, 255, 255, 255, 255, 255, 255, 255, 127],
    ] as const
  ) {
    throws(() => applyDelta(base, Uint8Array.from(bytes)), TransferError, what);
  }
});
