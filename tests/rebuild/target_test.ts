import { rejects } from "node:assert/strict";
import { ExitCode } from "../../lib/machine/exit_code.ts";
import { ToolError } from "../../lib/machine/tool_error.ts";
import { findTarget } from "../../lib/rebuild/target.ts";
import { testContext } from "../support/context.ts";
import { scratchMachine } from "../support/scratch_machine.ts";

Deno.test("findTarget() says on a machine of channels that nothing is installed, not where a flake is missing", async () => {
  using machine = scratchMachine("uefi");
  const found = findTarget(testContext({ root: machine.root }), {
    flake: undefined,
    host: undefined,
    impure: false,
  });
  await rejects(found, (error) => {
    return error instanceof ToolError && error.code === ExitCode.Configuration &&
      /not installed here, and there is no \/etc\/nixos\/flake\.nix/.test(error.message) &&
      /system-installer.*nixos-rebuild/.test(error.hint ?? "");
  });
});
