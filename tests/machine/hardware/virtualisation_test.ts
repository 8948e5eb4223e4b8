import { deepEqual, equal } from "node:assert/strict";
import type { Cpu } from "../../../lib/machine/hardware/cpu.ts";
import {
  readVirtualisation,
  type Virtualisation,
} from "../../../lib/machine/hardware/virtualisation.ts";
import { testContext } from "../../support/context.ts";
import { withScratch } from "../../support/scratch_files.ts";

function cpu(vendor: Cpu["vendor"], isGuest = false): Cpu {
  return { vendor, model: undefined, cores: 1, threads: 1, extension: undefined, isGuest };
}

async function read(files: Record<string, string>, of: Cpu | undefined): Promise<Virtualisation> {
  let found: Virtualisation | undefined;
  // Folders that are empty would be those of the machine that runs the tests.
  await withScratch({ "sys/x": "", "dev/x": "", "proc/x": "", ...files }, (root) => {
    found = readVirtualisation(testContext({ root }), of);
  });
  return found!;
}

Deno.test("readVirtualisation() finds the module that fits the processor, and whether guests may nest", async () => {
  const nested = async (vendor: "intel" | "amd", value: string) =>
    (await read({ [`sys/module/kvm_${vendor}/parameters/nested`]: `${value}\n` }, cpu(vendor)))
      .nested;
  deepEqual(
    [
      await nested("intel", "Y"),
      await nested("amd", "1"),
      await nested("intel", "N"),
      await nested("amd", "0"),
    ],
    [true, true, false, false],
  );
  const other = { "sys/module/kvm_amd/parameters/nested": "1", "dev/kvm": "" };
  const found = await read(other, cpu("intel"));
  deepEqual([found.nested, found.kvmModule, found.kvmDevice], [undefined, "kvm-intel", true]);
  equal((await read({}, undefined)).kvmModule, undefined);
});

Deno.test("readVirtualisation() believes DMI's names only of processors that say they are a guest's", async () => {
  const dmi = (vendor: string, product = "") => ({
    "sys/class/dmi/id/sys_vendor": `${vendor}\n`,
    "sys/class/dmi/id/product_name": `${product}\n`,
  });
  const table: readonly (readonly [Record<string, string>, Cpu | undefined, string | undefined])[] =
    [
      [dmi("QEMU", "Standard PC"), cpu("amd", true), "QEMU/KVM"],
      [dmi("VMware, Inc."), cpu("intel", true), "VMware"],
      [dmi("Microsoft Corporation", "Virtual Machine"), cpu("intel", true), "Hyper-V"],
      [dmi("ACME"), cpu("intel", true), "an unnamed hypervisor"],
      // Amazon's bare machines carry its guests' vendor.
      [dmi("Amazon EC2"), cpu("intel"), undefined],
      [dmi("Microsoft Corporation", "Surface"), cpu("intel"), undefined],
      [dmi("QEMU"), cpu("other"), "QEMU/KVM"],
      [dmi("QEMU"), undefined, "QEMU/KVM"],
      [dmi("Google"), cpu("other"), undefined],
      [{ "sys/hypervisor/type": "xen\n" }, cpu("intel"), "Xen"],
      [{}, cpu("intel"), undefined],
    ];
  for (const [files, of, name] of table) {
    equal((await read(files, of)).guestOf, name, JSON.stringify(files));
  }
});

Deno.test("readVirtualisation() tells the firmware's table, the groups and what the kernel was told", async () => {
  const { iommu } = await read({
    "sys/firmware/acpi/tables/IVRS": "",
    "sys/kernel/iommu_groups/0/devices": "",
    "sys/kernel/iommu_groups/1/devices": "",
    "proc/cmdline": "quiet iommu=pt amd_iommu=on iommu.passthrough=0 noiommux=1 xiommu\n",
  }, cpu("amd"));
  deepEqual(iommu, {
    groups: 2,
    table: "IVRS",
    parameters: ["iommu=pt", "amd_iommu=on", "iommu.passthrough=0"],
  });
});
