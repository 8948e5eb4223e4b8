import { bootDefault, bootedSystem, currentSystem } from "../../nix/generations.ts";
import { specialisationNamed } from "../../nix/specialisation.ts";
import { needsRebootFor } from "../../nix/store/system_closure.ts";
import type { Context } from "../../machine/context.ts";
import { checksOf, type Finding, pass, skip, warn } from "../check.ts";

/** The running system against the one that was booted and the one that will be. */
export const systemChecks = checksOf("System Services", [
  {
    id: "pending-reboot",
    title: "pending reboot",
    severity: "warning",
    check: reboot,
  },
  {
    id: "boot-default",
    title: "next boot",
    severity: "warning",
    check: nextBoot,
  },
]);

function reboot(ctx: Context): Finding {
  const current = currentSystem(ctx);
  if (current === undefined || bootedSystem(ctx) === undefined) return skip("no NixOS runs here");
  const parts = needsRebootFor(ctx, current);
  return parts.length === 0
    ? pass("none: kernel and initrd are those that were booted")
    : warn(`the ${parts.join(", ")} changed since the machine was booted`, "reboot when it suits");
}

function nextBoot(ctx: Context): Finding {
  const [current, next] = [currentSystem(ctx), bootDefault(ctx)];
  if (current === undefined || next === undefined) return skip("no NixOS runs here");
  const own = specialisationNamed(ctx, next, current);
  if (own !== undefined) {
    return warn(
      `the next boot starts this system without its specialisation ${own}, which runs`,
      `choose ${own} in the boot menu, if it shall run again`,
    );
  }
  return current === next ? pass("starts the system that runs") : warn(
    "the next boot starts another system than the one that runs",
    "to keep this one: rebuild-helper switch; to return to the other: reboot",
  );
}
