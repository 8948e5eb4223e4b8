import { doesNotReject, equal, match, ok, rejects } from "node:assert/strict";
import { ToolError } from "../../../lib/machine/tool_error.ts";
import { generations } from "../../../lib/nix/generations.ts";
import { freedOnBoot, requireBootSpace } from "../../../lib/rebuild/generations/space.ts";
import { testContext } from "../../support/context.ts";
import { isRoot } from "../../support/needs.ts";
import { type ScratchMachine, scratchMachine } from "../../support/scratch_machine.ts";

/** More than any test machine has free; the file takes no room. */
const HUGE = 8 * 1024 ** 4;

/** A system whose kernel is of this size. */
function systemWithKernel(machine: ScratchMachine, bytes: number): string {
  const toplevel = "/nix/store/00000000000000000000000000000000-nixos-system-test";
  machine.write(`${toplevel}/initrd`, "");
  machine.write(`${toplevel}/kernel`, "");
  Deno.truncateSync(machine.host(`${toplevel}/kernel`), bytes);
  return toplevel;
}

Deno.test({
  name: "requireBootSpace() refuses a kernel that does not fit on the ESP",
  ignore: !isRoot,
  fn: async () => {
    using machine = scratchMachine("uefi");
    const ctx = testContext({ root: machine.root });
    await rejects(
      requireBootSpace(ctx, systemWithKernel(machine, HUGE)),
      (error) =>
        error instanceof ToolError && /\/boot has [\d.]+ [KMGT]iB free/.test(error.message),
    );
    await doesNotReject(requireBootSpace(ctx, systemWithKernel(machine, 1)));
  },
});

Deno.test({
  name: "requireBootSpace() does not count a kernel that a generation has there already",
  ignore: !isRoot,
  fn: async () => {
    using machine = scratchMachine("uefi");
    const toplevel = systemWithKernel(machine, HUGE);
    Deno.symlinkSync(toplevel, machine.host("/nix/var/nix/profiles/system-99-link"));
    await doesNotReject(requireBootSpace(testContext({ root: machine.root }), toplevel));
  },
});

Deno.test({
  name: "requireBootSpace() asks nothing of GRUB, which reads kernels from the store's disk",
  ignore: !isRoot,
  fn: async () => {
    using machine = scratchMachine("rented");
    const ctx = testContext({ root: machine.root });
    await doesNotReject(requireBootSpace(ctx, systemWithKernel(machine, HUGE)));
  },
});

Deno.test({
  name:
    "requireBootSpace() says which generations would free how much, and never one that is needed",
  ignore: !isRoot,
  fn: async () => {
    using machine = scratchMachine("uefi");
    const MIB = 1024 * 1024;
    const kernels = [["a", 40], ["b", 30], ["c", 30]] as const;
    kernels.forEach(([name, size], index) => {
      const toplevel = `/nix/store/${name.repeat(32)}-nixos-system-old`;
      machine.write(`${toplevel}/initrd`, "");
      machine.write(`${toplevel}/kernel`, "");
      Deno.truncateSync(machine.host(`${toplevel}/kernel`), size * MIB);
      Deno.symlinkSync(toplevel, machine.host(`/nix/var/nix/profiles/system-${index + 1}-link`));
    });
    // It shares its kernel with the third, and frees nothing alone.
    const shared = `/nix/store/${"d".repeat(32)}-nixos-system-old`;
    machine.write(`${shared}/initrd`, "");
    Deno.symlinkSync(
      `/nix/store/${"c".repeat(32)}-nixos-system-old/kernel`,
      machine.host(`${shared}/kernel`),
    );
    Deno.symlinkSync(shared, machine.host("/nix/var/nix/profiles/system-4-link"));
    const ctx = testContext({ root: machine.root });
    const all = generations(ctx);
    const ours = all.filter(({ number }) => number <= 4);
    equal(freedOnBoot(ctx, ours), 100 * MIB);
    equal(freedOnBoot(ctx, ours.slice(0, 3)), 70 * MIB);
    await rejects(requireBootSpace(ctx, systemWithKernel(machine, HUGE)), (error) => {
      ok(error instanceof ToolError);
      const hint = error.hint ?? "";
      match(hint, /--clean --keep \d+ --keep-since 0 frees 100 MiB there, which is not enough/);
      match(
        hint,
        /\(generation 1 40.0 MiB, generation 2 30.0 MiB, generation 3 0.00 KiB, generation 4 30.0 MiB/,
      );
      for (const { number, isDefault } of all) {
        if (isDefault) ok(!hint.includes(`generation ${number} `), hint);
      }
      return true;
    });
  },
});
