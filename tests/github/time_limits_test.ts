import assert from "node:assert/strict";
import { timeLimits } from "../../lib/github/time_limits.ts";

Deno.test("timeLimits() takes seconds from the environment, and what is usual without them", () => {
  assert.deepEqual(timeLimits({}), { silence: 20_000, total: 1_800_000 });
  assert.deepEqual(timeLimits({ HYPERVISOR_TIMEOUT: "", HYPERVISOR_DEADLINE: "" }), timeLimits({}));
  assert.deepEqual(timeLimits({ HYPERVISOR_TIMEOUT: "0.5", HYPERVISOR_DEADLINE: "86400" }), {
    silence: 500,
    total: 86_400_000,
  });
});

Deno.test("timeLimits() refuses what is no number of seconds, which would be taken for what is usual", () => {
  for (const text of ["abc", "0", "-1", "60s", "1e400", "1e3", "86401", "NaN", "Infinity", " "]) {
    for (const variable of ["HYPERVISOR_TIMEOUT", "HYPERVISOR_DEADLINE"]) {
      assert.throws(() => timeLimits({ [variable]: text }), {
        code: 4,
        message: `${variable} is not a number of seconds from above 0 to 86400`,
      }, text);
    }
  }
});
