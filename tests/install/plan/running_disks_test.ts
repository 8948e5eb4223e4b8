import assert from "node:assert/strict";
import { folded } from "../../../lib/install/plan/running_differences.ts";
import { differentDisks } from "../../../lib/install/plan/running_disks.ts";
import { testContext } from "../../support/context.ts";
import { configurationFacts } from "../../support/facts.ts";
import { withScratch } from "../../support/scratch_files.ts";

const KEPT = [
  "/etc/ssh",
  "/etc/NetworkManager/system-connections",
  "/home",
  "/root",
  ...["bluetooth", "docker", "libvirt", "nixos", "systemd/coredump", "My Games"]
    .map((name) => `/var/lib/${name}`),
  ..."abcdefghij".split("").map((name) => `/srv/${name}`),
];
const ROOT = "/dev/disk/by-uuid/5e0a6d0e-8f0d-4e39-9a7f-5d3f2a6d9b11";

/** fstab(5) as NixOS writes it (nixos/modules/tasks/filesystems.nix). */
function fstab(
  mounts: readonly (readonly [device: string, point: string, type: string])[],
): string {
  const escaped = (text: string) => text.replaceAll(" ", "\\040");
  return [
    "# This is a generated file.  Do not edit!",
    "#",
    "# Filesystems.",
    ...mounts.map(([device, point, type]) =>
      `${escaped(device)} ${escaped(point)} ${type} defaults 0 0`
    ),
    "",
    "# Swap devices.",
    "/dev/disk/by-label/swap none swap defaults",
    "",
  ].join("\n");
}

type Read = readonly (readonly [mountPoint: string, device: string | null, fsType: string])[];

async function different(runs: Parameters<typeof fstab>[0], read: Read) {
  const facts = configurationFacts((facts) => {
    facts.fileSystems = read.map(([mountPoint, device, fsType]) => ({
      mountPoint,
      device,
      fsType,
      options: [],
      neededForBoot: false,
    }));
  });
  const found: ReturnType<typeof differentDisks>[] = [];
  await withScratch({ "system/etc/fstab": fstab(runs) }, (root) => {
    found.push(differentDisks(testContext({ root }), "/system", facts));
  });
  return found[0]!;
}

Deno.test("a machine whose root is in memory, read as another, is told on a screen and whole", async () => {
  const bound = KEPT.map((path) => [`/persist${path}`, path, "none"] as const);
  const found = await different(
    [["none", "/", "tmpfs"], [ROOT, "/nix", "ext4"], [ROOT, "/persist", "ext4"], ...bound],
    [["/", ROOT, "ext4"]],
  );
  assert.equal(found.length, KEPT.length + 3);
  for (const path of KEPT) assert.ok(found.some(({ text }) => text.startsWith(`${path}: `)), path);
  assert.deepEqual(folded(found), [
    `/: ${ROOT} was read, a tmpfs runs`,
    `/nix: ${ROOT} is mounted by what runs, and nothing by what was read`,
    `/persist: ${ROOT} is mounted by what runs, and nothing by what was read`,
    `${KEPT.length} mounts of folders below /persist are in what runs, and not in what was read: ` +
    `/etc/ssh, /etc/NetworkManager/system-connections, /home, /root, /var/lib/bluetooth and ` +
    `${KEPT.length - 5} more`,
  ]);
});

Deno.test("datasets of a pool, subvolumes of a disk and exports of a server are told together", async () => {
  const points = ["/", "/home", "/nix", "/var", "/var/log"];
  const subvolumes = points.map((point) => [point, ROOT, "btrfs"] as const);
  const datasets = points.map((point) => [`rpool/system${point}`, point, "zfs"] as const);
  const exports = points.map((point) => [`nas:/export${point}`, `/mnt${point}`, "nfs4"] as const);
  assert.deepEqual(folded(await different([...datasets, ...exports], subvolumes)), [
    `5 mounts are of ${ROOT} in what was read, and of rpool in what runs: ${points.join(", ")}`,
    "5 mounts of nas: are in what runs, and not in what was read: " +
    "/mnt/, /mnt/home, /mnt/nix, /mnt/var, /mnt/var/log",
  ]);
});

Deno.test("what is the same, or only named by another word, is no difference", async () => {
  assert.deepEqual(
    await different(
      [["tmpfs", "/", "tmpfs"], ["LABEL=data", "/srv/my data", "xfs"], ["/a b", "/c d", "none"]],
      [["/", "none", "tmpfs"], ["/srv/my data", "/dev/sdb1", "xfs"], ["/c d", "/a b", "none"]],
    ),
    [],
  );
  assert.deepEqual(await different([["/dev/sda1", "/", "ext4"]], [["/", null, "ext4"]]), []);
});
