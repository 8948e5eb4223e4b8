/** Which interface a unit of networkd is for: systemd.network(5), "[Match]". */
import { equal } from "node:assert/strict";
import { isFor } from "../../../../lib/rebuild/proofs/network/unit_match.ts";
import type { Device } from "../../../../lib/rebuild/proofs/machine_now.ts";

const CARD: Device = {
  name: "ens3",
  mac: "52:54:00:12:34:56",
  traits: {
    type: "ether",
    kind: null,
    permanentMac: "52:54:00:ab:cd:ef",
    properties: {
      ID_NET_DRIVER: "virtio_net",
      ID_PATH: "pci-0000:00:03.0",
      ID_NET_NAME_PATH: "enp0s3",
      ID_VENDOR_ID: "0x1af4",
    },
  },
};

function matched(match: string, device = CARD) {
  return isFor({ name: "1.network", text: `${match}\n[Network]\nDHCP=yes\n` }, device);
}

Deno.test("isFor() holds each condition against what is known of a card", () => {
  const table = {
    "Name=ens3": "yes",
    "Name=eth0 en*": "yes",
    "Name=eth0": "no",
    "Name=!lo": "yes",
    "Name=!eth* ens3": "no",
    "Name=!en*": "no",
    // Each line says by itself what it is about.
    "Name=en*\nName=!ens3": "no",
    "Name=en*\nName=!ens4": "yes",
    "Name=enp0s3": "yes",
    "Name=en[sp]3": "yes",
    "Name=en[!s]3": "no",
    "Name=ens[0-9]": "yes",
    "Name=": "no",
    "MACAddress=52:54:00:12:34:56": "yes",
    "MACAddress=52-54-00-12-34-56": "yes",
    "MACAddress=5254.0012.3456": "yes",
    "MACAddress=52:54:00:12:34:57 52:54:00:12:34:56": "yes",
    "MACAddress=52:54:00:12:34:57": "no",
    "Name=ens3\nMACAddress=52:54:00:12:34:57": "no",
    "PermanentMACAddress=52:54:00:AB:CD:EF": "yes",
    "PermanentMACAddress=52:54:00:12:34:56": "no",
    "Driver=virtio_net": "yes",
    "Driver=!virtio*": "no",
    "Driver=e1000e igb": "no",
    "Path=pci-*": "yes",
    "Path=platform-*": "no",
    "Type=ether": "yes",
    "Type=wlan": "no",
    "Type=ether wlan": "yes",
    "Type=!wlan": "yes",
    // Hardware has no kind.
    "Kind=bridge": "no",
    "Kind=!*": "yes",
    "Type=ether\nKind=!*": "yes",
    "Property=ID_VENDOR_ID=0x1af4": "yes",
    "Property=ID_VENDOR_ID=0x8086": "no",
    "Property=!ID_VENDOR_ID=0x8086": "yes",
    "Property=ID_VENDOR_ID=0x1af4 ID_MODEL=x": "no",
    "Host=web1": "maybe",
    "Host=web1\nName=eth0": "no",
    "SSID=home\nName=ens3": "maybe",
    "#Name=eth0\nName = ens3": "yes",
  };
  for (const [match, expected] of Object.entries(table)) {
    equal(matched(`[Match]\n${match}`), expected, match);
  }
  // networkd leaves out a file that asks for nothing.
  equal(matched(""), "no");
  // What sets an address of a link is no condition.
  equal(matched("[Match]\nName=ens3\n[Link]\nMACAddress=02:00:00:00:00:01"), "yes");
});

Deno.test("isFor() does not know of a card of which only the name is known", () => {
  for (const match of ["Driver=x", "Type=ether", "Kind=!*", "MACAddress=52:54:00:12:34:56"]) {
    equal(matched(`[Match]\n${match}`, { name: "ens3" }), "maybe", match);
  }
  equal(matched("[Match]\nName=ens3", { name: "ens3" }), "yes");
});
