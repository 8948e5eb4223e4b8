import { equal } from "node:assert/strict";
import { ownLine } from "../../lib/machine/own_line.ts";
import { Root } from "../../lib/machine/root.ts";

Deno.test("ownLine() names the machine that was worked on, wherever it is mounted", () => {
  const undo = (root: string) => ownLine({ root: new Root(root) }, "system-installer", "--undo");
  equal(undo("/"), "system-installer --undo");
  equal(undo("/mnt/"), "system-installer --undo --root /mnt");
  equal(undo("/mnt/my disk; x"), "system-installer --undo --root '/mnt/my disk; x'");
});
