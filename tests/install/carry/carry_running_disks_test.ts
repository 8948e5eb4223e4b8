import assert from "node:assert/strict";
import {
  carryRunningEncryption,
  carryRunningSwap,
} from "../../../lib/install/carry/carry_running_disks.ts";
import { optionPath, type Setting } from "../../../lib/install/carry/setting.ts";
import type { MappedDevice } from "../../../lib/machine/hardware/disks.ts";
import type { SwapArea } from "../../../lib/machine/hardware/swap.ts";

function carried(settings: readonly Setting[]): Record<string, unknown> {
  const members = settings.map((one) => [optionPath(one), one.value] as const);
  return JSON.parse(JSON.stringify(Object.fromEntries(members)));
}

function area(path: string, kind: SwapArea["kind"], changes: Partial<SwapArea> = {}): SwapArea {
  return { path, device: path, kind, priority: undefined, randomKey: false, ...changes };
}

Deno.test("carryRunningSwap() declares what is in use, once, and nothing that the next boot has not", () => {
  const partUuid = "/dev/disk/by-partuuid/7d3e-03";
  const cases: [areas: SwapArea[], declared: string[], swap: unknown, zram: boolean][] = [
    [[], [], undefined, false],
    [
      [
        area("/dev/sda3", "partition", { device: "/dev/disk/by-uuid/1-2", priority: 5 }),
        area("/swap file", "file", { priority: 0 }),
      ],
      [],
      [{ device: "/dev/disk/by-uuid/1-2", priority: 5 }, { device: "/swap file", priority: 0 }],
      false,
    ],
    [[area("/dev/sda3", "partition")], ["/dev/disk/by-uuid/1-2", "/dev/sda3"], undefined, false],
    [[area("/dev/zram0", "zram")], [], undefined, true],
    [[area("/swapfile (deleted)", "file")], [], undefined, false],
    [
      [area("/dev/sda3", "partition", { device: partUuid, randomKey: true })],
      [],
      [{ device: partUuid, randomEncryption: { enable: true } }],
      false,
    ],
    // Its hardware file has it; and a place that may be another disk's at the next boot is not overwritten.
    [
      [area("/dev/sda3", "partition", { device: partUuid, randomKey: true })],
      ["/dev/sda3"],
      undefined,
      false,
    ],
    [[area("/dev/sda3", "partition", { randomKey: true })], [], undefined, false],
  ];
  for (const [areas, declared, swap, zram] of cases) {
    const found = carried(carryRunningSwap({ areas, resumeDevice: undefined }, declared));
    assert.deepEqual(found.swapDevices, swap);
    assert.equal(found["zramSwap.enable"] !== undefined, zram);
  }
  const resumes = carried(carryRunningSwap({ areas: [], resumeDevice: "/dev/sda3" }, []));
  assert.deepEqual(resumes["boot.resumeDevice"], "/dev/sda3");
});

Deno.test("carryRunningEncryption() opens what the system stands on, and not the stick that is open now", () => {
  const luks = (name: string, mappedName: string, digit: string): MappedDevice => ({
    name,
    kind: "luks",
    mappedName,
    luksUuid: `0000000${digit}-0000-4000-8000-000000000000`,
  });
  const root = luks("dm-0", "cryptroot", "1");
  const swap = luks("dm-2", "cryptswap", "2");
  const data = luks("dm-3", "data", "3");
  const stick = luks("dm-4", "backup-stick", "4");
  const mappedDevices = [
    root,
    { name: "dm-1", kind: "lvm", mappedName: "vg-root" } as const,
    swap,
    data,
    stick,
  ];
  const belowRoot = [
    { ...mappedDevices[1]!, on: ["dm-0"] },
    { ...root, on: ["nvme0n1p2"] },
  ];
  const areas = [area("/dev/dm-2", "partition", { device: "/dev/mapper/cryptswap" })];
  const found = (crypttab: string | undefined, declared: string[]) =>
    carried(
      carryRunningEncryption(
        { belowRoot, crypttab },
        { mappedDevices },
        { areas, resumeDevice: undefined },
        declared,
      ),
    );
  const device = (one: MappedDevice) => `/dev/disk/by-uuid/${one.luksUuid}`;
  assert.deepEqual(found(undefined, []), {
    "boot.initrd.luks.devices.cryptroot.device": device(root),
    "boot.initrd.luks.devices.cryptswap.device": device(swap),
  });
  const crypttab = "# late\ndata UUID=3 /root/data.key nofail\n  cryptswap UUID=2 /root/swap.key\n";
  assert.deepEqual(found(crypttab, ["cryptroot"]), { "environment.etc.crypttab.text": crypttab });
  assert.deepEqual(found("# nothing\n\n", ["cryptroot", "cryptswap"]), {});
});
