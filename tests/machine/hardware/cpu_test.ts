import { deepEqual, equal } from "node:assert/strict";
import { type Cpu, readCpu } from "../../../lib/machine/hardware/cpu.ts";
import { testContext } from "../../support/context.ts";
import { withScratch } from "../../support/scratch_files.ts";

async function read(text: string): Promise<Cpu | undefined> {
  let cpu: Cpu | undefined;
  await withScratch(
    { "proc/cpuinfo": text },
    (root) => void (cpu = readCpu(testContext({ root }))),
  );
  return cpu;
}

/** A processor as proc_cpuinfo(5) writes it. */
function processor(id: number, physical: number, core: number, more = ""): string {
  return `processor\t: ${id}\nvendor_id\t: GenuineIntel\nmodel name\t: Xeon: 5\nphysical id\t: ${physical}\n` +
    `core id\t\t: ${core}\n${more}\n`;
}

Deno.test("readCpu() counts cores of every socket once, and threads each", async () => {
  const flags = "flags\t\t: fpu vmx vmx_ept\n";
  const two = [0, 1].flatMap((socket) =>
    [0, 1].flatMap((core) =>
      [0, 1].map((thread) => processor(socket * 4 + core * 2 + thread, socket, core, flags))
    )
  );
  deepEqual(await read(`${two.join("\n")}\n`), {
    vendor: "intel",
    model: "Xeon: 5",
    cores: 4,
    threads: 8,
    extension: "vmx",
    isGuest: false,
  });
});

Deno.test("readCpu() knows guests, makers and processors that tell little", async () => {
  const of = async (lines: string) => await read(`processor\t: 0\n${lines}`);
  const guest = await of("vendor_id\t: AuthenticAMD\nflags\t\t: svm hypervisor\n");
  deepEqual([guest?.vendor, guest?.extension, guest?.isGuest], ["amd", "svm", true]);
  // A flag is a word of its own.
  equal((await of("flags\t\t: svm_lock xvmx\n"))?.extension, undefined);
  equal((await of("vendor_id\t: HygonGenuine\n"))?.vendor, "amd");
  const arm = await read(
    "processor\t: 0\nBogoMIPS\t: 50\n\nprocessor\t: 1\nBogoMIPS\t: 50\n\nHardware\t: x\n",
  );
  deepEqual(arm, {
    vendor: "other",
    model: undefined,
    cores: 2,
    threads: 2,
    extension: undefined,
    isGuest: false,
  });
  for (const text of ["", "\n\n\n", "no colon\n"]) equal(await read(text), undefined, text);
});
