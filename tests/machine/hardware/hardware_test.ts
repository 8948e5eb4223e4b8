import assert from "node:assert/strict";
import { readHardware } from "../../../lib/machine/hardware/hardware.ts";
import { testContext } from "../../support/context.ts";
import { type ScratchEntry, withScratch } from "../../support/scratch_files.ts";

const CPUINFO = (vendor: string, flags: string) =>
  [0, 1, 2, 3].map((at) =>
    `processor\t: ${at}\nvendor_id\t: ${vendor}\nmodel name\t: A: CPU\nphysical id\t: 0\n` +
    `core id\t\t: ${at >> 1}\nflags\t\t: fpu ${flags}\n\n`
  ).join("");

/** A PCI device as sysfs shows it: a link into /sys/devices. */
function pci(address: string, ids: string, driver?: string): Record<string, ScratchEntry> {
  const [classCode, vendor, device] = ids.split(" ");
  const folder = `sys/devices/pci0000:00/${address}`;
  return {
    [`sys/bus/pci/devices/${address}`]: { link: `../../../devices/pci0000:00/${address}` },
    [`${folder}/class`]: `0x${classCode}\n`,
    [`${folder}/vendor`]: `0x${vendor}\n`,
    [`${folder}/device`]: `0x${device}\n`,
    [`${folder}/iommu_group`]: { link: "../../../kernel/iommu_groups/14" },
    ...(driver ? { [`${folder}/driver`]: { link: `../../../bus/pci/drivers/${driver}` } } : {}),
  };
}

const WORKSTATION: Record<string, ScratchEntry> = {
  "proc/cpuinfo": CPUINFO("AuthenticAMD", "svm npt"),
  "proc/cmdline": "quiet amd_iommu=on iommu=pt root=/dev/sda1\n",
  "proc/meminfo":
    "MemTotal:       16384 kB\nMemAvailable:   1024 kB\nSwapFree:       512 kB\nHugePages_Total:   4\n",
  "dev/kvm": "",
  "sys/firmware/efi/": "",
  "sys/firmware/acpi/tables/IVRS": "",
  "sys/kernel/iommu_groups/0/": "",
  "sys/kernel/iommu_groups/14/": "",
  "sys/module/kvm_amd/parameters/nested": "1\n",
  "sys/class/dmi/id/sys_vendor": "Amazon EC2\n",
  "sys/class/net/enp3s0": { link: "../../devices/pci0000:00/0000:03:00.0/net/enp3s0" },
  "sys/devices/pci0000:00/0000:03:00.0/net/enp3s0/device": { link: "../../../0000:03:00.0" },
  "sys/devices/pci0000:00/0000:03:00.0/net/enp3s0/operstate": "up\n",
  "sys/class/net/br0/bridge/": "",
  "sys/class/net/lo/address": "00:00:00:00:00:00\n",
  ...pci("0000:01:00.0", "030000 10de 2204", "nouveau"),
  ...pci("0000:02:00.0", "010802 144d a80a", "nvme"),
  ...pci("0000:03:00.0", "020000 10ec 8125", "r8169"),
  ...pci("0000:04:00.0", "0c0330 f00d 0001"),
  "sys/bus/pci/devices/broken/class": "nonsense",
};

Deno.test("readHardware() reads a machine's own /proc, /sys and /dev", async () => {
  await withScratch(WORKSTATION, (root) => {
    const found = readHardware(testContext({ root }));
    assert.deepEqual(found.cpu, {
      vendor: "amd",
      model: "A: CPU",
      cores: 2,
      threads: 4,
      extension: "svm",
      isGuest: false,
    });
    assert.deepEqual(found.memory, {
      total: 16384 * 1024,
      available: 1536 * 1024,
    });
    assert.deepEqual(found.virtualisation, {
      kvmDevice: true,
      kvmModule: "kvm-amd",
      nested: true,
      guestOf: undefined,
      iommu: { groups: 2, table: "IVRS", parameters: ["amd_iommu=on", "iommu=pt"] },
    });
    assert.equal(found.bootMode, "uefi");
    assert.deepEqual(
      found.pci.map(({ address, kind, id, vendor }) => [address, kind, id, vendor].join(" ")),
      [
        "0000:01:00.0 gpu 10de:2204 NVIDIA",
        "0000:02:00.0 storage 144d:a80a Samsung",
        "0000:03:00.0 network 10ec:8125 Realtek",
        "0000:04:00.0 other f00d:0001 f00d",
      ],
    );
    assert.equal(found.pci[0]!.iommuGroup, 14);
    assert.deepEqual(found.networkCards, [{
      name: "enp3s0",
      driver: "r8169",
      state: "up",
    }]);
  });
});

Deno.test("readHardware() names the hypervisor of a guest", async () => {
  await withScratch({
    "proc/cpuinfo": CPUINFO("GenuineIntel", "hypervisor"),
    "sys/class/dmi/id/product_name": "VMware7,1\n",
  }, (root) => {
    const { cpu, virtualisation, bootMode } = readHardware(testContext({ root }));
    assert.equal(virtualisation.guestOf, "VMware");
    assert.equal(virtualisation.kvmModule, "kvm-intel");
    assert.equal(virtualisation.nested, undefined);
    assert.equal(cpu?.extension, undefined);
    assert.equal(bootMode, "bios");
  });
});

Deno.test("readHardware() takes the hardware you sit at when a mounted machine has none", async () => {
  await withScratch({ "proc/": "", "sys/": "", "etc/hostname": "mounted" }, (root) => {
    const [mounted, here] = [readHardware(testContext({ root })), readHardware(testContext())];
    const comparable = ({ cpu, disks, pci }: typeof here) => ({ cpu, disks, pci });
    assert.deepEqual(comparable(mounted), comparable(here));
  });
});

Deno.test("readHardware() states what it cannot know", async () => {
  await withScratch({ "proc/cpuinfo": { link: "/nowhere" }, "sys/bus/pci": "a file" }, (root) => {
    const found = readHardware(testContext({ root }));
    assert.equal(found.cpu, undefined);
    assert.equal(found.memory, undefined);
    assert.deepEqual(found.pci, []);
  });
});

Deno.test("readHardware() gives a full picture of this machine", () => {
  const { cpu, memory, disks } = readHardware(testContext());
  assert.ok(cpu && cpu.threads >= cpu.cores && cpu.cores >= 1);
  assert.ok(memory && memory.total > 64 * 1024 * 1024);
  assert.ok(disks.every((disk) => disk.bytes > 0));
});
