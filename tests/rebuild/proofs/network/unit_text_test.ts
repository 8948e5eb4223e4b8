import { deepEqual } from "node:assert/strict";
import { unitAddresses } from "../../../../lib/rebuild/proofs/network/unit_text.ts";

Deno.test("unitAddresses() takes what a unit gives to its own interface, and nothing of others", () => {
  const text = "[Match]\nName=ens3\n[Network]\nAddress=192.0.2.2/24\n" +
    "[Address]\nAddress = 2001:db8::2/64\n[Neighbor]\nAddress=192.0.2.3\n" +
    "[DHCPServerStaticLease]\nAddress=192.0.2.4\n#Address=192.0.2.5/24\n";
  deepEqual(unitAddresses(text), ["192.0.2.2/24", "2001:db8::2/64"]);
});
