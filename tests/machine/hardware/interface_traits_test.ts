import { deepEqual } from "node:assert/strict";
import { interfaceTraits } from "../../../lib/machine/hardware/interface_traits.ts";
import { testContext } from "../../support/context.ts";
import { withScratch } from "../../support/scratch_files.ts";

Deno.test("interfaceTraits() reads what the kernel and udev say of cards and of what software makes", async () => {
  await withScratch({
    "sys/class/net/ens3/type": "1\n",
    "sys/class/net/ens3/uevent": "INTERFACE=ens3\nIFINDEX=2\n",
    "sys/class/net/ens3/device/vendor": "0x1af4\n",
    "sys/class/net/ens3/ifindex": "2\n",
    "sys/class/net/ens3/address": "52:54:00:12:34:56\n",
    "sys/class/net/ens3/addr_assign_type": "0\n",
    "run/udev/data/n2": "I:1234567\nE:ID_NET_DRIVER=virtio_net\nE:ID_PATH=pci-0000:00:03.0\n" +
      "E:ID_X=a=b\nG:systemd\n",
    "sys/class/net/wlan0/uevent": "DEVTYPE=wlan\nINTERFACE=wlan0\n",
    "sys/class/net/wlan0/type": "1\n",
    "sys/class/net/wlan0/device/vendor": "0x8086\n",
    "sys/class/net/br0/uevent": "DEVTYPE=bridge\n",
    "sys/class/net/br0/address": "52:54:00:12:34:56\n",
    "sys/class/net/br0/addr_assign_type": "1\n",
    "sys/class/net/tun0/type": "65534\n",
  }, (root) => {
    const ctx = testContext({ root });
    deepEqual(interfaceTraits(ctx, "ens3"), {
      type: "ether",
      kind: null,
      permanentMac: "52:54:00:12:34:56",
      properties: { ID_NET_DRIVER: "virtio_net", ID_PATH: "pci-0000:00:03.0", ID_X: "a=b" },
    });
    deepEqual(interfaceTraits(ctx, "wlan0"), { type: "wlan", kind: null });
    deepEqual(interfaceTraits(ctx, "br0"), { type: "bridge", kind: "bridge" });
    deepEqual(interfaceTraits(ctx, "tun0"), { type: "none" });
    deepEqual(interfaceTraits(ctx, "gone"), {});
  });
});
