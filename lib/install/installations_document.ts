import type { ExitCode } from "../machine/exit_code.ts";
import { places } from "../machine/places.ts";
import type { Context, Document } from "../machine/context.ts";
import { backupFolder, readReceipts } from "../machine/receipt.ts";

/**
 * `system-installer --json` without `--dry-run`: what the receipts say after a run, oldest first, also of
 * installations that were reverted or undone.
 * @throws ToolError as `readReceipts`
 */
export function installationsDocument(
  ctx: Context,
  exitCode: ExitCode,
): Document & Readonly<Record<string, unknown>> {
  return {
    version: 1,
    exitCode,
    installations: readReceipts(ctx).map((receipt) => ({
      startedAt: receipt.startedAt,
      host: receipt.hostName,
      state: receipt.state,
      receipt: `${places.receipts}/${receipt.id}.json`,
      backups: backupFolder(receipt),
      previousSystem: receipt.previousSystem,
      activated: receipt.activated && {
        toplevel: receipt.activated.toplevel,
        action: receipt.activated.action,
      },
    })),
  };
}
