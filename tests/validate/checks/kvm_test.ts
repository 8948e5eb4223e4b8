import { equal, match } from "node:assert/strict";
import { lookAt } from "../look.ts";

const INTEL = "processor\t: 0\nvendor_id\t: GenuineIntel\nflags\t\t: fpu vmx\n";
const HIDDEN = "processor\t: 0\nvendor_id\t: AuthenticAMD\nflags\t\t: fpu\n";
const GUEST = "processor\t: 0\nvendor_id\t: GenuineIntel\nflags\t\t: fpu hypervisor\n";
const ARM = "processor\t: 0\nBogoMIPS\t: 50.00\nFeatures\t: fp asimd\nCPU part\t: 0xd0c\n";
/** Zhaoxin's has Intel's extension under another vendor. */
const OTHER_X86 = "processor\t: 0\nvendor_id\t: CentaurHauls\nflags\t\t: fpu vmx\n";
const NOTHING = { "dev/null": "", "sys/module/": "" };
const DMI = { "sys/class/dmi/id/sys_vendor": "QEMU\n" };

for (
  const [id, what, files, status, says] of [
    ["cpu-virtualisation", "Intel", { "proc/cpuinfo": INTEL }, "pass", /vmx, 1 thread/],
    ["cpu-virtualisation", "another maker", { "proc/cpuinfo": OTHER_X86 }, "pass", /vmx/],
    [
      "cpu-virtualisation",
      "the firmware that hides it",
      { "proc/cpuinfo": HIDDEN },
      "fail",
      /AMD-V.*firmware/,
    ],
    [
      "cpu-virtualisation",
      "a guest",
      { ...DMI, "proc/cpuinfo": GUEST },
      "fail",
      /guest of QEMU\/KVM.*nested/,
    ],
    ["cpu-virtualisation", "ARM without KVM", { "proc/cpuinfo": ARM }, "skip", /not an x86/],
    ["cpu-virtualisation", "ARM", { "proc/cpuinfo": ARM, "dev/kvm": "" }, "pass", /offers KVM/],
    ["cpu-virtualisation", "no /proc/cpuinfo", { "proc/x": "" }, "skip", /cpuinfo/],
    ["kvm", "the device", { "proc/cpuinfo": INTEL, "dev/kvm": "" }, "pass", /usable/],
    [
      "kvm",
      "no module",
      { "proc/cpuinfo": INTEL },
      "fail",
      /modprobe kvm-intel.*firmware.*boot\.kernelModules = \[ "kvm-intel" \]/,
    ],
    // Its module is no fault of its own: the other check says what is.
    ["kvm", "a CPU without", { "proc/cpuinfo": HIDDEN }, "skip", /no virtualisation/],
    // There KVM is in the kernel: no module is to be loaded.
    ["kvm", "ARM", { "proc/cpuinfo": ARM }, "fail", /^(?!.*modprobe).*dmesg/],
    ["kvm", "an ARM guest", { ...DMI, "proc/cpuinfo": ARM }, "fail", /guest of QEMU\/KVM/],
    [
      "nested-kvm",
      "on",
      { "proc/cpuinfo": INTEL, "sys/module/kvm_intel/parameters/nested": "Y\n" },
      "pass",
      /on/,
    ],
    [
      "nested-kvm",
      "off",
      { "proc/cpuinfo": INTEL, "sys/module/kvm_intel/parameters/nested": "0\n" },
      "pass",
      /off/,
    ],
    ["nested-kvm", "no module", { "proc/cpuinfo": INTEL }, "skip", /does not say/],
    ["vhost-net", "the device", { "dev/vhost-net": "" }, "pass", /is there/],
    [
      "vhost-net",
      "the module",
      { "proc/modules": "vhost_net 36864 0 - Live 0x0\n" },
      "pass",
      /appears when/,
    ],
    [
      "vhost-net",
      "another's module",
      { "proc/modules": "vhost_net_x 1 0 - Live 0x0\nx 1 1 vhost_net, Live\n" },
      "warn",
      /modprobe vhost_net/,
    ],
    [
      "tun",
      "a kernel that has it built in",
      { "sys/module/tun/version": "1.6\n" },
      "pass",
      /has tun/,
    ],
    ["tun", "nothing", {}, "warn", /modprobe tun/],
    // A container that was given a device which was not there has made a folder.
    [
      "kvm",
      "a folder in its place",
      { "proc/cpuinfo": INTEL, "dev/kvm/": "" },
      "fail",
      /is no device.*mv \/dev\/kvm \/dev\/kvm\.old; then modprobe -r kvm-intel, modprobe kvm-intel/,
    ],
    [
      "kvm",
      "a folder on ARM",
      { "proc/cpuinfo": ARM, "dev/kvm/": "" },
      "fail",
      /start the machine/,
    ],
    [
      "cpu-virtualisation",
      "ARM with a folder",
      { "proc/cpuinfo": ARM, "dev/kvm/": "" },
      "skip",
      /x86/,
    ],
    [
      "vhost-net",
      "a folder in its place",
      { "dev/vhost-net/": "", "proc/modules": "vhost_net 36864 0 - Live 0x0\n" },
      "warn",
      /is no device.*modprobe -r vhost_net/,
    ],
  ] as const
) {
  Deno.test(`${id} and ${what}: ${status}`, async () => {
    // Folders that are there and not empty, so that nothing of this machine is looked at.
    const found = await lookAt(id, { ...NOTHING, "proc/version": "", ...files });
    equal(found.status, status, found.detail);
    match(`${found.detail} ${found.remedy}`, says);
  });
}
