import { deepEqual } from "node:assert/strict";
import { unitsNamedAsFailed } from "../../../lib/nix/activation/failed_units.ts";

Deno.test("unitsNamedAsFailed() reads switch-to-configuration's warning, and no words that are no units", () => {
  const output = "starting the following units: a.service\n" +
    "warning: the following units failed: b.service, dev-disk-by\\x2duuid.swap\n" +
    "warning: the following units failed: user@1000.service\n" +
    "the following units failed: $(rm), \u001b[31mc.service\n";
  deepEqual(unitsNamedAsFailed(output), [
    "b.service",
    "dev-disk-by\\x2duuid.swap",
    "user@1000.service",
  ]);
  deepEqual(unitsNamedAsFailed("all is well"), []);
});
