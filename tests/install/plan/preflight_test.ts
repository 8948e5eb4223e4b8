import assert from "node:assert/strict";
import { preflight } from "../../../lib/install/plan/preflight.ts";
import { ExitCode } from "../../../lib/machine/exit_code.ts";
import { testContext } from "../../support/context.ts";
import { type ScratchEntry, withScratch } from "../../support/scratch_files.ts";

/** What of memory and swap is free, in kB. */
const machine = (available: number, swap: number): Record<string, ScratchEntry> => ({
  "etc/os-release": "ID=nixos\n",
  "proc/meminfo": `MemTotal: 1000000 kB\nMemAvailable: ${available} kB\nSwapFree: ${swap} kB\n`,
});

Deno.test("preflight() warns where an evaluation would not find the memory that it takes", async () => {
  for (
    const [available, swap, isLittle] of [[600_000, 0, true], [600_000, 500_000, false]] as const
  ) {
    await withScratch(machine(available, swap), async (root) => {
      const { warnings } = await preflight(testContext({ root }), 0);
      assert.equal(warnings.some((text) => /of memory and swap are free/.test(text)), isLittle);
    });
  }
});

Deno.test("preflight() names what is no NixOS, and a source that does not fit", async () => {
  await withScratch({ "etc/os-release": 'ID=debian\nPRETTY_NAME="Debian"\n' }, async (root) => {
    const { blockers } = await preflight(testContext({ root }), Number.MAX_SAFE_INTEGER);
    const other = blockers.find(({ code }) => code === ExitCode.Configuration);
    assert.match(other?.message ?? "", /is not a NixOS machine \(it is Debian\)/);
    assert.ok(blockers.some(({ message }) => / free, .* are needed$/.test(message)));
  });
});
