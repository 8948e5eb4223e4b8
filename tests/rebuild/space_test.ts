import { doesNotThrow, throws } from "node:assert/strict";
import { ToolError } from "../../lib/machine/tool_error.ts";
import { requireBootSpace } from "../../lib/rebuild/space.ts";
import { testContext } from "../support/context.ts";
import { isRoot } from "../support/needs.ts";
import { type ScratchMachine, scratchMachine } from "../support/scratch_machine.ts";

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
  fn: () => {
    using machine = scratchMachine("uefi");
    const ctx = testContext({ root: machine.root });
    throws(
      () => requireBootSpace(ctx, systemWithKernel(machine, HUGE)),
      (error) =>
        error instanceof ToolError && /\/boot has [\d.]+ [KMGT]iB free/.test(error.message),
    );
    doesNotThrow(() => requireBootSpace(ctx, systemWithKernel(machine, 1)));
  },
});

Deno.test({
  name: "requireBootSpace() does not count a kernel that a generation has there already",
  ignore: !isRoot,
  fn: () => {
    using machine = scratchMachine("uefi");
    const toplevel = systemWithKernel(machine, HUGE);
    Deno.symlinkSync(toplevel, machine.host("/nix/var/nix/profiles/system-99-link"));
    doesNotThrow(() => requireBootSpace(testContext({ root: machine.root }), toplevel));
  },
});

Deno.test({
  name: "requireBootSpace() asks nothing of GRUB, which reads kernels from the store's disk",
  ignore: !isRoot,
  fn: () => {
    using machine = scratchMachine("rented");
    const ctx = testContext({ root: machine.root });
    doesNotThrow(() => requireBootSpace(ctx, systemWithKernel(machine, HUGE)));
  },
});
