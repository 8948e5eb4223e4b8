/** What a real activation and a real boot would have done, and the stand-ins of a machine do not. */
import { fileHash, linkHash } from "../../lib/machine/tree/blob_hash.ts";
import { Root } from "../../lib/machine/root.ts";
import { encodeIndex, FIGURES } from "../../lib/sync/tree/index_file.ts";
import type { ManifestEntry } from "../../lib/sync/tree/manifest.ts";
import { manifestFromList } from "../../lib/sync/tree/manifest_trees.ts";
import { encodeState } from "../../lib/sync/state.ts";
import type { StandIns } from "../support/stand_ins.ts";

/** Makes a freshly installed machine a running, healthy one. */
export async function settle(root: string): Promise<void> {
  const file = (path: string, text: string, mode = 0o644) => {
    Deno.mkdirSync((root + path).replace(/\/[^/]*$/, ""), { recursive: true, mode: 0o755 });
    Deno.writeTextFileSync(root + path, text);
    Deno.chmodSync(root + path, mode);
  };
  for (const folder of ["/var/log/hypervisor", "/var/log/nixos"]) {
    Deno.mkdirSync(root + folder, { recursive: true });
    Deno.chmodSync(root + folder, 0o755);
  }
  file("/sys/fs/cgroup/cgroup.controllers", "cpuset cpu io memory hugetlb pids rdma misc\n", 0o444);
  // What update-users-groups.pl makes of users-local.nix.
  const people = ["alice", "bob"];
  const groups = Deno.readTextFileSync(`${root}/etc/group`).trimEnd().split("\n");
  const own = ["wheel", "kvm", "libvirtd", "video", "input"];
  const others = groups.filter((line) => !own.includes(line.split(":")[0]!));
  const gids: Record<string, number> = { wheel: 1, kvm: 302, libvirtd: 67, video: 26, input: 174 };
  const mine = own.map((name) => `${name}:x:${gids[name]}:${people.join(",")}`);
  file("/etc/group", [...others, ...mine].join("\n") + "\n");
  const virsh = "/run/current-system/sw/bin/virsh";
  file(
    "/etc/sudoers",
    "root\tALL=(ALL:ALL)\tSETENV: ALL\n%wheel\tALL=(ALL:ALL)\tSETENV: ALL\n" +
      people.map((who) =>
        `${who}\tALL=(root)\tNOPASSWD: ${virsh} list --all, NOPASSWD: ${virsh} ` +
        "^(start|shutdown|console) [A-Za-z0-9][A-Za-z0-9._+-]*$\n"
      ).join(""),
    0o440,
  );
  file(
    "/var/lib/libvirt/qemu/web.xml",
    "<domain><emulator>/run/libvirt/nix-emulators/qemu</emulator>",
  );
  await seedSyncState(root);
  // What setup-etc.pl makes of the generation's own /etc.
  const fixed = Deno.readLinkSync(`${root}/etc/static`);
  Deno.mkdirSync(`${root}${fixed}/nixos`, { recursive: true });
  Deno.symlinkSync("/etc/hypervisor/src/flake.nix", `${root}${fixed}/nixos/flake.nix`);
  Deno.symlinkSync("/etc/static/nixos/flake.nix", `${root}/etc/nixos/flake.nix`);
  const system = new Root(root).realPath("/nix/var/nix/profiles/system");
  for (const name of ["current-system", "booted-system"]) {
    Deno.removeSync(`${root}/run/${name}`);
    Deno.symlinkSync(system, `${root}/run/${name}`);
  }
}

/** What systemd, libvirt and the clock say on such a machine. */
export function answerWell(stand: StandIns): void {
  stand.set("systemctl/running", "running\n");
  for (const unit of ["libvirtd.service", "nix-daemon.socket", "dbus.service", "sshd.service"]) {
    stand.set(`systemctl/units/${unit}`, "ActiveState=active\n");
  }
  program(stand, "timedatectl", "echo yes");
  program(stand, "virsh", "echo qemu:///system");
}

const COMMIT = "c0ffee".padEnd(40, "0");

/** As if smart-sync had put the tree there: its state, and the index of all its files. */
async function seedSyncState(root: string): Promise<void> {
  const tree = `${root}/etc/hypervisor/src`;
  const entries: ManifestEntry[] = [];
  const walk = (below: string) => {
    for (const { name, isDirectory, isSymlink } of Deno.readDirSync(`${tree}/${below}`)) {
      const [path, host] = [below + name, `${tree}/${below}${name}`];
      if (isDirectory) walk(`${path}/`);
      else if (isSymlink) entries.push({ path, mode: 0o120000, sha: linkHash(host) });
      else {
        const { mode, size } = Deno.statSync(host);
        const executable = ((mode ?? 0) & 0o100) !== 0;
        entries.push({ path, mode: executable ? 0o100755 : 0o100644, sha: fileHash(host, size)! });
      }
    }
  };
  walk("");
  const manifest = manifestFromList(COMMIT, entries);
  const figures = new Float64Array(manifest.entries.length * FIGURES);
  const folder = `${root}/var/lib/hyper-nixos/sync`;
  Deno.mkdirSync(folder, { recursive: true, mode: 0o700 });
  const state = {
    version: 1 as const,
    repository: "owner/hyper-nixos",
    commit: COMMIT,
    ref: "main",
    time: "2026-11-24T08:00:00.000Z",
  };
  Deno.writeTextFileSync(`${folder}/state.json`, encodeState(state));
  Deno.writeFileSync(`${folder}/index`, await encodeIndex({ manifest, figures }));
}

/** Puts a program on the machine's PATH. */
export function program(stand: StandIns, name: string, script: string): void {
  Deno.writeTextFileSync(`${stand.folder}/${name}`, `#!/bin/sh\n${script}\n`);
  Deno.chmodSync(`${stand.folder}/${name}`, 0o755);
}
