import { deepEqual } from "node:assert/strict";
import { type Memory, readMemory } from "../../../lib/machine/hardware/memory.ts";
import { testContext } from "../../support/context.ts";
import { withScratch } from "../../support/scratch_files.ts";

async function read(text: string): Promise<Memory | undefined> {
  let memory: Memory | undefined;
  await withScratch(
    { "proc/meminfo": text },
    (root) => void (memory = readMemory(testContext({ root }))),
  );
  return memory;
}

Deno.test("readMemory() counts free swap as what programs can still have", async () => {
  const text =
    "MemTotal:       4000 kB\nMemFree:  1 kB\nMemAvailable:   1000 kB\nSwapTotal: 900 kB\nSwapFree: 500 kB\n";
  deepEqual(await read(text), { total: 4000 * 1024, available: 1500 * 1024 });
  deepEqual(await read("MemTotal: 4000 kB\nMemAvailable: 7\n"), {
    total: 4000 * 1024,
    available: 7,
  });
  deepEqual(await read("MemTotal: 4000 kB\nSwapFree: 1 kB\n"), {
    total: 4000 * 1024,
    available: undefined,
  });
});

Deno.test("readMemory() knows nothing of a text that says nothing", async () => {
  for (
    const text of [
      "",
      "MemTotal:\n",
      "MemTotal: -4 kB\n",
      "MemTotal: 4 kB more\n",
      "xMemTotal: 4 kB\n",
    ]
  ) {
    deepEqual(await read(text), undefined, text);
  }
});
