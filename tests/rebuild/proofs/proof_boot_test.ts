/** What is activated is also what starts: boot loader, key files, drivers. */
import { deepEqual } from "node:assert/strict";
import type { ConfigurationFacts } from "../../../lib/nix/evaluation/configuration_facts.ts";
import { proveBoot } from "../../../lib/rebuild/proofs/proof_boot.ts";
import { proveAll } from "../../../lib/rebuild/proofs/registry.ts";
import { refusals } from "../../../lib/rebuild/proofs/verdict.ts";
import { configurationFacts, luksDevice, question } from "../../support/facts.ts";

type Boot = Partial<ConfigurationFacts["boot"]>;

function whys(before: Boot | undefined, after: Boot, loaded?: string[]): string[] {
  const facts = (boot: Boot) => configurationFacts((f) => Object.assign(f.boot, boot));
  const now = loaded === undefined ? {} : { loadedModules: loaded };
  return refusals(proveBoot(question(before && facts(before), facts(after), now)))
    .map(({ why }) => why);
}

const encrypted: Boot = {
  luks: [luksDevice("root", "/dev/disk/by-uuid/luks", "/crypto_keyfile.bin")],
  initrdSecrets: [],
};

Deno.test("proveBoot() refuses a key file that the initial ramdisk would not have", () => {
  const withKey = { ...encrypted, initrdSecrets: ["/crypto_keyfile.bin"] };
  const missing = ["boot.initrd.secrets does not have /crypto_keyfile.bin"];
  deepEqual(whys(withKey, encrypted), missing);
  deepEqual(whys(undefined, encrypted), missing);
  deepEqual(whys(withKey, withKey), []);
  deepEqual(whys(encrypted, encrypted), [], "what is found some other way now still is");
  const asks = { ...encrypted, luks: [{ ...encrypted.luks![0]!, fallbackToPassword: true }] };
  deepEqual(whys(withKey, asks), []);
});

Deno.test("proveBoot() refuses a system that installs no boot loader", () => {
  deepEqual(whys({ loader: "external" }, { loader: "" }), [
    "none is installed, and external would go on starting what runs now",
  ]);
  deepEqual(whys({ loader: "grub" }, { loader: "systemd-boot" }), []);
  deepEqual(whys({ loader: "" }, { loader: "" }), [], "started from outside, as now");
  deepEqual(whys(undefined, { loader: "" }), [], "nothing is known of a loader");
  deepEqual(whys({ loader: "grub" }, { loader: "", isContainer: true }), []);
});

Deno.test("proveBoot() refuses to lose a driver of the disks that is in use", () => {
  const before = { initrdModules: ["virtio-blk", "ahci", "atkbd"] };
  const after = { initrdModules: ["ahci"] };
  deepEqual(whys(before, after, ["virtio_blk", "atkbd"]), [
    "virtio_blk would be missing, and is in use now",
  ]);
  deepEqual(whys(before, after, ["ahci"]), []);
  deepEqual(whys({ ...before, extraModulePackages: ["r8125"] }, { ...before }), [
    "r8125 would be missing",
  ]);
});

Deno.test("proveAll() does not take what cannot be evaluated for what is fine", () => {
  const after = configurationFacts((facts) => facts.unreadable = ["boot.crypttab", "timeZone"]);
  const verdicts = proveAll(question(undefined, after)).filter(({ id }) => id === "evaluation");
  deepEqual(verdicts.map(({ ok, why }) => [ok, why]), [[false, "these cannot: boot.crypttab"]]);
});
