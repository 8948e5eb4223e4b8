import { attempt } from "../../machine/attempt.ts";
import { accessSync, constants } from "node:fs";
import { hasDevice, kernelContext, kernelText } from "../../machine/hardware/kernel_files.ts";
import { machineHas } from "../../machine/files/machine_files.ts";
import type { Context } from "../../machine/context.ts";
import { commandLine } from "../../machine/shell_words.ts";
import {
  checksOf,
  type CheckSpec,
  denied,
  fail,
  type Finding,
  pass,
  skip,
  warn,
} from "../check.ts";
import type { Facts } from "../facts.ts";

/** What guests need of the CPU and the kernel; the list is virt-host-validate's (libvirt). */
export const kvmChecks = checksOf("Resources", [
  {
    id: "cpu-virtualisation",
    title: "CPU virtualisation",
    check: extension,
  },
  {
    id: "kvm",
    title: "KVM",
    check: kvm,
  },
  {
    id: "nested-kvm",
    title: "nested KVM",
    severity: "warning",
    check: (_ctx, facts) => nested(facts),
  },
  deviceCheck("vhost-net", "vhost-net", "/dev/vhost-net", "vhost_net", "guests' networks are slow"),
  deviceCheck("tun", "TUN/TAP", "/dev/net/tun", "tun", "guests cannot be connected to a bridge"),
]);

function extension(_ctx: Context, facts: Facts): Finding {
  const { cpu, virtualisation } = facts.hardware();
  if (cpu === undefined) return skip("/proc/cpuinfo cannot be read");
  if (cpu.extension) return pass(`${cpu.extension}, ${cpu.threads} threads`);
  if (cpu.vendor === "other") {
    return virtualisation.kvmDevice ? pass("the kernel offers KVM") : skip("not an x86 CPU");
  }
  const name = cpu.vendor === "intel" ? "VT-x" : "AMD-V";
  return fail(
    `the CPU offers no ${name}: guests can only be emulated, which is slow`,
    virtualisation.guestOf
      ? `this machine is a guest of ${virtualisation.guestOf}: turn nested virtualisation on there`
      : `turn ${name} (also called SVM) on in the firmware's settings`,
  );
}

function kvm(ctx: Context, facts: Facts): Finding {
  const { cpu, virtualisation } = facts.hardware();
  const { kvmDevice, kvmModule, guestOf } = virtualisation;
  if (!kvmDevice) {
    if (isTaken(ctx, "/dev/kvm")) {
      return fail(
        "/dev/kvm is no device: guests can only be emulated, which is slow",
        makeRoom("/dev/kvm", kvmModule),
      );
    }
    if (cpu?.vendor !== "other" && !cpu?.extension) return skip("the CPU offers no virtualisation");
    if (kvmModule === undefined) {
      return fail(
        "there is no /dev/kvm: guests can only be emulated, which is slow",
        guestOf
          ? `this machine is a guest of ${guestOf}: turn nested virtualisation on there`
          : "see why the kernel offers none: dmesg | grep -i kvm",
      );
    }
    return fail(
      "there is no /dev/kvm: the kernel's module is not loaded",
      `modprobe ${kvmModule}, and where that fails turn virtualisation on in the firmware's settings` +
        `; for good: boot.kernelModules = [ "${kvmModule}" ];`,
    );
  }
  return usable(ctx, "/dev/kvm") ? pass("/dev/kvm is usable") : denied("/dev/kvm");
}

function nested(facts: Facts): Finding {
  const { nested } = facts.hardware().virtualisation;
  if (nested === undefined) return skip("the kernel does not say");
  return pass(nested ? "on: guests can be hosts themselves" : "off: guests cannot be hosts");
}

function deviceCheck(
  id: string,
  title: string,
  path: string,
  module: string,
  without: string,
): CheckSpec {
  return {
    id,
    title,
    severity: "warning",
    check: (ctx) =>
      hasDevice(ctx, path)
        ? pass(`${path} is there`)
        : isTaken(ctx, path)
        ? warn(`${path} is no device: ${without}`, makeRoom(path, module))
        : builtIn(ctx, module)
        ? pass(`the kernel has ${module}, ${path} appears when it is used`)
        : warn(
          `there is no ${path}: ${without}`,
          `modprobe ${module}; for good: boot.kernelModules = [ "${module}" ];`,
        ),
  };
}

/** What is there where a device should be keeps the kernel from making one: a container's mount makes folders. */
function isTaken(ctx: Context, path: string): boolean {
  return machineHas(kernelContext(ctx, "/dev"), path);
}

function makeRoom(path: string, module: string | undefined): string {
  const reload = module === undefined
    ? "start the machine anew"
    : `modprobe -r ${module}, modprobe ${module}`;
  return `see what has made it, move it away: ${
    commandLine("mv", [path, `${path}.old`])
  }; then ${reload}`;
}

/** Loaded or compiled in (sysfs-module of the kernel's documentation). */
function builtIn(ctx: Context, module: string): boolean {
  const loaded = kernelText(ctx, "/proc/modules") ?? "";
  return new RegExp(`^${module} `, "m").test(loaded) ||
    machineHas(kernelContext(ctx, "/sys"), `/sys/module/${module}`);
}

function usable(ctx: Context, path: string): boolean {
  return attempt(() => {
    accessSync(kernelContext(ctx, "/dev").root.follow(path), constants.R_OK | constants.W_OK);
    return true;
  }) ?? false;
}
