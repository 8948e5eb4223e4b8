import * as v from "valibot";
import { attempt } from "../machine/attempt.ts";
import { parsedAs } from "../machine/parsed_as.ts";
import {
  ensureDirectory,
  listIfExists,
  lstatIfExists,
  readTextIfExists,
  removeIfExists,
  writeFileAtomic,
} from "../machine/files/files.ts";
import { places } from "../machine/places.ts";
import { areComplete } from "./evaluation/assemble_facts.ts";
import { ConfigurationFactsSchema } from "./evaluation/configuration_facts.ts";
import { IdentitySchema } from "./evaluation/identity.ts";
import type { Context } from "../machine/context.ts";

const RecordSchema = v.object({
  version: v.literal(1),
  toplevel: v.string(),
  flake: v.string(),
  host: v.string(),
  /** The commit of the source it was built from; null when that is not known. */
  commit: v.nullable(v.string()),
  /** ISO 8601. */
  activated: v.string(),
  facts: v.nullable(v.pipe(v.unknown(), v.check(areComplete), ConfigurationFactsSchema)),
  identity: v.optional(IdentitySchema),
  /** What it is a specialisation of, and its name there; missing for a system by itself. */
  specialisation: v.optional(v.object({ base: v.string(), name: v.string() })),
});

/** What is known of a system that was activated: where it came from and how it was configured. */
export type SystemRecord = v.InferOutput<typeof RecordSchema>;

/** What is known of a system before it was activated. */
export type HandedRecord = Omit<SystemRecord, "activated">;

const HandedSchema = v.pipe(
  v.unknown(),
  v.transform((records) => [records].flat()),
  v.array(v.omit(RecordSchema, ["activated"])),
);

/** Records as they are handed to the machine that activates the system: one, or a list; empty for others. */
export function parseHandedRecords(text: string): HandedRecord[] {
  return parsedAs(HandedSchema, text) ?? [];
}

const FOLDER = `${places.state}/systems`;

/**
 * Remembers where an activated system came from. Its facts are what the next proofs compare with.
 * Records of systems that are no longer in the store are removed. Call it as root, holding the lock.
 */
export function recordSystem(
  ctx: Context,
  record: Omit<SystemRecord, "version" | "activated">,
): void {
  const folder = ctx.root.host(FOLDER);
  ensureDirectory(folder, 0o700);
  for (const name of listIfExists(folder)) {
    // Another process may be writing its record: `--confirmed` and the tool that waits for it both do.
    if (name.startsWith(".")) continue;
    const path = `/nix/store/${name.replace(/\.json$/, "")}`;
    if (lstatIfExists(ctx.root.host(path)) === undefined) removeIfExists(`${folder}/${name}`);
  }
  const written: SystemRecord = { version: 1, activated: ctx.now().toISOString(), ...record };
  writeFileAtomic(
    ctx.root.host(recordPath(record.toplevel)),
    JSON.stringify(v.parse(RecordSchema, written)) + "\n",
    { mode: 0o600 },
  );
}

/**
 * What is known of a system, usually of `currentSystem(ctx)`; undefined when nothing was recorded, or
 * it cannot be read (by someone who is not root, or of another version).
 */
export function systemRecord(ctx: Context, toplevel: string | undefined): SystemRecord | undefined {
  if (toplevel === undefined) return undefined;
  const text = attempt(() => readTextIfExists(ctx.root.host(recordPath(toplevel))));
  const record = parsedAs(RecordSchema, text ?? "");
  return record?.toplevel === toplevel ? record : undefined;
}

function recordPath(toplevel: string): string {
  return `${FOLDER}/${toplevel.split("/").at(-1)}.json`;
}
