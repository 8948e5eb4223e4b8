import { deepEqual, ok } from "node:assert/strict";
import { findBase } from "../../../lib/nix/evaluation/base.ts";
import type { ConfigurationFacts } from "../../../lib/nix/evaluation/configuration_facts.ts";
import { readConfiguration } from "../../../lib/nix/evaluation/read_configuration.ts";
import type { MachineNow } from "../../../lib/rebuild/proofs/machine_now.ts";
import { refusals } from "../../../lib/rebuild/proofs/verdict.ts";
import { proveDisks } from "../../../lib/rebuild/proofs/proof_disks.ts";
import { judgeConfiguration } from "../../../lib/rebuild/proofs/judgement.ts";
import { proofQuestion } from "../../../lib/rebuild/proofs/proof_question.ts";
import { readMachineNow } from "../../../lib/rebuild/proofs/read_machine_now.ts";
import { testContext } from "../../support/context.ts";
import { hasNix, isRoot } from "../../support/needs.ts";
import {
  MACHINE_KINDS,
  type ScratchMachine,
  scratchMachine,
} from "../../support/scratch_machine.ts";
import { refusalsOf } from "./refused.ts";

const ignore = !hasNix || !isRoot;

async function evaluated(machine: ScratchMachine): Promise<ConfigurationFacts> {
  const ctx = testContext({ root: machine.root });
  const found = await findBase(ctx);
  return await readConfiguration(ctx, found.source);
}

for (const kind of MACHINE_KINDS) {
  Deno.test({
    name: `judgeConfiguration() proves that the ${kind} machine's own configuration keeps it`,
    ignore,
    fn: async () => {
      using machine = scratchMachine(kind);
      const facts = await evaluated(machine);
      const judged = judgeConfiguration(testContext({ root: machine.root }), facts, facts);
      deepEqual(refusals(judged.verdicts), []);
      deepEqual([judged.disappears.services, judged.disappears.mounts], [[], []]);
    },
  });
}

Deno.test({
  name: "readMachineNow() and the evaluated configuration prove the rented server over SSH",
  ignore,
  fn: async () => {
    using machine = scratchMachine("rented");
    const ctx = testContext({ root: machine.root });
    const facts = await evaluated(machine);
    const now: MachineNow = {
      ...readMachineNow(ctx, facts, facts),
      session: {
        kind: "ssh",
        clientAddress: "198.51.100.7",
        serverAddress: "203.0.113.42",
        serverPort: 2222,
      },
      person: "root",
      interfaces: [{
        name: "ens3",
        addresses: [{ address: "203.0.113.42", prefixLength: 24 }],
      }],
      gateways: ["203.0.113.1"],
    };
    ok(now.keyFiles["/root/.ssh/authorized_keys"], JSON.stringify(now.keyFiles));
    deepEqual(refusalsOf(facts, facts, now), []);
    const spoiled = { ...facts, ssh: { ...facts.ssh, ports: [22] } };
    deepEqual(
      refusalsOf(facts, spoiled, now).map(({ id }) => id),
      ["port"],
    );
    // Root's key at home is enough, the declared one as well.
    const undeclared = structuredClone(facts);
    undeclared.users.accounts.forEach((account) => account.authorizedKeys = []);
    deepEqual(refusalsOf(facts, undeclared, now), []);
    const none = { ...now, keyFiles: {} };
    deepEqual(
      refusalsOf(facts, undeclared, none).map(({ id }) => id),
      ["login"],
    );
  },
});

Deno.test({
  name: "proveDisks() finds the disks of an encrypted machine, and misses another machine's",
  ignore,
  fn: async () => {
    using machine = scratchMachine("bios");
    using other = scratchMachine("uefi");
    const facts = await evaluated(machine);
    const at = (root: string) => {
      const now = readMachineNow(testContext({ root }), undefined, facts);
      return proveDisks(proofQuestion(undefined, facts, now));
    };
    const here = at(machine.root);
    ok(here.some(({ what }) => /encrypted device/.test(what)), JSON.stringify(here));
    deepEqual(refusals(here), []);
    ok(refusals(at(other.root)).length > 0);
  },
});
