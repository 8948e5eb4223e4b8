import { deepEqual } from "node:assert/strict";
import { disappearing } from "../../../lib/rebuild/proofs/disappearing.ts";
import {
  accountFacts,
  accountState,
  configurationFacts,
  rentedServerNow,
} from "../../support/facts.ts";

const now = rentedServerNow({
  accounts: [
    accountState({ name: "root", uid: 0 }),
    accountState({ name: "alice" }),
    accountState({ name: "bob", uid: 1001 }),
    accountState({ name: "nginx", uid: 60 }),
    accountState({ name: "nixbld1", uid: 30001 }),
  ],
  declaredBefore: ["root", "alice", "nginx", "nixbld1"],
});

Deno.test("disappearing() lists what mutableUsers lets activation remove: what was declared", () => {
  const gone = disappearing(undefined, configurationFacts(), now);
  deepEqual(gone.accounts, ["alice"]);
  deepEqual(gone.systemAccounts, ["nginx"]);
  deepEqual(gone.lockedPasswords, []);
});

Deno.test("disappearing() lists every undeclared account, and locked passwords, without it", () => {
  const after = configurationFacts((f) => {
    f.users.mutableUsers = false;
    f.users.accounts.push(accountFacts({ name: "alice" }));
  });
  const gone = disappearing(undefined, after, now);
  deepEqual(gone.accounts, ["bob"]);
  deepEqual(gone.lockedPasswords, ["alice", "root"]);
});

Deno.test("disappearing() lists services, mounts and ports that are no longer there", () => {
  const before = configurationFacts((f) => {
    f.services = ["sshd", "nginx"];
    f.fileSystems.push({ ...f.fileSystems[0]!, mountPoint: "/data" });
    f.firewall.open = {
      tcp: [22, 80],
      udp: [51820],
      tcpRanges: [{ from: 8000, to: 8100 }],
      udpRanges: [],
    };
  });
  const after = configurationFacts((f) => {
    f.services = ["sshd"];
    f.firewall.open.tcp = [22];
  });
  const gone = disappearing(before, after, now);
  deepEqual(gone.services, ["nginx"]);
  deepEqual(gone.mounts, ["/data"]);
  deepEqual(gone.ports, ["tcp 80", "tcp 8000-8100", "udp 51820"]);
});

Deno.test("disappearing() says nothing of ports when the firewall goes away", () => {
  const before = configurationFacts((f) => f.firewall.open.tcp = [80]);
  const after = configurationFacts((f) => f.firewall.enable = false);
  deepEqual(disappearing(before, after, now).ports, []);
});
