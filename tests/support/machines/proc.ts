/** /proc of a scratch machine, in the kernel's formats (proc(5)). */
import type { MachineDescription, MachineHardware } from "./description.ts";
import type { MachineFiles } from "./machine_files.ts";

/** Writes all of it; network addresses and routes too. */
export function writeProc(files: MachineFiles, machine: MachineDescription): void {
  const { hardware } = machine;
  const { cpu, memoryKiB } = hardware;
  const processors = Array.from({ length: cpu.count }, (_, index) =>
    [
      `processor\t: ${index}`,
      `vendor_id\t: ${cpu.vendor}`,
      `cpu family\t: ${cpu.vendor === "GenuineIntel" ? 6 : 25}`,
      "model\t\t: 151",
      `model name\t: ${cpu.model}`,
      "physical id\t: 0",
      `siblings\t: ${cpu.count}`,
      `core id\t\t: ${index}`,
      `cpu cores\t: ${cpu.count}`,
      `flags\t\t: ${cpu.flags}`,
      "address sizes\t: 46 bits physical, 48 bits virtual",
      "",
    ].join("\n") + "\n").join("");
  files.file("/proc/cpuinfo", processors, { mode: 0o444 });
  const kb = (name: string, value: number) =>
    `${(name + ":").padEnd(16)}${String(value).padStart(8)} kB\n`;
  const swapTotal = machine.swap.reduce((sum, swap) => sum + swap.kiB, 0);
  files.file(
    "/proc/meminfo",
    kb("MemTotal", memoryKiB) + kb("MemFree", Math.floor(memoryKiB / 2)) +
      kb("MemAvailable", Math.floor(memoryKiB * 0.7)) + kb("Buffers", 2048) +
      kb("Cached", Math.floor(memoryKiB / 5)) + kb("SwapTotal", swapTotal) +
      kb("SwapFree", swapTotal) + "HugePages_Total:       0\nHugepagesize:       2048 kB\n",
    { mode: 0o444 },
  );
  writeMounts(files, machine);
  const swaps = machine.swap.map(({ device, kiB }) =>
    `${device.padEnd(40)}${
      device.startsWith("/dev/") ? "partition" : "file\t"
    }\t${kiB}\t\t0\t\t-2\n`
  );
  files.file("/proc/swaps", "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n" + swaps.join(""));
  files.file("/proc/mdstat", "Personalities : \nunused devices: <none>\n", { mode: 0o444 });
  files.file("/proc/cmdline", machine.kernelParams + "\n", { mode: 0o444 });
  files.file(
    "/proc/version",
    "Linux version 6.6.45 (nixbld@localhost) (gcc (GCC) 13.2.0) #1-NixOS SMP PREEMPT_DYNAMIC\n",
  );
  files.file("/proc/sys/kernel/hostname", machine.hostName + "\n");
  files.file("/proc/sys/kernel/osrelease", "6.6.45\n");
  files.file("/proc/uptime", "86401.12 340011.98\n");
  const kvm = cpu.vendor === "GenuineIntel" ? "kvm_intel" : "kvm_amd";
  files.file(
    "/proc/modules",
    `${kvm} 409600 0 - Live 0x0000000000000000\nkvm 1355776 1 ${kvm}, Live 0x0000000000000000\n`,
  );
  writeRoutes(files, hardware);
}

function writeMounts(files: MachineFiles, machine: MachineDescription): void {
  const shown = (device: string) =>
    device === "dm-0" ? `/dev/mapper/${machine.luks[0]?.name}` : `/dev/${device}`;
  const real = machine.mounts.map((mount) => ({ ...mount, source: shown(mount.device) }));
  const virtual = ([
    ["/dev", "devtmpfs", "rw,nosuid,size=814588k,nr_inodes=2033210,mode=755"],
    ["/dev/shm", "tmpfs", "rw,nosuid,nodev"],
    ["/proc", "proc", "rw,nosuid,nodev,noexec,relatime"],
    ["/run", "tmpfs", "rw,nosuid,nodev,size=4072936k,mode=755"],
    ["/sys", "sysfs", "rw,nosuid,nodev,noexec,relatime"],
    ["/run/wrappers", "tmpfs", "rw,nodev,relatime,mode=755"],
  ] as const).map(([mountPoint, fsType, options]) => ({
    mountPoint,
    fsType,
    options,
    source: fsType,
  }));
  const root = real.find((mount) => mount.mountPoint === "/");
  const store = root ? [{ ...root, mountPoint: "/nix/store", options: "ro,relatime" }] : [];
  const all = [...virtual, ...real, ...store];
  files.file(
    "/proc/self/mounts",
    all.map((m) => `${m.source} ${m.mountPoint} ${m.fsType} ${m.options} 0 0\n`).join(""),
  );
  files.link("/proc/mounts", "self/mounts");
  // proc_pid_mountinfo(5): id, parent, major:minor, root, mount point, options - type source options
  files.file(
    "/proc/self/mountinfo",
    all.map((m, index) =>
      `${index + 21} 1 ${m.source.startsWith("/dev/") ? "259" : "0"}:${index + 1} ` +
      `${m.mountPoint === "/nix/store" ? "/nix/store" : "/"} ${m.mountPoint} ` +
      // The store's mount is read-only, its file system is not.
      `${m.options} shared:${index + 1} - ${m.fsType} ${m.source} ${
        m.options.replace(/^ro\b/, "rw")
      }\n`
    ).join(""),
  );
}

function writeRoutes(files: MachineFiles, hardware: MachineHardware): void {
  const rows: string[] = [];
  const rows6: string[] = [];
  const addresses6: string[] = [];
  for (const [index, card] of hardware.cards.entries()) {
    const first = index === 0;
    if (first && hardware.gateway4) rows.push(route(card.name, "0.0.0.0", hardware.gateway4, 0));
    for (const address of card.ipv4) {
      const [ip = "", prefix = "32"] = address.split("/");
      rows.push(route(card.name, network4(ip, Number(prefix)), "0.0.0.0", Number(prefix)));
    }
    if (first && hardware.gateway6) {
      rows6.push(
        `${"0".repeat(32)} 00 ${"0".repeat(32)} 00 ${hex6(hardware.gateway6)} ` +
          `00000400 00000001 00000000 00000003 ${card.name.padStart(8)}\n`,
      );
    }
    for (const address of card.ipv6) {
      const [ip = "", prefix = "128"] = address.split("/");
      const length = Number(prefix).toString(16).padStart(2, "0");
      addresses6.push(
        `${hex6(ip)} ${String(index + 2).padStart(2, "0")} ${length} 00 80 ${
          card.name.padStart(8)
        }\n`,
      );
    }
  }
  files.file(
    "/proc/self/net/route",
    "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n" +
      rows.join(""),
  );
  files.file("/proc/self/net/ipv6_route", rows6.join(""));
  files.file(
    "/proc/self/net/if_inet6",
    `${"0".repeat(31)}1 01 80 10 80       lo\n` + addresses6.join(""),
  );
  files.file("/proc/self/net/fib_trie", fibTrie(hardware));
  files.link("/proc/net", "self/net");
}

/** A row of /proc/net/route: addresses are hexadecimal in host byte order. */
function route(name: string, destination: string, gateway: string, prefix: number): string {
  const flags = gateway === "0.0.0.0" ? "0001" : "0003";
  const mask = prefix === 0 ? 0 : (0xffffffff << (32 - prefix)) >>> 0;
  const dotted = [24, 16, 8, 0].map((shift) => (mask >>> shift) & 255).join(".");
  return [name, hex4(destination), hex4(gateway), flags, 0, 0, 1024, hex4(dotted), 0, 0, 0]
    .join("\t") + "\n";
}

function hex4(ip: string): string {
  return ip.split(".").reverse().map((part) => Number(part).toString(16).padStart(2, "0"))
    .join("").toUpperCase();
}

function network4(ip: string, prefix: number): string {
  const value = ip.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
  const network = value - value % 2 ** (32 - prefix);
  return [24, 16, 8, 0].map((shift) => Math.floor(network / 2 ** shift) % 256).join(".");
}

function hex6(ip: string): string {
  const [head = "", tail = ""] = ip.split("::");
  const groups = (text: string) => text === "" ? [] : text.split(":");
  const missing = 8 - groups(head).length - groups(tail).length;
  const all = [...groups(head), ...Array<string>(missing).fill("0"), ...groups(tail)];
  return all.map((group) => group.padStart(4, "0")).join("");
}

/** The only file of the kernel that lists IPv4 addresses: each is a `/32 host LOCAL` leaf. */
function fibTrie(hardware: MachineHardware): string {
  const addresses = hardware.cards.flatMap((card) => card.ipv4.map((a) => a.split("/")[0]));
  const leaves = ["127.0.0.1", ...addresses].map((ip) =>
    `        |-- ${ip}\n           /32 host LOCAL\n`
  );
  return `Main:\n  +-- 0.0.0.0/0 3 0 5\nLocal:\n  +-- 0.0.0.0/0 3 0 5\n${leaves.join("")}`;
}
