import { saveAccountsAfter, saveAccountsBefore } from "../machine/accounts/account_backup.ts";
import {
  latestInstallation,
  presentInstallation,
  readReceipts,
  type Receipt,
  writeReceipt,
} from "../machine/receipt.ts";
import type { Context } from "../machine/context.ts";
import { bootDefault } from "../nix/generations.ts";
import type { RebuildHooks } from "./options.ts";
import { isInstalledTree, type Target } from "./target.ts";

/**
 * Writes into an installation's receipt what is activated of it, before it is: so that it can be undone
 * whatever happens then, and whichever tool activates.
 */
export function receiptHooks(ctx: Context, receipt: Receipt): RebuildHooks {
  return {
    built: () => {
      if (receipt.state === "applied") receipt.state = "built";
      writeReceipt(ctx, receipt);
    },
    activating: async ({ action, toplevel }) => {
      // On the running machine whatever activates a system saves them itself: `activateSystem`.
      if (!ctx.root.isRunning) await saveAccountsBefore(ctx, receipt);
      receipt.accountsSaved = true;
      // What an earlier activation of it made the boot default has to be taken back as well.
      const profileSet = action !== "test" || receipt.activated?.profileSet === true;
      if (toplevel !== undefined) receipt.activated = { toplevel, action, profileSet };
      receipt.state = "activating";
      writeReceipt(ctx, receipt);
    },
    activated: async ({ action, toplevel }) => {
      if (!ctx.root.isRunning) await saveAccountsAfter(ctx, receipt);
      // What nixos-install has made is known only now.
      if (!ctx.root.isRunning || receipt.activated === null) {
        receipt.activated = { toplevel: toplevel ?? "", action, profileSet: true };
      }
      receipt.state = "activated";
      writeReceipt(ctx, receipt);
    },
  };
}

/** Closes an installation's books on an activation that outlived the tool that started it. */
export function settleReceipt(ctx: Context): void {
  const receipt = presentInstallation(ctx);
  if (receipt?.state !== "activating") return;
  // nixos-install was cut off: what it made the boot default has to be taken back.
  receipt.activated ??= { toplevel: bootDefault(ctx) ?? "", action: "switch", profileSet: true };
  receipt.state = "activated";
  writeReceipt(ctx, receipt);
}

/** The hooks of whoever activates the installed tree without being the installer. */
export function installationHooks(ctx: Context, target: Target): RebuildHooks {
  if (!isInstalledTree(ctx, target.flake)) return {};
  const receipt = latestInstallation(readReceipts(ctx));
  const isWhole = ["applied", "built", "activating", "activated"].includes(receipt?.state ?? "");
  return receipt === undefined || !isWhole ? {} : receiptHooks(ctx, receipt);
}
