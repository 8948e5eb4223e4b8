import { equal } from "node:assert/strict";
import { TransferNote } from "../../../lib/sync/fetch/progress_note.ts";

Deno.test("TransferNote counts from where the transfer began, and guesses no time at once", () => {
  const note = new TransferNote(1024 * 1024);
  equal(note.text(120, 400, "files", 3 * 1024 * 1024), "120 of 400 files, 2.00 MiB");
  equal(note.arrived(1, 0, 1024 * 1024 + 1024), "1 file, 1.00 KiB");
});
