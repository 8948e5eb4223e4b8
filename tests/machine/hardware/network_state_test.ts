import assert from "node:assert/strict";
import { interfaceTo, readNetworkState } from "../../../lib/machine/hardware/network_state.ts";
import { testContext } from "../../support/context.ts";
import { withScratch } from "../../support/scratch_files.ts";

const ROUTE = `Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
wlan0\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0
eth0\t00000000\t010200C0\t0003\t0\t0\t100\t00000000\t0\t0\t0
eth0\t00000000\t010200C0\t0203\t0\t0\t1\t00000000\t0\t0\t0
tun0\t00000000\t00000000\t0003\t0\t0\t50\t00000080\t0\t0\t0
eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
`;
const ZEROS = "0".repeat(32);
const ROUTE6 = `fd${
  "0".repeat(30)
} 40 ${ZEROS} 00 ${ZEROS} 00000100 00000001 00000000 00000001     eth0
${ZEROS} 00 ${ZEROS} 00 fe80000000000000000000000000000a 00000400 00000002 00000000 00000003     eth0
${ZEROS} 00 ${ZEROS} 00 ${ZEROS} ffffffff 00000001 00000000 00200200       lo
`;

Deno.test("readNetworkState() reads a recorded machine's default routes, best first", async () => {
  await withScratch({ "proc/net/route": ROUTE, "proc/net/ipv6_route": ROUTE6 }, (root) => {
    const { defaultRoutes, addresses } = readNetworkState(testContext({ root }));
    assert.deepEqual(defaultRoutes, [
      { interface: "eth0", gateway: "192.0.2.1", metric: 100 },
      { interface: "wlan0", gateway: "192.168.1.1", metric: 600 },
      { interface: "eth0", gateway: "fe80::a", metric: 1024 },
    ]);
    assert.deepEqual(addresses, []);
  });
});

Deno.test("readNetworkState() reads resolv.conf, behind systemd-resolved too", async () => {
  await withScratch({
    "etc/resolv.conf": { link: "../run/systemd/resolve/stub-resolv.conf" },
    "run/systemd/resolve/stub-resolv.conf": "nameserver 127.0.0.53\noptions edns0\n",
    "run/systemd/resolve/resolv.conf":
      "; comment\nnameserver 9.9.9.9 # quad9\nnameserver 2620:fe::fe\ndomain old\nsearch a.example b\n",
  }, (root) => {
    const { nameservers } = readNetworkState(testContext({ root }));
    assert.deepEqual(nameservers, ["9.9.9.9", "2620:fe::fe"]);
  });
});

Deno.test("readNetworkState() says nothing of this machine for a mounted one, or for nonsense", async () => {
  const nothing = { addresses: [], defaultRoutes: [], nameservers: [] };
  await withScratch({}, (root) => {
    assert.deepEqual(readNetworkState(testContext({ root })), nothing);
  });
  const nonsense = {
    "proc/net/route": "x\n\0\n0 00000000",
    "proc/net/ipv6_route": `${ZEROS} 00\n`,
  };
  await withScratch(nonsense, (root) => {
    assert.deepEqual(readNetworkState(testContext({ root })), nothing);
  });
});

Deno.test("readNetworkState() of this machine agrees with its interfaces", () => {
  const names = Deno.networkInterfaces().map(({ name }) => name);
  const { addresses, defaultRoutes } = readNetworkState(testContext());
  for (const one of [...addresses, ...defaultRoutes]) assert.ok(names.includes(one.interface));
  assert.ok(addresses.every(({ prefixLength }) => prefixLength >= 0 && prefixLength <= 128));
});

Deno.test("interfaceTo() takes the narrowest route, then the lowest metric", async () => {
  const files = { "proc/net/route": ROUTE, "proc/net/ipv6_route": ROUTE6 };
  await withScratch(files, (root) => {
    const ctx = testContext({ root });
    const ways = {
      "192.0.2.77": "eth0",
      "8.8.8.8": "tun0",
      "198.51.100.7": "eth0",
      "fd00::17": "eth0",
      "2001:db8::1": "eth0",
      "::ffff:8.8.8.8": "tun0",
    };
    for (const [address, name] of Object.entries(ways)) {
      assert.equal(interfaceTo(ctx, address), name, address);
    }
  });
  await withScratch(
    {},
    (root) => assert.equal(interfaceTo(testContext({ root }), "8.8.8.8"), undefined),
  );
});
