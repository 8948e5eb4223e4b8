/** How people come in, and by which port, is what all proofs of access stand on. */
import { deepEqual, equal } from "node:assert/strict";
import type { AccountState, MachineNow } from "../../../lib/rebuild/proofs/machine_now.ts";
import { proofQuestion } from "../../../lib/rebuild/proofs/proof_question.ts";
import { accountState, configurationFacts, rentedServerNow } from "../../support/facts.ts";

const facts = (ports: number[]) => configurationFacts(({ ssh }) => ssh.ports = ports);

function asked(changes: Partial<MachineNow>, ports: number[] | undefined = [2200, 22]) {
  const before = ports && facts(ports);
  return proofQuestion(before, facts([9]), rentedServerNow(changes));
}

const CONSOLE = { session: { kind: "console" } } as const;

Deno.test("proofQuestion() takes the session's own port and addresses, else the first that runs", () => {
  const session = {
    kind: "ssh",
    clientAddress: "198.51.100.7",
    serverAddress: "203.0.113.42",
    serverPort: 2222,
  } as const;
  const { port, address, client, way } = asked({ session });
  deepEqual([port, address, client, way], [2222, "203.0.113.42", "198.51.100.7", "ssh"]);
  const { port: untold, address: none } = asked({ session: { kind: "ssh" } });
  deepEqual([untold, none], [2200, undefined]);
  equal(asked(CONSOLE).port, 2200);
  equal(asked(CONSOLE, []).port, 22, "sshd's own");
  equal(proofQuestion(undefined, facts([9]), rentedServerNow(CONSOLE)).port, 22);
});

Deno.test("proofQuestion() takes SSH for the way where nobody can log in at the console", () => {
  const way = (...accounts: Partial<AccountState>[]) =>
    asked({ ...CONSOLE, accounts: accounts.map((one) => accountState({ name: "ana", ...one })) })
      .way;
  equal(way({ password: "hash" }), "console");
  equal(way({ password: "none" }, { password: "locked" }), "ssh");
  equal(way({ password: "none" }, { password: "hash" }), "console");
  equal(way({ password: "hash", shell: "/run/current-system/sw/bin/nologin" }), "ssh");
  equal(way({ password: "hash", expired: true }), "ssh");
  // Who may not read /etc/shadow does not know it.
  equal(way({ password: "unknown" }), "console");
  equal(way(), "console");
});
