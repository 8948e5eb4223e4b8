import assert from "node:assert/strict";
import { readMachine } from "../../lib/install/machine_reading.ts";
import { planWarnings } from "../../lib/install/plan_warnings.ts";
import { testContext } from "../support/context.ts";
import { hasNix } from "../support/needs.ts";
import { type ScratchMachine, scratchMachine } from "../support/scratch_machine.ts";

/** What is said of settings that nobody lists. */
async function unlisted(machine: ScratchMachine, keepConfig: boolean): Promise<string[]> {
  const ctx = testContext({ root: machine.root });
  const reading = await readMachine(ctx);
  const chosen = { users: [], leftBehind: [] };
  return planWarnings(ctx, reading, undefined, chosen, keepConfig)
    .filter((text) => text.includes("that are not listed here"));
}

Deno.test("planWarnings() says that what is not listed is left behind, once, and what would keep it", async () => {
  using machine = scratchMachine("bios");
  const [said = ""] = await unlisted(machine, false);
  assert.match(said, /--keep-config imports your configuration\.nix/);
  assert.deepEqual(await unlisted(machine, true), []);
  machine.write("/etc/hypervisor/configuration/local.nix", "{ }\n");
  assert.deepEqual(await unlisted(machine, false), []);
});

Deno.test({
  name: "planWarnings() does not offer to import a configuration.nix that a flake machine lacks",
  ignore: !hasNix,
  fn: async () => {
    using machine = scratchMachine("flake");
    Deno.removeSync(machine.host("/etc/nixos/configuration.nix"));
    const said = (await unlisted(machine, false)).join();
    assert.match(said, /not carried over; put them into local\.nix/);
  },
});
