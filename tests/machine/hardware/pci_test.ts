import { deepEqual } from "node:assert/strict";
import { readPciDevices } from "../../../lib/machine/hardware/pci.ts";
import { testContext } from "../../support/context.ts";
import { withScratch } from "../../support/scratch_files.ts";

Deno.test("readPciDevices() reads what sysfs says, in the order of addresses", async () => {
  const device = (address: string, [code, vendor, id]: readonly [string, string, string]) => ({
    [`sys/bus/pci/devices/${address}/class`]: `${code}\n`,
    [`sys/bus/pci/devices/${address}/vendor`]: `${vendor}\n`,
    [`sys/bus/pci/devices/${address}/device`]: `${id}\n`,
  });
  const files = {
    ...device("0000:01:00.0", ["0x030000", "0x10de", "0x2204"]),
    ...device("0000:00:1f.6", ["0x020000", "0x8086", "0x15be"]),
    ...device("0000:02:00.0", ["0x010802", "0xabcd", "0x0001"]),
    ...device("0000:03:00.0", ["0x0c0330", "0x1b21", "0x0002"]),
    ...device("0000:04:00.0", ["03", "0x10de", "0x1"]),
    ...device("0000:05:00.0", ["0x030000", "; rm", "0x1"]),
    "sys/bus/pci/devices/0000:01:00.0/iommu_group": { link: "../../../kernel/iommu_groups/14" },
    "sys/kernel/iommu_groups/14/": "",
  };
  await withScratch(files, (root) => {
    deepEqual(readPciDevices(testContext({ root })), [
      {
        address: "0000:00:1f.6",
        kind: "network",
        id: "8086:15be",
        vendor: "Intel",
        iommuGroup: undefined,
      },
      { address: "0000:01:00.0", kind: "gpu", id: "10de:2204", vendor: "NVIDIA", iommuGroup: 14 },
      {
        address: "0000:02:00.0",
        kind: "storage",
        id: "abcd:0001",
        vendor: "abcd",
        iommuGroup: undefined,
      },
      {
        address: "0000:03:00.0",
        kind: "other",
        id: "1b21:0002",
        vendor: "ASMedia",
        iommuGroup: undefined,
      },
    ]);
  });
  await withScratch({ "sys/class/": "" }, (root) => {
    deepEqual(readPciDevices(testContext({ root })), []);
  });
});
