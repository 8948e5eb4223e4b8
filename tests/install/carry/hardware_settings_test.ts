import assert from "node:assert/strict";
import { hardwareSettings } from "../../../lib/install/carry/hardware_settings.ts";
import { readMachine } from "../../../lib/install/plan/machine_reading.ts";
import { testContext } from "../../support/context.ts";
import { type ScratchMachine, scratchMachine } from "../../support/scratch_machine.ts";

const CARRY = { config: undefined, keepConfig: false };

/** What the plan says of the KVM module. */
async function vendorOf(machine: ScratchMachine): Promise<unknown> {
  const { settings } = hardwareSettings(
    await readMachine(testContext({ root: machine.root }), CARRY),
  );
  return settings.find(({ option }) => option.join(".") === "hypervisor.cpu.vendor")?.value;
}

Deno.test("hardwareSettings() loads no KVM module that this processor would refuse", async () => {
  using machine = scratchMachine("uefi");
  assert.equal(await vendorOf(machine), "intel");
  const path = machine.host("/proc/cpuinfo");
  const cpus = Deno.readTextFileSync(path);
  assert.match(cpus, /\bvmx\b/);
  machine.write("/proc/cpuinfo", cpus.replace(/\bvmx\b/g, ""));
  assert.equal(await vendorOf(machine), undefined);
});
