import * as v from "valibot";
import { listIfExists, readTextIfExists } from "../../machine/files/files.ts";
import { parsedAs } from "../../machine/parsed_as.ts";
import { places } from "../../machine/places.ts";
import type { Context } from "../../machine/context.ts";

const Code = v.nullable(v.number());

/** What is known of an activation before it begins. */
export const ActivationHeadSchema = v.object({
  version: v.literal(1),
  id: v.string(),
  action: v.picklist(["test", "switch", "boot"]),
  toplevel: v.string(),
  /** What becomes the boot default, where that is not `toplevel`, a specialisation of it. */
  base: v.optional(v.string()),
  /** The system that going back activates, and the boot default before; null when unknown. */
  previous: v.nullable(v.string()),
  previousDefault: v.nullable(v.string()),
  log: v.string(),
  /** /proc/sys/kernel/random/boot_id: an activation does not survive a reboot. */
  bootId: v.string(),
  /** 0 when nobody has to confirm. */
  confirmSeconds: v.number(),
  failedBefore: v.array(v.string()),
});

/** See {@link ActivationHeadSchema}. */
export type ActivationHead = v.InferOutput<typeof ActivationHeadSchema>;

/**
 * How far an activation has come, as its script records it after every step (times in seconds since
 * 1970). Codes are exit codes, null for a step that has not run.
 */
const ActivationStatusSchema = v.object({
  ...ActivationHeadSchema.entries,
  pid: v.number(),
  phase: v.picklist([
    "activating",
    "awaiting-confirmation",
    "making-default",
    "going-back",
    "done",
  ]),
  /** `switch-to-configuration test` of the new system. */
  activateCode: Code,
  /** `nix-env --set`. */
  profileCode: Code,
  /** `switch-to-configuration boot` of the new system. */
  bootCode: Code,
  /** `switch-to-configuration boot` of the previous default, after the new one's failed. */
  restoreCode: Code,
  /** `switch-to-configuration test` of the previous system. */
  goBackCode: Code,
  updated: v.number(),
});

/** The content of `/var/lib/hyper-nixos/activations/<id>.json`. */
export type ActivationStatus = v.InferOutput<typeof ActivationStatusSchema>;

/** The status of a script that was killed before it recorded anything. */
export function neverStarted(head: ActivationHead): ActivationStatus {
  return {
    ...head,
    previous: null,
    previousDefault: null,
    pid: 0,
    phase: "activating",
    activateCode: null,
    profileCode: null,
    bootCode: null,
    restoreCode: null,
    goBackCode: null,
    updated: 0,
  };
}

/** The files of one activation, as machine paths. */
export interface ActivationFiles {
  readonly status: string;
  readonly script: string;
  readonly log: string;
  /** Its presence keeps a system that waits for its confirmation. */
  readonly confirmed: string;
  /** Its presence says that a tool has told the user how it ended. */
  readonly reported: string;
  /** What is remembered of the system when its activation has succeeded. */
  readonly record: string;
  /** A folder: what NixOS had declared before, for going back. */
  readonly declarations: string;
}

/** Where the files of an activation are. */
export function activationFiles(id: string): ActivationFiles {
  const base = `${places.activations}/${id}`;
  return {
    status: `${base}.json`,
    script: `${base}.sh`,
    log: `${base}.log`,
    confirmed: `${base}.confirmed`,
    reported: `${base}.reported`,
    record: `${base}.record`,
    declarations: `${base}.declarations`,
  };
}

/** The status of one activation; undefined when there is none that can be read. */
export function readActivationStatus(ctx: Context, id: string): ActivationStatus | undefined {
  const text = readTextIfExists(ctx.root.host(activationFiles(id).status));
  return text === undefined ? undefined : parsedAs(ActivationStatusSchema, text);
}

/** The ids of recorded activations, oldest first: an id starts with its time. */
export function activationIds(ctx: Context): string[] {
  return listIfExists(ctx.root.host(places.activations))
    .filter((name) => /^[0-9].*\.json$/.test(name))
    .map((name) => name.slice(0, -".json".length));
}

/**
 * A new id, `20261124T071500Z-1a2b3c4d`: later than all that are recorded, also where the clock was set back
 * since, because the last one is the one that is asked after.
 */
export function newActivationId(ctx: Context): string {
  const last = activationIds(ctx).at(-1) ?? "";
  const newest = Date.parse(
    last.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\dZ)-.*$/, "$1-$2-$3T$4:$5:$6"),
  );
  const now = ctx.now();
  // Ids are of whole seconds.
  const time = now.getTime() < newest + 1000 ? new Date(newest + 1000) : now;
  const name = time.toISOString().replace(/[-:]|\.\d+/g, "");
  return `${name}-${crypto.randomUUID().slice(0, 8)}`;
}

/** Names the running boot: what is recorded with another one is no longer under way. */
export function bootId(ctx: Context): string {
  return readTextIfExists(ctx.root.host("/proc/sys/kernel/random/boot_id"))?.trim() ?? "";
}
