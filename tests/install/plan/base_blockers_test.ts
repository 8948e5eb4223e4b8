import { equal, match } from "node:assert/strict";
import { releaseBlocker } from "../../../lib/install/plan/base_blockers.ts";
import type { MachineReading } from "../../../lib/install/plan/machine_reading.ts";
import { INSTALL_OPTIONS } from "../../support/install_options.ts";
import { configurationFacts } from "../../support/facts.ts";

/** What is read of a machine of NixOS 24.05 whose data are of another release. */
function machine(stateVersion = "22.11"): MachineReading {
  const facts = configurationFacts((f) => f.stateVersion = stateVersion);
  return { facts } as MachineReading;
}

Deno.test("releaseBlocker() refuses an older system than the one that runs, unless it is wanted", () => {
  const older = releaseBlocker(INSTALL_OPTIONS, machine(), "23.11.20240101.abc");
  match(older!.message, /this tree is of NixOS 23\.11, and your configuration is of NixOS 24\.05/);
  equal(older!.code, 6);
  match(older!.hint!, /--allow-downgrade/);
  equal(
    releaseBlocker({ ...INSTALL_OPTIONS, allowDowngrade: true }, machine(), "23.11"),
    undefined,
  );
});

Deno.test("releaseBlocker() refuses one that is older than the machine's data", () => {
  const found = releaseBlocker(INSTALL_OPTIONS, machine("25.05"), "24.11pre-git");
  match(found!.message, /the state version of this machine is 25\.05/);
  const named = releaseBlocker({ ...INSTALL_OPTIONS, stateVersion: "25.11" }, machine(), "25.05");
  match(named!.message, /25\.11/);
});

Deno.test("releaseBlocker() has nothing against the same release, a newer one, or one not known", () => {
  for (const version of ["24.05.1", "24.11", "26.05pre123", undefined, "unknown"]) {
    equal(releaseBlocker(INSTALL_OPTIONS, machine(), version), undefined, version);
  }
  equal(releaseBlocker(INSTALL_OPTIONS, {} as MachineReading, "20.03"), undefined);
});
