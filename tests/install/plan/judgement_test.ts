/** Why a new host cannot be judged, or stops a run: said by whose doing it is. */
import assert from "node:assert/strict";
import { type JudgementInput, judgeStaged } from "../../../lib/install/plan/judgement.ts";
import { readMachine } from "../../../lib/install/plan/machine_reading.ts";
import { findSource } from "../../../lib/install/source/source.ts";
import { testContext } from "../../support/context.ts";
import { INSTALL_OPTIONS } from "../../support/install_options.ts";
import { planFor } from "../../support/make_plan.ts";
import { hasNix } from "../../support/needs.ts";
import { type ScratchMachine, scratchMachine } from "../../support/scratch_machine.ts";
import { makeSource } from "../../support/source.ts";

const LOCAL = "/etc/hypervisor/configuration/local.nix";

/** The blockers with exit 6 of a machine's plan after a change of it. */
async function blockersOf(prepare: (machine: ScratchMachine) => void): Promise<string[]> {
  using machine = scratchMachine("uefi");
  prepare(machine);
  const folder = Deno.makeTempDirSync();
  try {
    makeSource(`${folder}/source`, { small: true });
    const ctx = testContext({ root: machine.root });
    const options = { ...INSTALL_OPTIONS, source: `${folder}/source` };
    const plan = await planFor(ctx, options, await readMachine(ctx, options));
    return plan.blockers.filter(({ code }) => code === 6)
      .map(({ message, hint }) => `${message} | ${hint}`);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

const assertion = (condition: string) =>
  `assertions = [ { assertion = ${condition}; message = "the printer is on fire"; } ];\n  networking.hostName`;

Deno.test({
  name: "a system that cannot be made is refused with whose doing it is",
  ignore: !hasNix,
  fn: async () => {
    const file = "/etc/nixos/configuration.nix";
    const own = await blockersOf((machine) =>
      machine.change(file, "networking.hostName", assertion("false"))
    );
    assert.equal(own.length, 1, own.join("\n"));
    assert.match(own[0]!, /^your configuration makes no system: .*the printer is on fire/s);
    const both = await blockersOf((machine) => {
      machine.change(file, "{ config,", "{ options, config,");
      machine.change(file, "networking.hostName", assertion("! (options ? hypervisor)"));
    });
    assert.equal(both.length, 1, both.join("\n"));
    assert.match(both[0]!, /^your configuration and Hyper-NixOS do not fit together: .*on fire/s);
    const local = await blockersOf((machine) => machine.write(LOCAL, "{ oops\n"));
    assert.equal(local.length, 1, local.join("\n"));
    assert.match(
      local[0]!,
      /^your own module \/etc\/hypervisor\/configuration\/local\.nix does not evaluate: .*syntax error/s,
    );
    // It is no module of theirs that a file of theirs has the same name.
    const namesake = await blockersOf((machine) => {
      machine.change(
        file,
        "./hardware-configuration.nix",
        "./hardware-configuration.nix ./local.nix",
      );
      machine.write("/etc/nixos/local.nix", "{ oops\n");
    });
    assert.ok(
      namesake.length > 0 && !namesake.some((text) => text.includes("your own module")),
      namesake.join(),
    );
  },
});

Deno.test({
  name: "what cannot be looked at is a reason, and never a failure",
  ignore: !hasNix,
  fn: async () => {
    using machine = scratchMachine("uefi");
    const folder = Deno.makeTempDirSync();
    try {
      makeSource(`${folder}/source`, { small: true });
      const ctx = testContext({ root: machine.root });
      const reading = await readMachine(ctx, INSTALL_OPTIONS);
      const input: JudgementInput = {
        source: findSource(ctx, `${folder}/source`),
        host: { version: 2, hostName: "h", system: "x86_64-linux", base: null, tools: null },
        adopts: true,
        steps: [],
        reading,
        users: [],
        supplyRequest: undefined,
      };
      const why = async (changes: Partial<JudgementInput>) => {
        const { judgement, blocker } = await judgeStaged(ctx, { ...input, ...changes });
        assert.equal(blocker, undefined);
        return "unknown" in judgement ? judgement.unknown : undefined;
      };
      assert.equal(await why({ source: undefined }), "there is no source to evaluate");
      const os = { ...reading.os, isNixos: false };
      assert.equal(await why({ reading: { ...reading, os } }), "this is not a NixOS machine");
      assert.equal(await why({}), "your configuration was not evaluated");
    } finally {
      Deno.removeSync(folder, { recursive: true });
    }
  },
});
