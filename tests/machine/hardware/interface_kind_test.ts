import assert from "node:assert/strict";
import { interfaceKind } from "../../../lib/machine/hardware/interface_kind.ts";
import { testContext } from "../../support/context.ts";
import { withScratch } from "../../support/scratch_files.ts";

Deno.test("interfaceKind() tells tunnels, wireless cards and what configuration makes", async () => {
  await withScratch({
    "sys/class/net/eth0/type": "1\n",
    "sys/class/net/wlan0/phy80211/name": "phy0\n",
    "sys/class/net/wg0/uevent": "DEVTYPE=wireguard\nINTERFACE=wg0\n",
    "sys/class/net/tun0/type": "65534\n",
    "sys/class/net/tap0/tun_flags": "0x1002\n",
    "sys/class/net/br0/uevent": "DEVTYPE=bridge\n",
  }, (root) => {
    const ctx = testContext({ root });
    const kinds = ["eth0", "wlan0", "wg0", "tun0", "tap0", "br0", "gone"]
      .map((name) => interfaceKind(ctx, name));
    assert.deepEqual(kinds, ["card", "wireless", "tunnel", "tunnel", "tunnel", "virtual", "card"]);
  });
});
