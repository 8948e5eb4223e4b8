import { amount } from "../../layout/amount.ts";
import { counted } from "../../layout/counted.ts";

/** Progress bars of unknown length are drawn in this many steps. */
export const STEPS = 1000;

/** Says how far a transfer is, how much came, and how long it will take at this pace. */
export class TransferNote {
  readonly #started = performance.now();

  /** @param bytesBefore what was received before this transfer */
  constructor(private readonly bytesBefore: number) {}

  /** `120 of 400 files, 1.20 MiB, 3 s left`. */
  text(done: number, total: number, unit: string, bytesNow: number): string {
    return `${done} of ${total} ${unit}, ${this.#rest(done / total, bytesNow)}`;
  }

  /**
   * The same where it is not known how many there are: `120 files, 1.20 MiB, 3 s left`.
   * @param share how much of all has come, between 0 and 1; 0 when nobody knows
   */
  arrived(files: number, share: number, bytesNow: number): string {
    return `${counted(files, "file")}, ${this.#rest(share, bytesNow)}`;
  }

  #rest(share: number, bytesNow: number): string {
    const size = amount(bytesNow - this.bytesBefore);
    const elapsed = (performance.now() - this.#started) / 1000;
    if (share <= 0 || elapsed <= 1) return size;
    return `${size}, ${Math.max(0, Math.ceil(elapsed * (1 - share) / share))} s left`;
  }
}
