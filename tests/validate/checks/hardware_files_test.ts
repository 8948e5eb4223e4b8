import { equal, match } from "node:assert/strict";
import { encodeHostRecord, type HostBase } from "../../../lib/machine/host_record.ts";
import type { ConfigurationFacts } from "../../../lib/nix/evaluation/configuration_facts.ts";
import { testContext } from "../../support/context.ts";
import { configurationFacts, luksDevice } from "../../support/facts.ts";
import { type ScratchEntry, withScratch } from "../../support/scratch_files.ts";
import { type Answer, answering, evaluatedFacts, look } from "../look.ts";

const FILE = "etc/nixos/hardware-configuration.nix";
const installed = (base: HostBase | null) => ({
  "etc/hypervisor/configuration/host.json": encodeHostRecord({
    version: 2,
    hostName: "h",
    system: "x86_64-linux",
    base,
    tools: null,
  }),
});
const CHANNEL: HostBase = {
  kind: "channel",
  configuration: "/etc/nixos/configuration.nix",
  searchPath: [],
};
const FLAKE: HostBase = {
  kind: "flake",
  url: "path:/home/a/nixos",
  host: "h",
  directory: "/home/a/nixos",
};
const IMPORTS = {
  "etc/nixos/configuration.nix": "{ imports = [ ./hardware-configuration.nix ]; }",
};
const WITH = '({ config, ... }: { fileSystems = { "/" = { device = "/dev/vda1"; }; }; })';
/** What nixos-generate-config --no-filesystems writes, for disko. */
const WITHOUT = "({ config, ... }: { boot = { kernelModules = [ ]; }; swapDevices = [ ]; })";
const WRONG = { code: 1, stderr: "error: syntax error, unexpected end of file" };

type Files = Readonly<Record<string, ScratchEntry>>;
const CASES: Readonly<Record<string, readonly [Files, Answer, string, RegExp?]>> = {
  "a host alone": [{ ...installed(null), [FILE]: "x" }, WITH, "pass"],
  "a host alone that names no file system": [
    { ...installed(null), [FILE]: "x" },
    WITHOUT,
    "fail",
    /names no file system/,
  ],
  "a host alone without the file": [
    installed(null),
    WITH,
    "fail",
    /is missing.*nixos-generate-config/,
  ],
  "an owner who has it with disko": [
    { ...installed(CHANNEL), ...IMPORTS, [FILE]: "x" },
    WITHOUT,
    "skip",
    /names the file systems elsewhere/,
  ],
  "an owner's file that does not parse": [
    { ...installed(CHANNEL), ...IMPORTS, [FILE]: "x" },
    WRONG,
    "fail",
    /syntax error/,
  ],
  "an owner's file that is gone": [
    { ...installed(CHANNEL), ...IMPORTS },
    WITH,
    "fail",
    /is missing/,
  ],
  "an owner who imports none": [
    { ...installed(CHANNEL), "etc/nixos/configuration.nix": "{ }" },
    WITH,
    "skip",
    /elsewhere/,
  ],
  "an owner's flake": [installed(FLAKE), WITH, "skip", /elsewhere/],
  "a file behind a link": [
    { ...installed(CHANNEL), ...IMPORTS, [FILE]: { link: "/srv/hw.nix" }, "srv/hw.nix": "x" },
    WITH,
    "pass",
  ],
  "a folder in its place": [
    { ...installed(null), [`${FILE}/x`]: "x" },
    WITH,
    "fail",
    /is not a file/,
  ],
};

for (const [what, [files, answer, status, says]] of Object.entries(CASES)) {
  Deno.test(`hardware-configuration and ${what}: ${status}`, async () => {
    await withScratch(files, async (root) => {
      const ctx = answering(testContext({ root }), { "nix-instantiate": answer });
      const found = await look("hardware-configuration", ctx)
        .catch((error) => ({
          status: "fail",
          detail: (error as Error).message,
          remedy: undefined,
        }));
      equal(found.status, status, found.detail);
      if (says) match(`${found.detail} ${found.remedy}`, says);
    });
  });
}

/** A machine with one disk of two partitions. */
const DISKS = {
  "dev/null": "",
  "dev/sda1": "",
  "dev/sda2": "",
  "dev/disk/by-uuid/0000-0001": { link: "../../sda1" },
  "dev/disk/by-label/my\\x20root": { link: "../../sda2" },
  "sys/class/block/sda1/": "",
  "sys/class/block/sda2/": "",
};
type Change = (facts: ConfigurationFacts) => void;
const root = (device: string, fsType = "ext4"): Change => ({ fileSystems }) =>
  Object.assign(fileSystems[0]!, { device, fsType });

const DEVICES: Readonly<Record<string, readonly [Change, string, RegExp, Files?]>> = {
  "a UUID that is there": [root("/dev/disk/by-uuid/0000-0001"), "pass", /^1 device to boot from/],
  "a label with a space": [root("/dev/disk/by-label/my root"), "pass", /^1 device/],
  "a UUID of another disk": [
    root("/dev/disk/by-uuid/ffff-ffff"),
    "fail",
    /there is no \/dev\/disk\/by-uuid\/ffff-ffff, the file system of \/.*fileSystems\."\/"\.device = "…"; \(see lsblk -f\)/,
  ],
  "a disk that counts otherwise now": [root("/dev/nvme0n1p2"), "fail", /no \/dev\/nvme0n1p2/],
  "an encrypted device that is gone": [
    (facts) => {
      root("/dev/mapper/root")(facts);
      facts.boot.luks.push(luksDevice("root", "/dev/disk/by-uuid/eeee"));
    },
    "fail",
    /by-uuid\/eeee, the encrypted device root/,
  ],
  // Whether a mapping is there says nothing while it is closed.
  "a mapping that is closed": [
    root("/dev/mapper/root"),
    "skip",
    /whether there is \/dev\/mapper\/root/,
  ],
  "a pool of ZFS": [root("rpool/root", "zfs"), "pass", /no device that has a name/],
  "no root at all": [
    ({ fileSystems }) => void fileSystems.splice(0),
    "fail",
    /no root file system/,
  ],
};

for (const [what, [change, status, says]] of Object.entries(DEVICES)) {
  Deno.test(`boot-devices and ${what}: ${status}`, async () => {
    await withScratch(DISKS, async (folder) => {
      const ctx = testContext({ root: folder });
      const found = await look(
        "boot-devices",
        ctx,
        evaluatedFacts(ctx, configurationFacts(change)),
      );
      equal(found.status, status, found.detail);
      match(`${found.detail} ${found.remedy}`, says);
    });
  });
}
