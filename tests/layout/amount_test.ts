import { deepEqual } from "node:assert/strict";
import { amount } from "../../lib/layout/amount.ts";

Deno.test("amount() keeps three digits", () => {
  deepEqual([0, 512, 1.5 * 2 ** 20, 12.3 * 2 ** 30, 456 * 2 ** 30].map(amount), [
    "0.00 KiB",
    "0.50 KiB",
    "1.50 MiB",
    "12.3 GiB",
    "456 GiB",
  ]);
});
