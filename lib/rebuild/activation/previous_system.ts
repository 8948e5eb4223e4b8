import { lstatIfExists } from "../../machine/files/files.ts";
import { readableReceipts, receiptPath } from "../../machine/receipt.ts";
import { activationIds, readActivationStatus } from "../../nix/activation/activation_status.ts";
import {
  bootDefault,
  bootedSystem,
  currentSystem,
  type Generation,
  generations,
} from "../../nix/generations.ts";
import { isSystemOrItsOwn } from "../../nix/specialisation.ts";
import { systemRecord } from "../../nix/system_record.ts";
import type { Context } from "../../machine/context.ts";

/**
 * Where going back from a system leads that is about to be activated: to what was booted and still runs,
 * else to the boot default (where a specialisation of it runs, to that), else to what runs. Never to that system itself (it may run already, from a
 * test), and never to one of an installation that was undone.
 * @returns undefined when this machine knows no other
 */
export function systemBefore(
  ctx: Context,
  toplevel: string,
  action: "test" | "switch" | "boot",
): string | undefined {
  const [running, bootsNext] = [currentSystem(ctx), bootDefault(ctx)];
  const booted = running === bootedSystem(ctx) ? running : undefined;
  const isOfDefault = running !== undefined && bootsNext !== undefined &&
    isSystemOrItsOwn(ctx, bootsNext, running);
  const isUndone = undoneSystems(ctx);
  return (action === "boot"
    ? [bootsNext, running]
    : [booted, isOfDefault ? running : bootsNext, bootsNext, running])
    .find((system) => system !== undefined && system !== toplevel && !isUndone(system));
}

/**
 * The generation that a rollback brings back: after a test the boot default, otherwise the newest one
 * before the boot default that is another system and not of an installation that was undone.
 */
export function generationBefore(ctx: Context): Generation | undefined {
  const all = generations(ctx);
  const bootsNext = all.find(({ isDefault }) => isDefault);
  if (bootsNext === undefined || isTested(ctx, bootsNext)) return bootsNext;
  const isUndone = undoneSystems(ctx);
  return all.findLast(({ number, toplevel }) =>
    number < bootsNext.number && toplevel !== bootsNext.toplevel && !isUndone(toplevel)
  );
}

/** Whether what runs was only tested: its activation was the last one, and is not to be booted. */
function isTested(ctx: Context, bootsNext: Generation): boolean {
  const running = currentSystem(ctx);
  const last = activationIds(ctx).at(-1);
  const status = last === undefined ? undefined : readActivationStatus(ctx, last);
  return running !== bootsNext.toplevel && status?.action === "test" && status.toplevel === running;
}

/**
 * Tells systems that were activated between an installation and its undoing, and not since. A receipt
 * is written last when it is undone.
 */
function undoneSystems(ctx: Context): (toplevel: string) => boolean {
  const undone = undoneInstallations(ctx);
  return (toplevel) => {
    const recorded = systemRecord(ctx, toplevel)?.activated;
    const activated = recorded === undefined ? undefined : Date.parse(recorded);
    return undone.some(({ from, until, systems, before }) =>
      !before.includes(toplevel) &&
      (activated === undefined
        ? systems.includes(toplevel)
        : activated >= from && activated <= until)
    );
  };
}

interface UndoneInstallation {
  /** Milliseconds since 1970. */
  readonly from: number;
  readonly until: number;
  readonly systems: readonly string[];
  /** What there was before it is nobody's to forget. */
  readonly before: readonly (string | null)[];
}

function undoneInstallations(ctx: Context): UndoneInstallation[] {
  // Going back must work beside a receipt that cannot be read.
  return readableReceipts(ctx).filter(({ state }) => state === "undone").map((receipt) => ({
    from: Date.parse(receipt.startedAt),
    until: lstatIfExists(ctx.root.host(receiptPath(receipt)))?.mtime?.getTime() ?? 0,
    systems: receipt.activated === null ? [] : [receipt.activated.toplevel],
    before: [receipt.previousSystem, receipt.previousDefault],
  }));
}
