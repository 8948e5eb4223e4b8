import { equal } from "node:assert/strict";
import { lookAt } from "../look.ts";

/** /proc/meminfo as the kernel writes it; kB. */
function meminfo(values: Readonly<Record<string, number>>): string {
  return Object.entries(values).map(([name, kB]) => `${`${name}:`.padEnd(16)}${kB} kB\n`).join("");
}

for (
  const [what, text, status] of [
    ["plenty", meminfo({ MemTotal: 65_700_000, MemAvailable: 40_000_000, SwapFree: 0 }), "pass"],
    // What a guest of 4 GiB shows: the kernel's own is taken off before.
    ["4 GiB", meminfo({ MemTotal: 4_015_000, MemAvailable: 3_500_000, SwapFree: 0 }), "pass"],
    ["2 GiB", meminfo({ MemTotal: 2_010_000, MemAvailable: 1_700_000, SwapFree: 0 }), "warn"],
    [
      "guests that took all",
      meminfo({ MemTotal: 65_700_000, MemAvailable: 500_000, SwapFree: 100_000 }),
      "warn",
    ],
    [
      "swap that is left",
      meminfo({ MemTotal: 65_700_000, MemAvailable: 500_000, SwapFree: 900_000 }),
      "pass",
    ],
    [
      "nothing at all left",
      meminfo({ MemTotal: 65_700_000, MemAvailable: 0, SwapFree: 0 }),
      "warn",
    ],
    ["a kernel that does not count what is available", meminfo({ MemTotal: 65_700_000 }), "pass"],
    ["a /proc that says nothing", "nothing\n", "skip"],
  ] as const
) {
  Deno.test(`memory and ${what}: ${status}`, async () => {
    const found = await lookAt("memory", { "proc/meminfo": text });
    equal(found.status, status, found.detail);
  });
}
