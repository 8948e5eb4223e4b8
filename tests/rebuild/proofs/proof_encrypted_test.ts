/** An open device hides that nothing would open it again. */
import { deepEqual } from "node:assert/strict";
import { proveEncrypted } from "../../../lib/rebuild/proofs/proof_encrypted.ts";
import { configurationFacts } from "../../support/facts.ts";

Deno.test("proveEncrypted() wants every device below root opened, by name or by what holds it", () => {
  const proven = (name: string, device: string) => {
    const facts = configurationFacts((f) => {
      f.boot.luks = [{
        name,
        device,
        keyFile: null,
        header: null,
        preLVM: true,
        allowDiscards: false,
        bypassWorkqueues: false,
        fallbackToPassword: false,
      }];
    });
    const resolve = (named: string) => named === "/dev/disk/by-uuid/5e74" ? "sda2" : "sdb1";
    return proveEncrypted(facts, [{ name: "cryptlvm", on: ["sda2"] }], resolve).map(({ ok }) => ok);
  };
  deepEqual(proven("cryptlvm", "/dev/disk/by-uuid/other"), [true]);
  deepEqual(proven("renamed", "/dev/disk/by-uuid/5e74"), [true]);
  deepEqual(proven("data", "/dev/disk/by-uuid/other"), [false]);
});
