/** Progress bars of unknown length are drawn in this many steps. */
export const STEPS = 1000;

/** Says how far a transfer is, how much came, and how long it will take at this pace. */
export class TransferNote {
  readonly #started = performance.now();
  readonly #bytesBefore: number;

  /** @param bytesBefore what was received before this transfer */
  constructor(bytesBefore: number) {
    this.#bytesBefore = bytesBefore;
  }

  /** `120 of 400 files, 1.2 MB, 3 s left`. */
  text(done: number, total: number, unit: string, bytesNow: number): string {
    const elapsed = (performance.now() - this.#started) / 1000;
    const left = done > 0 && elapsed > 1 ? Math.ceil(elapsed * (total - done) / done) : undefined;
    const size = formatSize(bytesNow - this.#bytesBefore);
    return `${done} of ${total} ${unit}, ${size}${left === undefined ? "" : `, ${left} s left`}`;
  }
}

function formatSize(bytes: number): string {
  return bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
