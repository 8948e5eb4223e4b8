/**
 * /proc, /sys and /dev of a scratch machine. /sys is as in sysfs(5): real folders below /sys/devices,
 * links from /sys/class, /sys/block and /sys/bus.
 */
import type {
  MachineDescription,
  MachineDisk,
  MachineHardware,
  MachineNetworkCard,
} from "./description.ts";
import type { MachineFiles } from "./machine_files.ts";
import { writeProc } from "./proc.ts";

/** The major number of fake disks: reserved for local use, so that no driver answers (devices.txt). */
const FAKE_MAJOR = 240;

export function writeHardware(files: MachineFiles, machine: MachineDescription): void {
  writeProc(files, machine);
  writeCpu(files, machine.hardware);
  writePci(files, machine.hardware);
  for (const [index, card] of machine.hardware.cards.entries()) writeCard(files, card, index + 2);
  writeLoopback(files);
  for (const [index, disk] of machine.hardware.disks.entries()) writeDisk(files, disk, index);
  writeLuks(files, machine);
  writeDev(files);
  files.makeDevices();
  const { dmi } = machine.hardware;
  files.values("/sys/class/dmi/id", {
    sys_vendor: dmi.vendor,
    product_name: dmi.product,
    board_name: dmi.product,
    board_vendor: dmi.vendor,
    bios_vendor: dmi.vendor,
    bios_version: "1.14",
    chassis_type: dmi.chassis,
  });
  if (machine.hardware.uefi) {
    files.values("/sys/firmware/efi", { fw_platform_size: 64 });
    files.folder("/sys/firmware/efi/efivars");
  } else files.folder("/sys/firmware/acpi");
}

function writeCpu(files: MachineFiles, { cpu, iommu }: MachineHardware): void {
  const range = cpu.count > 1 ? `0-${cpu.count - 1}` : "0";
  files.values("/sys/devices/system/cpu", { online: range, present: range, possible: range });
  const intel = cpu.vendor === "GenuineIntel";
  if (/\b(vmx|svm)\b/.test(cpu.flags)) {
    const module = `/sys/module/${intel ? "kvm_intel" : "kvm_amd"}`;
    files.values(`${module}/parameters`, { nested: intel ? "Y" : "1" });
    files.device("/dev/kvm", "c", FAKE_MAJOR, 232, 0o660);
    files.device("/dev/vhost-net", "c", FAKE_MAJOR, 238, 0o666);
    files.device("/dev/net/tun", "c", FAKE_MAJOR, 200, 0o666);
  }
  files.folder("/sys/kernel/iommu_groups");
  files.folder("/sys/class/iommu");
  if (!iommu) return;
  const name = intel ? "dmar0" : "ivhd0";
  files.folder(`/sys/devices/virtual/iommu/${name}`);
  files.link(`/sys/class/iommu/${name}`, `../../devices/virtual/iommu/${name}`);
}

function writePci(files: MachineFiles, { pci }: MachineHardware): void {
  files.folder("/sys/bus/pci/devices");
  for (const device of pci) {
    const folder = `/sys/devices/pci0000:00/${device.address}`;
    files.values(folder, {
      class: `0x${device.class}`,
      vendor: `0x${device.vendor}`,
      device: `0x${device.device}`,
      subsystem_vendor: `0x${device.vendor}`,
      subsystem_device: "0x0001",
      numa_node: -1,
      ...(device.class.startsWith("03") ? { boot_vga: device.bootVga ? 1 : 0 } : {}),
    });
    files.link(
      `/sys/bus/pci/devices/${device.address}`,
      `../../../devices/pci0000:00/${device.address}`,
    );
    if (device.driver) {
      files.folder(`/sys/bus/pci/drivers/${device.driver}`);
      files.link(`${folder}/driver`, `../../../bus/pci/drivers/${device.driver}`);
    }
    if (device.iommuGroup !== undefined) {
      const group = `/sys/kernel/iommu_groups/${device.iommuGroup}`;
      files.values(group, { type: "DMA-FQ" });
      files.link(
        `${group}/devices/${device.address}`,
        `../../../../devices/pci0000:00/${device.address}`,
      );
      files.link(`${folder}/iommu_group`, `../../../kernel/iommu_groups/${device.iommuGroup}`);
    }
  }
}

function writeCard(files: MachineFiles, card: MachineNetworkCard, index: number): void {
  const bus = `/sys/devices/pci0000:00/${card.pci}${card.virtio ? `/${card.virtio}` : ""}`;
  const folder = `${bus}/net/${card.name}`;
  files.values(folder, {
    address: card.mac,
    operstate: card.up ? "up" : "down",
    carrier: card.up ? 1 : 0,
    mtu: 1500,
    speed: card.speed,
    ifindex: index,
    type: 1,
    addr_assign_type: 0,
  });
  files.link(`${folder}/device`, `../../../${bus.split("/").at(-1)}`);
  files.link(`/sys/class/net/${card.name}`, `../..${folder.slice("/sys".length)}`);
  if (card.virtio) {
    files.folder(`/sys/bus/virtio/drivers/${card.driver}`);
    files.link(`${bus}/driver`, `../../../../bus/virtio/drivers/${card.driver}`);
  }
}

function writeLoopback(files: MachineFiles): void {
  const folder = "/sys/devices/virtual/net/lo";
  files.values(folder, {
    address: "00:00:00:00:00:00",
    operstate: "unknown",
    mtu: 65536,
    ifindex: 1,
    type: 772,
  });
  files.link("/sys/class/net/lo", "../../devices/virtual/net/lo");
}

function writeDisk(files: MachineFiles, disk: MachineDisk, index: number): void {
  const folder = `/sys/devices/${disk.controller}/block/${disk.name}`;
  files.values(folder, {
    size: Math.floor(disk.bytes / 512),
    removable: 0,
    ro: 0,
    dev: `${FAKE_MAJOR}:${index * 16}`,
  });
  files.values(`${folder}/queue`, { rotational: disk.rotational ? 1 : 0, logical_block_size: 512 });
  files.values(`${folder}/device`, { model: disk.model.padEnd(16), vendor: "ATA     " });
  files.link(`/sys/block/${disk.name}`, `..${folder.slice("/sys".length)}`);
  files.link(`/sys/class/block/${disk.name}`, `../..${folder.slice("/sys".length)}`);
  files.device(`/dev/${disk.name}`, "b", FAKE_MAJOR, index * 16);
  files.link(`/dev/disk/by-id/${disk.id}`, `../../${disk.name}`);
  for (const [number, partition] of disk.partitions.entries()) {
    const dev = `${FAKE_MAJOR}:${index * 16 + number + 1}`;
    files.values(`${folder}/${partition.name}`, {
      size: Math.floor(partition.bytes / 512),
      start: 2048,
      partition: number + 1,
      dev,
    });
    files.link(
      `/sys/class/block/${partition.name}`,
      `../..${folder.slice("/sys".length)}/${partition.name}`,
    );
    files.device(`/dev/${partition.name}`, "b", FAKE_MAJOR, index * 16 + number + 1);
    files.link(`/dev/disk/by-id/${disk.id}-part${number + 1}`, `../../${partition.name}`);
    files.link(`/dev/disk/by-partuuid/${partition.partUuid}`, `../../${partition.name}`);
    if (partition.uuid) {
      files.link(`/dev/disk/by-uuid/${partition.uuid}`, `../../${partition.name}`);
    }
    if (partition.label) {
      files.link(`/dev/disk/by-label/${partition.label}`, `../../${partition.name}`);
    }
  }
}

/** Opened LUKS volumes: dm-N below /sys/block and /dev/mapper. */
function writeLuks(files: MachineFiles, machine: MachineDescription): void {
  for (const [index, volume] of machine.luks.entries()) {
    const name = `dm-${index}`;
    const folder = `/sys/devices/virtual/block/${name}`;
    const uuid = `CRYPT-LUKS2-${volume.uuid.replaceAll("-", "")}-${volume.name}`;
    files.values(`${folder}/dm`, { name: volume.name, uuid });
    files.values(folder, { size: 900000000, ro: 0, removable: 0, dev: `253:${index}` });
    files.values(`${folder}/queue`, { rotational: 0, logical_block_size: 512 });
    files.link(`${folder}/slaves/${volume.device}`, `/sys/class/block/${volume.device}`);
    files.link(`/sys/block/${name}`, `../devices/virtual/block/${name}`);
    files.link(`/sys/class/block/${name}`, `../../devices/virtual/block/${name}`);
    files.device(`/dev/${name}`, "b", FAKE_MAJOR, 200 + index);
    files.link(`/dev/mapper/${volume.name}`, `../${name}`);
    files.link(`/dev/disk/by-id/dm-name-${volume.name}`, `../../${name}`);
    for (const mount of machine.mounts.filter((mount) => mount.device === name)) {
      files.link(`/dev/disk/by-uuid/${mount.uuid}`, `../../${name}`);
    }
  }
}

/** The nodes every program needs, so that the folder can stand in for /dev. */
function writeDev(files: MachineFiles): void {
  files.device("/dev/null", "c", 1, 3, 0o666);
  files.device("/dev/zero", "c", 1, 5, 0o666);
  files.device("/dev/full", "c", 1, 7, 0o666);
  files.device("/dev/random", "c", 1, 8, 0o666);
  files.device("/dev/urandom", "c", 1, 9, 0o666);
  files.device("/dev/tty", "c", 5, 0, 0o666);
  files.link("/dev/ptmx", "pts/ptmx");
  files.folder("/dev/pts");
  files.folder("/dev/shm", { mode: 0o1777 });
  files.link("/dev/fd", "/proc/self/fd");
  files.link("/dev/stdin", "/proc/self/fd/0");
  files.link("/dev/stdout", "/proc/self/fd/1");
  files.link("/dev/stderr", "/proc/self/fd/2");
}
