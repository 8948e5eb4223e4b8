import { deepEqual } from "node:assert/strict";
import { guestProcesses, unitsOfGuests } from "../../../lib/rebuild/activation/guests.ts";
import { testContext } from "../../support/context.ts";
import { withScratch } from "../../support/scratch_files.ts";

Deno.test("unitsOfGuests() knows libvirt's units and those of bridges, and no others", () => {
  const dry = {
    stop: ["libvirtd.service", "sshd.service", "br0-netdev.service", "virtlogd.socket"],
    restart: [
      "network-addresses-br0.service",
      "network-addresses-br1.service",
      "libvirtd-tls.socket",
    ],
    start: ["virtqemud.service"],
    reload: ["libvirtd.service"],
  };
  deepEqual(unitsOfGuests(dry as never, ["br0"]), [
    "libvirtd.service",
    "br0-netdev.service",
    "virtlogd.socket",
    "network-addresses-br0.service",
  ]);
  deepEqual(unitsOfGuests(dry as never, []), ["libvirtd.service", "virtlogd.socket"]);
});

Deno.test("guestProcesses() believes a process file only of the guest that QEMU was started for", async () => {
  const qemu = (name: string) =>
    ["/run/qemu-kvm", "-name", `guest=${name},debug-threads=on`, "-S"].join("\0");
  const files = {
    "run/libvirt/qemu/web.pid": "10\n",
    "proc/10/cmdline": qemu("web"),
    // A comma is doubled in QEMU's options.
    "run/libvirt/qemu/a,b.pid": "11",
    "proc/11/cmdline": qemu("a,,b"),
    "run/libvirt/qemu/a.pid": "11",
    "run/libvirt/qemu/we.pid": "10",
    "run/libvirt/qemu/bare.pid": "12",
    "proc/12/cmdline": "qemu\0-name\0guest=bare\0",
    "run/libvirt/qemu/driver.pid": "13",
    "proc/13/cmdline": "/usr/sbin/libvirtd\0",
    "run/libvirt/qemu/gone.pid": "14",
    "run/libvirt/qemu/words.pid": "../10",
    "run/libvirt/qemu/empty.pid": "",
    "run/libvirt/qemu/web.xml": "10",
    "run/libvirt/qemu/.pid": "10",
  };
  await withScratch(files, (root) => {
    deepEqual(guestProcesses(testContext({ root })).toSorted(), ["a,b", "bare", "web"]);
  });
});
