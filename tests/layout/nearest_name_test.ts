import { strictEqual } from "node:assert/strict";
import { nearestName } from "../../lib/layout/nearest_name.ts";

Deno.test("nearestName() finds what a typing mistake meant", () => {
  const names = ["alpha", "beta", "hypervisor-x86_64"];
  strictEqual(nearestName("alhpa", names), "alpha");
  strictEqual(nearestName("BETA", names), "beta");
  strictEqual(nearestName("hypervisor_x86-64", names), "hypervisor-x86_64");
});

Deno.test("nearestName() suggests nothing when nothing is near", () => {
  strictEqual(nearestName("gamma-ray", ["alpha", "beta"]), undefined);
  strictEqual(nearestName("x", []), undefined);
  strictEqual(nearestName("x", ["a", "bc"]), undefined);
});
