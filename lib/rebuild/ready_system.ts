import { ExitCode } from "../machine/exit_code.ts";
import { readBehindLinks } from "../machine/files/regular_file.ts";
import { lstatIfExists } from "../machine/files/files.ts";
import { machineText } from "../machine/files/machine_files.ts";
import { ToolError } from "../machine/tool_error.ts";
import { dirname } from "node:path";
import { showChanges } from "../nix/store/closure_diff.ts";
import { currentSystem } from "../nix/generations.ts";
import { requireSystem } from "../nix/store/system_closure.ts";
import { type HandedRecord, parseHandedRecords, systemRecord } from "../nix/system_record.ts";
import type { Context } from "../machine/context.ts";
import { waitForArrival } from "./arrival.ts";
import { activePath, chosenSpecialisation } from "./chosen_specialisation.ts";
import { settleEarlierActivation } from "./activation/earlier_activation.ts";
import { activates, type RebuildOptions } from "./options.ts";
import {
  activateBuilt,
  numbered,
  type RebuildResult,
  showDryActivation,
} from "./rebuild_system.ts";
import { requireSafe } from "./judgement/required_judgement.ts";

/** A system that somebody else built, and what to do with it. */
export interface ReadyOptions
  extends Pick<RebuildOptions, "action" | "confirm" | "specialisation" | "restartGuests"> {
  /** The store path, or a link to it; with `evaluated` a link that may come after the proofs. */
  readonly storePath: string;
  /**
   * A file with what was evaluated of it, and then of its specialisation that is to run, where it is built;
   * see {@link parseHandedRecords}.
   */
  readonly evaluated?: string | undefined;
}

/**
 * Activates a system that is in the store, or will be when it is proven: nothing is evaluated, built or
 * fetched. The proofs are made of what was evaluated of it: handed with it, or recorded when this machine
 * activated it before.
 * Nothing can be proven of another: on a terminal a person may go on, otherwise only an activation that
 * goes back by itself does.
 * @throws ToolError exit 4 for what is no system in the store or cannot be asked for, 6 for what is not
 *   proven or of another kind of machine, else as `rebuildSystem`
 */
export async function activateReady(ctx: Context, options: ReadyOptions): Promise<RebuildResult> {
  const { action } = options;
  if (!ctx.root.isRunning) {
    throw new ToolError("--store-path needs a running machine", {
      code: ExitCode.InvalidArguments,
      hint: "leave out --root",
    });
  }
  const [first, second] = handedRecords(options.evaluated);
  const comesLater = first !== undefined && lstatIfExists(options.storePath) === undefined;
  const early = comesLater ? undefined : arrived(ctx, options.storePath);
  if (first && early && first.toplevel !== early) throw ofAnother(options.evaluated!, early);
  await settleEarlierActivation(ctx);
  const chosen = chosenSpecialisation(ctx, action, options.specialisation);
  const known = (chosen ? second : first) ??
    systemRecord(ctx, early === undefined ? early : activePath(ctx, early, chosen));
  // What the next boot starts, where what is to run is a specialisation of it.
  const base = chosen === undefined || action !== "switch"
    ? undefined
    : first ?? systemRecord(ctx, early);
  if (activates(action)) {
    const all = chosen === undefined || action !== "switch" ? [known] : [known, base];
    if (all.every((one) => one?.facts)) {
      for (const one of all) await requireSafe(ctx, { ...one!, facts: one!.facts! });
    } else await acceptUnproven(ctx, options);
  }
  if (comesLater) await waitForArrival(ctx, options.storePath);
  const toplevel = early ?? arrived(ctx, options.storePath);
  const active = activePath(ctx, toplevel, chosen);
  requireSameSpecialisation(known, active, first?.toplevel === toplevel);
  const changes = await showChanges(ctx, active);
  const running = numbered(ctx, currentSystem(ctx));
  const built = {
    action,
    toplevel,
    changes,
    before: running,
    after: running,
    flake: known?.flake,
    host: known?.host,
    specialisation: chosen?.name,
    commit: known?.commit ?? undefined,
  };
  if (activates(action)) {
    return await activateBuilt(ctx, options, {
      built,
      active,
      hooks: {},
      record: known,
      recordOfBase: base,
    });
  }
  await showDryActivation(ctx, active);
  return built;
}

/** Which one runs may have changed since it was looked at there, or while it was built. */
function requireSameSpecialisation(
  known: HandedRecord | undefined,
  active: string,
  asProven: boolean,
): void {
  const proven = known?.toplevel ?? "";
  if (!asProven || proven === active || !proven.startsWith("/nix/store/")) return;
  throw new ToolError(`what was built (${active}) is not what was proven (${proven})`, {
    code: ExitCode.Configuration,
    hint: "nothing was activated; run it again, or name the specialisation: --specialisation",
  });
}

/** @throws ToolError exit 4 for what is no system in the store, 6 for one that is incomplete or for others */
function arrived(ctx: Context, path: string): string {
  const toplevel = inStore(path);
  requireSystem(ctx, toplevel);
  requireThisPlatform(ctx, toplevel);
  return toplevel;
}

/**
 * The store path that is named, or that a link leads to.
 * @throws ToolError exit 4 for what is not in the store
 */
export function inStore(path: string): string {
  try {
    const real = Deno.realPathSync(path);
    if (dirname(real) === "/nix/store" && Deno.statSync(real).isDirectory) return real;
  } catch {
    // What is not there is no store path either.
  }
  throw new ToolError(`--store-path ${path} is no store path that is on this machine`, {
    code: ExitCode.InvalidArguments,
    hint: "name a built system, such as /nix/store/…-nixos-system-…, or the link that leads to one",
  });
}

/** A NixOS system says for which platform it was built, for example `x86_64-linux`. */
function requireThisPlatform(ctx: Context, toplevel: string): void {
  const [there, here] = [
    machineText(ctx, `${toplevel}/system`)?.trim(),
    `${Deno.build.arch}-linux`,
  ];
  if (there === undefined || there === here) return;
  throw new ToolError(`${toplevel} is for ${there}, this machine is ${here}`, {
    code: ExitCode.Configuration,
    hint: "build it for this machine: nixpkgs.hostPlatform",
  });
}

/** @throws ToolError exit 4 for a file that does not say what a system is made of */
function handedRecords(file: string | undefined): HandedRecord[] {
  if (file === undefined) return [];
  const records = parseHandedRecords(readHanded(file));
  if (records.length === 0) throw ofAnother(file, "a system");
  return records;
}

function ofAnother(file: string, system: string): ToolError {
  return new ToolError(`${file} does not say what ${system} is made of`, {
    code: ExitCode.InvalidArguments,
    hint:
      "leave out --evaluated; rebuild-helper --target-host makes such files, for its own version",
  });
}

function readHanded(file: string): string {
  try {
    return new TextDecoder().decode(readBehindLinks(file));
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new ToolError(`--evaluated cannot be read: ${error.message}`, {
      code: ExitCode.InvalidArguments,
      hint: "name the file that rebuild-helper --target-host has made",
    });
  }
}

async function acceptUnproven(
  ctx: Context,
  { action, confirm, storePath }: ReadyOptions,
): Promise<void> {
  const unproven =
    "nothing is known of this system: whether somebody can still log in cannot be proven";
  if (confirm !== undefined && action !== "boot") {
    return ctx.log.warn(`${unproven}; it goes back unless it is confirmed`);
  }
  const goOn = ctx.ui.interactive && await ctx.ui.confirm({
    message: `${unproven}. Activate it nevertheless?`,
    option: "--confirm",
    default: false,
  });
  if (goOn) return;
  throw new ToolError(`nothing can be proven of ${storePath}`, {
    code: ExitCode.Configuration,
    hint: "test or switch it with --confirm SECONDS, which goes back by itself, or build it here",
  });
}
