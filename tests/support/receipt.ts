import type { Receipt } from "../../lib/machine/receipt.ts";

/** A receipt of an installation that has just begun. */
export function newReceipt(changes: Partial<Receipt> = {}): Receipt {
  return {
    version: 1,
    id: "2026-11-24T06-00-00-000Z",
    toolkit: "2.0.0",
    startedAt: "2026-11-24T06:00:00.000Z",
    hostName: "host",
    state: "applying",
    previousSystem: null,
    previousDefault: null,
    activated: null,
    accountsSaved: false,
    steps: [],
    ...changes,
  };
}
