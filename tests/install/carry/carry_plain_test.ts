import assert from "node:assert/strict";
import { carryDisks } from "../../../lib/install/carry/carry_boot.ts";
import { carryPlain } from "../../../lib/install/carry/carry_plain.ts";
import { optionPath } from "../../../lib/install/carry/setting.ts";
import { configurationFacts } from "../../support/facts.ts";

Deno.test("carryPlain() writes down what the owner set, and of a set only its members", () => {
  const facts = configurationFacts((f) => {
    const said = (name: string, value: unknown, merges = false) => ({
      name,
      said: [{ option: name.split("."), merges, value }],
    });
    f.plain = [
      said("networking.localCommands", "ip route add 10.0.0.0/8 via 192.0.2.1", true),
      said("boot.initrd.secrets", { "/crypto_keyfile.bin": null }),
      said("networking.macvlans", { mv0: { interface: "eth0", mode: null } }),
      said("networking.firewall.checkReversePath", "loose"),
      said("services.broken", { half: 0.5 }),
    ];
  });
  const carried = carryPlain(facts).map((one) => [optionPath(one), one.how, one.value]);
  assert.deepEqual(carried, [
    ["networking.localCommands", "merge", "ip route add 10.0.0.0/8 via 192.0.2.1"],
    ['boot.initrd.secrets."/crypto_keyfile.bin"', "override", null],
    ["networking.macvlans.mv0", "override", { interface: "eth0" }],
    ["networking.firewall.checkReversePath", "override", "loose"],
  ]);
});

Deno.test("carryDisks() carries what else is said of what the hardware file declares", () => {
  const facts = configurationFacts((f) => {
    f.fileSystems = [{
      mountPoint: "/persist",
      device: "/dev/sda2",
      fsType: "btrfs",
      options: ["subvol=@persist", "compress=zstd"],
      neededForBoot: true,
      saidElsewhere: ["neededForBoot", "options"],
    }];
    f.boot.luks = [{
      name: "root",
      device: "/dev/sda1",
      keyFile: "/dev/disk/by-id/usb-key",
      header: null,
      preLVM: true,
      allowDiscards: true,
      bypassWorkqueues: false,
      fallbackToPassword: false,
      further: { keyFileSize: 4096 },
      saidElsewhere: ["keyFile", "keyFileSize"],
    }];
  });
  const carried = carryDisks(facts, {
    state: "usable",
    problem: undefined,
    fileSystems: ["/", "/persist"],
    luks: ["root"],
    swap: [],
    modules: [],
  });
  assert.deepEqual(carried.map((one) => [optionPath(one), one.value]), [
    ['fileSystems."/persist".options', ["subvol=@persist", "compress=zstd"]],
    ['fileSystems."/persist".neededForBoot', true],
    ["boot.initrd.luks.devices.root.keyFile", "/dev/disk/by-id/usb-key"],
    ["boot.initrd.luks.devices.root.keyFileSize", 4096],
  ]);
});
