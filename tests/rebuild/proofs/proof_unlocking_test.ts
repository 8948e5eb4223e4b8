import { deepEqual } from "node:assert/strict";
import { proveUnlocking } from "../../../lib/rebuild/proofs/proof_unlocking.ts";
import { luksDevice, question, rentedServerFacts } from "../../support/facts.ts";
import type { Change } from "./refused.ts";

const WAYS = [
  "port 2222",
  "host /etc/initrd/key",
  "key ssh-ed25519 AAAA a",
  "key ssh-ed25519 BBBB b",
];

/** A machine that somebody unlocks over SSH. */
function unlocked(change: Change = () => {}): Change {
  return (facts) => {
    facts.boot.luks = [luksDevice("crypt", "/dev/vda2")];
    facts.boot.initrdSsh = true;
    facts.boot.initrdSshWays = [...WAYS];
    facts.boot.kernelParams = ["quiet", "ip=192.0.2.2::192.0.2.1:255.255.255.0::eth0:off"];
    change(facts);
  };
}

function whys(before: Change | undefined, after: Change, loadedModules?: string[]): string[] {
  const verdicts = proveUnlocking(
    question(
      before && rentedServerFacts(before),
      rentedServerFacts(after),
      loadedModules && { loadedModules },
    ),
  );
  return verdicts.filter(({ ok }) => !ok).map(({ why }) => why);
}

const ways = (change: (ways: string[]) => string[]): Change =>
  unlocked(({ boot }) => boot.initrdSshWays = change(WAYS));

Deno.test("proveUnlocking() keeps the way in by which disks are unlocked now", () => {
  const table: readonly (readonly [Change, string[]])[] = [
    [unlocked(), []],
    [unlocked(({ boot }) => boot.initrdSsh = false), ["boot.initrd.network.ssh is off"]],
    [ways((all) => ["port 22", ...all.slice(1)]), ["its port 2222 would be another"]],
    [
      ways((all) => all.filter((way) => !way.startsWith("host"))),
      ["its host key /etc/initrd/key would be another"],
    ],
    [ways((all) => all.slice(0, 3)), []],
    [
      ways((all) => [...all.slice(0, 2), "key ssh-ed25519 CCCC c"]),
      ["none of the keys that open it now would"],
    ],
    [
      unlocked(({ boot }) => boot.kernelParams = ["ip=dhcp"]),
      [
        "the kernel's parameter ip=192.0.2.2::192.0.2.1:255.255.255.0::eth0:off would be gone",
      ],
    ],
  ];
  for (const [after, expected] of table) deepEqual(whys(unlocked(), after), expected);
});

Deno.test("proveUnlocking() knows encryption beside LUKS, and asks nothing where none is unlocked so", () => {
  const off: Change = ({ boot }) => boot.initrdSsh = false;
  for (const fsType of ["zfs", "bcachefs"]) {
    const alone: Change = (facts) => {
      facts.boot.luks = [];
      facts.fileSystems[0]!.fsType = fsType;
    };
    const off: Change = unlocked((facts) => {
      alone(facts);
      facts.boot.initrdSsh = false;
    });
    deepEqual(whys(unlocked(alone), off), ["boot.initrd.network.ssh is off"], fsType);
  }
  deepEqual(whys(unlocked(), ({ boot }) => boot.initrdSsh = false), []);
  deepEqual(whys(unlocked(off), unlocked(off)), []);
  deepEqual(whys(undefined, unlocked(off)), []);
});

Deno.test("proveUnlocking() keeps the driver of the network card in the initial ramdisk", () => {
  const modules = (...names: string[]) => unlocked(({ boot }) => boot.initrdModules = names);
  const before = modules("ahci", "virtio-net", "e1000e", "usbhid");
  const loaded = ["ahci", "virtio_net", "usbhid"];
  deepEqual(whys(before, modules("ahci", "virtio_net"), loaded), []);
  deepEqual(whys(before, modules("ahci", "e1000e"), loaded), [
    "virtio_net, the driver of a network card here, would be missing in it",
  ]);
  // Nothing is known of those.
  deepEqual(whys(before, unlocked(), loaded), []);
});
