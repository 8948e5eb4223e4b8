import { machineText } from "../../machine/files/machine_files.ts";
import { unescapeOctal } from "../../machine/hardware/mounts.ts";
import type { ConfigurationFacts } from "../../nix/evaluation/configuration_facts.ts";
import type { Context } from "../../machine/context.ts";
import type { RunningDifference } from "./running_differences.ts";

/** What is mounted where, by fstab(5); its options follow the release. */
export function differentDisks(
  ctx: Context,
  toplevel: string,
  facts: ConfigurationFacts,
): RunningDifference[] {
  const text = machineText(ctx, `${toplevel}/etc/fstab`);
  if (text === undefined) return [];
  const lines = text.split("\n").map((line) => line.trim().split(/\s+/))
    .filter(([first = "", mountPoint]) => !first.startsWith("#") && mountPoint?.startsWith("/"));
  const runs = new Map(
    lines.map(([device, mountPoint, type]) => [
      unescapeOctal(mountPoint!),
      mounted(unescapeOctal(device!), type ?? ""),
    ]),
  );
  const read = new Map(
    facts.fileSystems.map(({ mountPoint, device, fsType }) => [
      mountPoint,
      device === null ? null : mounted(device, fsType),
    ]),
  );
  return [
    ...[...read].flatMap(([mountPoint, device]): RunningDifference[] => {
      const running = runs.get(mountPoint);
      if (running === undefined) {
        const from = device ?? "a disk";
        return [{
          text: `${mountPoint}: nothing is mounted by what runs, and ${from} by what was read`,
          alike: {
            told: `mounts of ${
              origin(from, mountPoint)
            } are in what was read, and not in what runs`,
            name: mountPoint,
          },
        }];
      }
      if (device === null || device === running || running.startsWith("LABEL=")) return [];
      const [was, is] = [origin(device, mountPoint), origin(running, mountPoint)];
      return [{
        text: `${mountPoint}: ${device} was read, ${running} runs`,
        alike: {
          told: `mounts are of ${was} in what was read, and of ${is} in what runs`,
          name: mountPoint,
        },
      }];
    }),
    ...[...runs].filter(([mountPoint]) => !read.has(mountPoint)).map(([mountPoint, device]) => ({
      text: `${mountPoint}: ${device} is mounted by what runs, and nothing by what was read`,
      alike: {
        told: `mounts of ${origin(device, mountPoint)} are in what runs, and not in what was read`,
        name: mountPoint,
      },
    })),
  ];
}

/** What a person calls it: of a file system in memory, the device is any word (`none`, `tmpfs`). */
function mounted(device: string, type: string): string {
  return type === "tmpfs" || type === "ramfs" ? `a ${type}` : device;
}

/**
 * What the devices of several mounts have in common: the folder that keeps what is bound from it to the same
 * place elsewhere (`/persist/home` at `/home`), ZFS's pool, a file server; else the device.
 */
function origin(device: string, mountPoint: string): string {
  if (!device.startsWith("/")) return device.split("/", 1)[0]!;
  return device.endsWith(mountPoint) && device !== mountPoint && mountPoint !== "/"
    ? `folders below ${device.slice(0, -mountPoint.length)}`
    : device;
}
