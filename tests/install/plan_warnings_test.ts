import assert from "node:assert/strict";
import { readMachine } from "../../lib/install/machine_reading.ts";
import { planWarnings } from "../../lib/install/plan_warnings.ts";
import { testContext } from "../support/context.ts";
import { type ScratchMachine, scratchMachine } from "../support/scratch_machine.ts";

const CARRY = { config: undefined, keepConfig: false };

/** What is said of settings that nobody lists. */
async function unlisted(machine: ScratchMachine, keepConfig: boolean): Promise<string[]> {
  const ctx = testContext({ root: machine.root });
  const reading = await readMachine(ctx, CARRY);
  const chosen = { users: [], leftBehind: [] };
  return planWarnings(ctx, reading, undefined, chosen, keepConfig)
    .filter((text) => text.includes("that are not listed here"));
}

Deno.test("planWarnings() says that what is not listed is left behind, once, and what would keep it", async () => {
  using machine = scratchMachine("bios");
  const [said = ""] = await unlisted(machine, false);
  assert.match(said, /without --no-keep-config your whole configuration stays/);
  assert.deepEqual(await unlisted(machine, true), []);
  machine.write("/etc/hypervisor/configuration/local.nix", "{ }\n");
  assert.deepEqual(await unlisted(machine, false), []);
});
