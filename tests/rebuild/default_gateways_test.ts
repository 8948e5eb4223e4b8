import { deepEqual } from "node:assert/strict";
import { defaultGateways } from "../../lib/rebuild/default_gateways.ts";
import { testContext } from "../support/context.ts";

Deno.test("defaultGateways() reads the kernel's routes of both families", () => {
  const root = Deno.makeTempDirSync();
  try {
    Deno.mkdirSync(`${root}/proc/net`, { recursive: true });
    Deno.writeTextFileSync(
      `${root}/proc/net/route`,
      "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\n" +
        "ens3\t00000000\t017100CB\t0003\t0\t0\t0\t00000000\n" +
        "ens3\t007100CB\t00000000\t0001\t0\t0\t0\t00FFFFFF\n",
    );
    Deno.writeTextFileSync(
      `${root}/proc/net/ipv6_route`,
      "00000000000000000000000000000000 00 00000000000000000000000000000000 00 " +
        "fe800000000000000000000000000001 00000400 00000001 00000000 00000003     ens3\n" +
        "20010db8471100000000000000000000 40 00000000000000000000000000000000 00 " +
        "00000000000000000000000000000000 00000100 00000001 00000000 00000001     ens3\n" +
        "00000000000000000000000000000000 00 00000000000000000000000000000000 00 " +
        "00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo\n",
    );
    deepEqual(defaultGateways(testContext({ root })), [
      "203.0.113.1",
      "fe80:0000:0000:0000:0000:0000:0000:0001",
    ]);
  } finally {
    Deno.removeSync(root, { recursive: true });
  }
});
