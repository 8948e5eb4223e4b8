/** Disks that are there now are there because something opened them: what did stays, or is named. */
import { deepEqual } from "node:assert/strict";
import type { MappedBelow } from "../../../lib/machine/hardware/mapped_below.ts";
import type { ConfigurationFacts } from "../../../lib/nix/evaluation/configuration_facts.ts";
import { readConfiguration } from "../../../lib/nix/evaluation/read_configuration.ts";
import { proveAssembled } from "../../../lib/rebuild/proofs/proof_assembled.ts";
import { proveDisks } from "../../../lib/rebuild/proofs/proof_disks.ts";
import { proveMountHelpers } from "../../../lib/rebuild/proofs/proof_mount_helpers.ts";
import { testContext } from "../../support/context.ts";
import { configurationFacts, question, rentedServerNow } from "../../support/facts.ts";
import { hasNix } from "../../support/needs.ts";
import { withScratch } from "../../support/scratch_files.ts";
import { STAND_IN_NIXPKGS } from "../../support/scratch_machine.ts";

type Boot = Partial<ConfigurationFacts["boot"]>;

const lvm: MappedBelow = { name: "dm-1", kind: "lvm", mappedName: "vg-root", on: [] };
const pool: MappedBelow = { name: "dm-0", kind: "lvm", mappedName: "vg-pool-tpool", on: [] };
const raid: MappedBelow = { name: "md127", kind: "md", mappedName: "md127", on: [] };

const on = (...below: MappedBelow[]) => ({ disks: { ...rentedServerNow().disks, below } });

function refused(before: Boot | undefined, after: Boot, below: MappedBelow[] = []) {
  const facts = (boot: Boot) =>
    configurationFacts((f) => Object.assign(f.boot, { assembles: [], ...boot }));
  return proveAssembled(question(before && facts(before), facts(after), on(...below)))
    .map(({ why }) => why.split(" would")[0]);
}

Deno.test("proveAssembled() wants what assembles the disks now, and what is below root", () => {
  const thin = { assembles: ["services.lvm.boot.thin.enable"] };
  deepEqual(refused(thin, thin, [lvm, pool]), []);
  deepEqual(refused(thin, {}, [lvm, pool]), thin.assembles);
  deepEqual(refused(undefined, {}, [lvm, pool]), thin.assembles);
  const lvmOption = "boot.initrd.services.lvm.enable";
  deepEqual(refused({}, { initrdSystemd: true }, [lvm]), [lvmOption]);
  deepEqual(refused({}, { initrdSystemd: true, assembles: [lvmOption] }, [lvm]), []);
  deepEqual(refused({}, {}, [lvm]), []);
  // Shell scripts assemble LVM without it.
  deepEqual(refused({ initrdSystemd: true, assembles: [lvmOption] }, {}, [lvm]), []);
  deepEqual(refused({ swraid: true }, {}, [raid]), ["boot.swraid.enable"]);
  deepEqual(refused({ swraid: true }, {}, []), []);
});

Deno.test("proveAssembled() names what would no longer be opened", () => {
  const crypttab = "# mine\ndata  UUID=1 /key\n";
  deepEqual(refused({ crypttab }, { crypttab: "data UUID=1 /key" }), []);
  deepEqual(refused({ crypttab }, { crypttab: "" }), ["/etc/crypttab"]);
  deepEqual(refused({ clevis: ["root"] }, { clevis: [] }), ["Clevis"]);
  const unit = (hash: string, words = "") => ({
    initrdUnits: [{ name: "wipe.service", text: `ExecStart=/nix/store/${hash}-wipe ${words}` }],
  });
  const [one, other] = ["1".repeat(32), "2".repeat(32)] as const;
  deepEqual(refused(unit(one), unit(other)), []);
  deepEqual(refused(unit(one), unit(other, "all")), [
    "the unit wipe.service of the initial ramdisk",
  ]);
  deepEqual(refused(unit(one), {}), ["the unit wipe.service of the initial ramdisk"]);
});

/** A machine with everything that a list of known options forgets. */
const OWNER = `{ pkgs, ... }: {
  services.lvm.boot.thin.enable = true;
  boot.initrd = {
    systemd = { enable = true; services.wipe = { wantedBy = [ "initrd.target" ]; script = "wipe"; }; };
    services.lvm.enable = true;
    clevis = { enable = true; devices.crypt.secretFile = ./crypt.jwe; };
    luks.devices.crypt.device = "/dev/vdb";
  };
  environment.etc.crypttab.text = "data UUID=1 /key";
  fileSystems."/" = { device = "/dev/vg/root"; fsType = "ext4"; };
  fileSystems."/data" = { label = "data"; fsType = "ext4"; };
  fileSystems."/far" = { device = "me@far:/"; fsType = "fuse.sshfs"; };
  fileSystems."/all" = { device = "/a:/b"; fsType = "fuse.mergerfs"; };
  environment.systemPackages = [ pkgs.mergerfs ];
}`;
/** The same, as carried over by options that are known. */
const CARRIED = `{
  boot.initrd.systemd.enable = true;
  boot.initrd.luks.devices.crypt.device = "/dev/vdb";
  fileSystems."/" = { device = "/dev/vg/root"; fsType = "ext4"; };
  fileSystems."/data" = { device = "/dev/disk/by-label/data"; fsType = "ext4"; };
  fileSystems."/far" = { device = "me@far:/"; fsType = "fuse.sshfs"; };
  fileSystems."/all" = { device = "/a:/b"; fsType = "fuse.mergerfs"; };
}`;

Deno.test({
  name: "the evaluated configuration says what assembles, opens and mounts the disks",
  ignore: !hasNix,
  fn: () =>
    withScratch({ "a.nix": OWNER, "b.nix": CARRIED, "crypt.jwe": "" }, async (folder) => {
      const read = (file: string) =>
        readConfiguration(testContext(), {
          kind: "channel",
          configuration: `${folder}/${file}`,
          nixPath: `nixpkgs=${STAND_IN_NIXPKGS}`,
        });
      const [before, after] = [await read("a.nix"), await read("b.nix")];
      deepEqual([before.unreadable, after.unreadable], [[], []]);
      deepEqual(proveAssembled(question(before, before, on(lvm))), []);
      deepEqual(proveAssembled(question(before, after)).map(({ why }) => why.split(" would")[0]), [
        "boot.initrd.clevis.enable",
        "boot.initrd.services.lvm.enable",
        "services.lvm.boot.thin.enable",
        "Clevis",
        "/etc/crypttab",
        "the unit wipe.service of the initial ramdisk",
      ]);
      const mounts = (facts: ConfigurationFacts) =>
        proveMountHelpers(question(before, facts)).map(({ ok, what }) => [ok, what.split(" ")[4]]);
      deepEqual(mounts(before), [[true, "/all"], [true, "/far"]]);
      // NixOS brings sshfs by the type, and nothing by that of mergerfs.
      deepEqual(mounts(after), [[false, "/all"], [true, "/far"]]);
      const asked: string[] = [];
      const presence = (device: string) => (asked.push(device), "present" as const);
      const disks = { ...rentedServerNow().disks, presence };
      proveDisks(question(configurationFacts(), before, { disks }));
      deepEqual(asked.includes("/dev/disk/by-label/data"), true, "a label names a device");
    }),
});
