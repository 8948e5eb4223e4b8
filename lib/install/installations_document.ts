import type { ExitCode } from "../machine/exit_code.ts";
import { places } from "../machine/places.ts";
import type { Context, Document } from "../machine/context.ts";
import { backupFolder, readReceipts, type Receipt } from "../machine/receipt.ts";

/** `system-installer --json` without `--dry-run`, version 1: the installations on this machine. */
export interface InstallationsDocument extends Document {
  readonly version: 1;
  readonly exitCode: ExitCode;
  /** Oldest first; also those that were reverted or undone. */
  readonly installations: readonly {
    readonly startedAt: string;
    readonly host: string;
    readonly state: Receipt["state"];
    /** Machine paths. */
    readonly receipt: string;
    readonly backups: string;
    readonly previousSystem: string | null;
    /** The system that was activated last, and how. */
    readonly activated: { readonly toplevel: string; readonly action: string } | null;
  }[];
}

/**
 * What the receipts say after a run.
 * @throws ToolError as `readReceipts`
 */
export function installationsDocument(ctx: Context, exitCode: ExitCode): InstallationsDocument {
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
