import type { Context, Progress } from "../../machine/context.ts";
import { confirmActivation } from "../../nix/activation/activation_progress.ts";
import { activationFiles, type ActivationStatus } from "../../nix/activation/activation_status.ts";

/** Watches an activation that somebody has to confirm; see {@link awaitConfirmation}. */
export interface Confirmation {
  readonly onStatus: (status: ActivationStatus) => void;
  readonly end: () => void;
}

/**
 * Asks to keep the new system once it runs. On a terminal, Enter after the word "keep" confirms;
 * without one the command that confirms is printed. Whoever watches does not decide: only the
 * confirmation file does, and the activation's own clock.
 */
export function awaitConfirmation(ctx: Context, id: string, seconds: number): Confirmation {
  if (seconds === 0) return { onStatus: () => {}, end: () => {} };
  let progress: Progress | undefined;
  let started = 0;
  return {
    onStatus: (status) => {
      if (status.phase !== "awaiting-confirmation") return;
      if (progress === undefined) {
        started = ctx.now().getTime();
        announce(ctx, id, seconds);
        progress = ctx.ui.progress("waiting for the confirmation", seconds);
      }
      const waited = Math.min(seconds, Math.round((ctx.now().getTime() - started) / 1000));
      progress.update(waited, `going back in ${seconds - waited} s`);
    },
    end: () => progress?.done("the wait for a confirmation is over"),
  };
}

function announce(ctx: Context, id: string, seconds: number): void {
  const file = ctx.root.host(activationFiles(id).confirmed);
  ctx.log.info(`the new system runs; this machine goes back by itself in ${seconds} seconds`);
  ctx.log.info("first open a second session to see that you still can, then keep it with:");
  ctx.log.info(`  rebuild-helper --confirmed   (or: touch ${file})`);
  if (!ctx.ui.interactive) return;
  ctx.log.info('  or type "keep" here, and Enter');
  void readKeep().then((keep) => {
    if (keep) confirmActivation(ctx, id);
  });
}

/** Reads lines of the terminal until one says keep. A terminal that goes away says nothing. */
async function readKeep(): Promise<boolean> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(256);
  let text = "";
  try {
    for (let read = await Deno.stdin.read(buffer); read; read = await Deno.stdin.read(buffer)) {
      text += decoder.decode(buffer.subarray(0, read), { stream: true });
      const lines = text.split("\n");
      text = lines.pop() ?? "";
      if (lines.some((line) => /^\s*(keep|yes|y)\s*$/i.test(line))) return true;
    }
  } catch {
    // The terminal is gone; the activation decides alone.
  }
  return false;
}
