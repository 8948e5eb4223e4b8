import assert from "node:assert/strict";
import { leaseHolder } from "../../../lib/machine/hardware/dhcp_lease.ts";
import { testContext } from "../../support/context.ts";
import { withScratch } from "../../support/scratch_files.ts";

Deno.test("leaseHolder() finds who got an address, and nobody for a static one", async () => {
  const message = new Uint8Array(300);
  message.set([192, 0, 2, 7], 16);
  await withScratch({
    "var/lib/dhcpcd/eth0.lease": message,
    "run/systemd/netif/leases/3": "# private\nADDRESS=192.0.2.8\nNETMASK=255.255.255.0\n",
    "var/lib/NetworkManager/internal-x-eth0.lease": "ADDRESS=192.0.2.9\n",
  }, (root) => {
    const ctx = testContext({ root });
    const holders = [7, 8, 9, 10].map((last) => leaseHolder(ctx, `192.0.2.${last}`));
    assert.deepEqual(holders, ["dhcpcd", "systemd-networkd", "NetworkManager", undefined]);
  });
});
