import { kernelContext, kernelText } from "../../machine/hardware/kernel_files.ts";
import { machineFolder, machineText } from "../../machine/files/machine_files.ts";
import type { Context } from "../../machine/context.ts";
import { checksOf, fail, type Finding, pass, skip, some, warn } from "../check.ts";

/** Disks that stand in for each other, as the kernel says they are: nothing asks a disk itself, which may hang. */
export const arrayChecks = checksOf("Resources", [
  { id: "disk-arrays", title: "disk arrays", check: arrays },
]);

/** What is known of one array. */
interface DiskArray {
  readonly name: string;
  /** In words; undefined when all is there. */
  readonly trouble: string | undefined;
  readonly broken: boolean;
  /** Shows more. */
  readonly command: string;
}

function arrays(ctx: Context): Finding {
  const proc = kernelContext(ctx, "/proc");
  if (machineFolder(proc, "/proc").length === 0) return skip("/proc cannot be read");
  const all = [...softwareRaid(ctx), ...zfsPools(proc), ...btrfs(kernelContext(ctx, "/sys"))];
  const troubled = all.filter(({ trouble }) => trouble !== undefined);
  if (troubled.length === 0) {
    return pass(all.length === 0 ? "none" : `complete: ${some(all.map(({ name }) => name))}`);
  }
  const items = troubled.map(({ name, trouble }) => `${name} ${trouble}`);
  const found = troubled.some(({ broken }) => broken) ? fail : warn;
  return found(some(items, 2), `${troubled[0]!.command}; replace what is broken`, items);
}

/** Linux's software RAID: `md0 : active raid1 sdb1[1](F) sda1[0]`, and below it `[2/1] [U_]` (md(4)). */
function softwareRaid(ctx: Context): DiskArray[] {
  const text = kernelText(ctx, "/proc/mdstat") ?? "";
  return text.split(/^(?=md\S* : )/m).filter((part) => part.startsWith("md")).map((part) => {
    const [, name = "", state] = /^(md\S*) : (\w+)/.exec(part) ?? [];
    const [, wanted, there] = /\[(\d+)\/(\d+)\] \[[U_]+\]/.exec(part) ?? [];
    const isShort = wanted !== undefined && Number(there) < Number(wanted);
    const trouble = state === "inactive"
      ? "was not started"
      : isShort
      ? `has ${there} of ${wanted} disks`
      : undefined;
    return { name, trouble, broken: state === "inactive", command: `mdadm --detail /dev/${name}` };
  });
}

/** Each pool's state, as `zpool status` says it; a pool that is suspended answers nobody else. */
function zfsPools(proc: Context): DiskArray[] {
  const folder = "/proc/spl/kstat/zfs";
  return machineFolder(proc, folder).flatMap((name) => {
    const state = machineText(proc, `${folder}/${name}/state`)?.trim();
    if (state === undefined) return [];
    const trouble = state === "ONLINE" ? undefined : `is ${state}`;
    return [{ name, trouble, broken: state !== "DEGRADED", command: `zpool status ${name}` }];
  });
}

/** Of every mounted btrfs, which of its devices are missing (sysfs-fs-btrfs of the kernel's documentation). */
function btrfs(sys: Context): DiskArray[] {
  const folder = "/sys/fs/btrfs";
  return machineFolder(sys, folder).flatMap((uuid) => {
    const devices = machineFolder(sys, `${folder}/${uuid}/devinfo`);
    if (devices.length === 0) return [];
    const missing = devices.filter((device) =>
      machineText(sys, `${folder}/${uuid}/devinfo/${device}/missing`)?.trim() === "1"
    );
    const label = machineText(sys, `${folder}/${uuid}/label`)?.trim();
    return [{
      name: label || uuid,
      trouble: missing.length === 0
        ? undefined
        : `misses ${missing.length} of ${devices.length} disks`,
      broken: false,
      command: "btrfs filesystem show",
    }];
  });
}
