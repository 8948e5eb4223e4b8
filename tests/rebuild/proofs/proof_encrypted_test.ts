/** An open device hides that nothing would open it again. */
import { deepEqual } from "node:assert/strict";
import { proveEncrypted } from "../../../lib/rebuild/proofs/proof_encrypted.ts";
import { configurationFacts, luksDevice, question, rentedServerNow } from "../../support/facts.ts";

Deno.test("proveEncrypted() wants every device below root opened, by name or by what holds it", () => {
  const proven = (name: string, device: string) => {
    const facts = configurationFacts((f) => {
      f.boot.luks = [luksDevice(name, device)];
    });
    const disks = {
      ...rentedServerNow().disks,
      kernelName: (named: string) => named === "/dev/disk/by-uuid/5e74" ? "sda2" : "sdb1",
      below: [
        { name: "dm-1", kind: "lvm", mappedName: "vg-root", on: ["dm-0"] },
        { name: "dm-0", kind: "luks", mappedName: "cryptlvm", on: ["sda2"] },
      ] as const,
    };
    return proveEncrypted(question(undefined, facts, { disks })).map(({ ok }) => ok);
  };
  deepEqual(proven("cryptlvm", "/dev/disk/by-uuid/other"), [true]);
  deepEqual(proven("renamed", "/dev/disk/by-uuid/5e74"), [true]);
  deepEqual(proven("data", "/dev/disk/by-uuid/other"), [false]);
});
