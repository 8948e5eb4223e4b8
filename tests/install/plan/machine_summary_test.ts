import assert from "node:assert/strict";
import { machineSummary } from "../../../lib/install/plan/machine_summary.ts";
import type { MachineReading } from "../../../lib/install/plan/machine_reading.ts";
import type { Hardware } from "../../../lib/machine/hardware/hardware.ts";
import { testContext } from "../../support/context.ts";
import { withScratch } from "../../support/scratch_files.ts";

const NOTHING: Hardware = {
  cpu: undefined,
  memory: undefined,
  virtualisation: {
    kvmDevice: false,
    kvmModule: undefined,
    nested: undefined,
    guestOf: undefined,
    iommu: { groups: 0, table: undefined, parameters: [] },
  },
  bootMode: "bios",
  pci: [],
  networkCards: [],
  disks: [],
  mappedDevices: [],
};
const XEON = {
  vendor: "intel",
  model: "Intel(R) Xeon(R) CPU",
  cores: 1,
  threads: 2,
  extension: "vmx",
  isGuest: false,
} as const;

type Virtualisation = Partial<Hardware["virtualisation"]>;

async function summary(
  hardware: Partial<Omit<Hardware, "virtualisation">> & {
    readonly virtualisation?: Virtualisation;
  },
  changes: Partial<MachineReading> = {},
): Promise<Record<string, string>> {
  const reading = {
    os: { prettyName: "NixOS 24.05 (Uakari)", isNixos: true },
    session: { kind: "console" },
    locale: { categories: {} },
    bootFiles: { loaders: [], esps: [] },
    ...changes,
    hardware: {
      ...NOTHING,
      ...hardware,
      virtualisation: { ...NOTHING.virtualisation, ...hardware.virtualisation },
    },
  } as unknown as MachineReading;
  const found: Record<string, string>[] = [];
  await withScratch({}, (root) => {
    found.push(Object.fromEntries(machineSummary(testContext({ root }), reading)));
  });
  return found[0]!;
}

Deno.test("machineSummary() says what is not known or not there, and invents nothing", async () => {
  const { machine, ...rest } = await summary({});
  assert.match(machine!, /\(NixOS 24\.05 \(Uakari\)\)$/);
  assert.deepEqual(rest, {
    processor: "unknown: /proc cannot be read",
    virtualisation: "unknown",
    IOMMU: "not offered by the firmware",
    memory: "unknown",
    boot: "BIOS",
    disks: "none found",
    graphics: "none found",
    network: "none found",
    language: "no time zone, no locale, no keyboard layout",
    session: "on this machine",
  });
});

Deno.test("machineSummary() tells of each kind of processor what can be done with it", async () => {
  const cases: [cpu: Hardware["cpu"], virtualisation: Virtualisation, texts: string[]][] = [
    [XEON, { kvmDevice: true, nested: true, iommu: { groups: 1, table: "DMAR", parameters: [] } }, [
      "Intel(R) Xeon(R) CPU (1 core, 2 threads)",
      "VT-x (vmx), /dev/kvm is there, nested on",
      "on, 1 group",
    ]],
    [{ ...XEON, extension: undefined }, { iommu: { groups: 0, table: "DMAR", parameters: [] } }, [
      "Intel(R) Xeon(R) CPU (1 core, 2 threads)",
      "none: turn VT-x or AMD-V on in the firmware, no /dev/kvm now",
      "off; the firmware has it (DMAR)",
    ]],
    [{ ...XEON, vendor: "amd", extension: "svm", threads: 1 }, { kvmDevice: true }, [
      "Intel(R) Xeon(R) CPU (1 core, 1 thread)",
      "AMD-V (svm), /dev/kvm is there",
      "not offered by the firmware; turn VT-d or AMD-Vi on there",
    ]],
    // A rented machine: there is no firmware to turn anything on in.
    [{ ...XEON, extension: undefined, isGuest: true }, { guestOf: "QEMU/KVM" }, [
      "Intel(R) Xeon(R) CPU (1 core, 2 threads)",
      "hidden by the hypervisor this machine runs on, no /dev/kvm now",
      "not offered by the firmware",
    ]],
    // ARM: no flags, often no name, and nothing called VT-x.
    [
      {
        vendor: "other",
        model: undefined,
        cores: 4,
        threads: 4,
        extension: undefined,
        isGuest: false,
      },
      { kvmDevice: true },
      [
        `${Deno.build.arch} (4 cores, 4 threads)`,
        "/dev/kvm is there",
        "not offered by the firmware",
      ],
    ],
  ];
  for (const [cpu, virtualisation, texts] of cases) {
    const found = await summary({ cpu, virtualisation });
    assert.deepEqual([found.processor, found.virtualisation, found.IOMMU], texts);
    assert.equal(found["guest of"], virtualisation.guestOf);
  }
});

Deno.test("machineSummary() names disks as they are sold, and who is at work from where", async () => {
  const disk = (name: string, bytes: number, model?: string) => ({
    name,
    bytes,
    model,
    partitions: [],
  });
  const found = await summary({
    bootMode: "uefi",
    disks: [
      disk("nvme0n1", 512_110_190_592, "Samsung SSD"),
      disk("mmcblk0", 31_268_536_320),
      disk("sda", 128_000_000),
    ],
    networkCards: [{ name: "eth0", driver: undefined, state: "down" }],
    mappedDevices: [
      { name: "dm-0", kind: "luks", mappedName: "root" },
      { name: "dm-1", kind: "lvm", mappedName: "vg-home" },
    ],
  }, {
    bootFiles: { loaders: ["systemd-boot"], esps: ["/boot", "/boot2"] },
    session: { kind: "ssh", clientAddress: "2001:db8::7" },
    invokingUser: { name: "ana" } as MachineReading["invokingUser"],
  });
  assert.equal(found.disks, "nvme0n1 512 GB Samsung SSD; mmcblk0 31 GB; sda 128 MB");
  assert.equal(found.encrypted, "root");
  assert.equal(found.network, "eth0 down");
  assert.equal(
    found.boot,
    "UEFI, systemd-boot, EFI system partition at /boot, EFI system partition at /boot2",
  );
  assert.equal(found.session, "ana, over SSH from 2001:db8::7");
});
