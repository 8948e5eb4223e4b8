import { attempt } from "./attempt.ts";
import * as v from "valibot";
import type { Context } from "./context.ts";
import { ExitCode } from "./exit_code.ts";
import { lstatIfExists } from "./files/files.ts";
import { readMachineFile } from "./files/machine_files.ts";
import { problemOf } from "./parsed_as.ts";
import { places } from "./places.ts";
import { ToolError } from "./tool_error.ts";

/** The owner's configuration below ours, named as `nixos-rebuild` finds it. */
const BaseSchema = v.variant("kind", [
  v.object({
    kind: v.literal("channel"),
    /** The machine path of configuration.nix. */
    configuration: v.string(),
    /** Entries of NIX_PATH, `name=path` or a path. */
    searchPath: v.array(v.string()),
  }),
  v.object({
    kind: v.literal("flake"),
    url: v.string(),
    host: v.string(),
    /** The machine path of the folder that holds flake.nix, for a flake on the disk. */
    directory: v.optional(v.string()),
    /** The machine path of the git checkout that holds it. */
    checkout: v.optional(v.string()),
  }),
]);

const HostRecordSchema = v.variant("version", [
  v.object({
    version: v.literal(1),
    hostName: v.string(),
    system: v.string(),
    // What it did not have yet.
    base: v.optional(v.null(), null),
    tools: v.optional(v.null(), null),
    layout: v.optional(v.literal("native")),
    carriedFrom: v.optional(v.undefined()),
  }),
  v.object({
    version: v.literal(2),
    hostName: v.string(),
    system: v.string(),
    /** Null for a host that is Hyper-NixOS alone. */
    base: v.nullable(BaseSchema),
    /**
     * Of a host without a base: the owner's configuration that it was made from. The host's own search
     * path no longer finds it: where its nixpkgs is a flake's, that is the nixpkgs of the tree.
     */
    carriedFrom: v.optional(BaseSchema),
    /** The store path of the tools on the installed machine; null for none. */
    tools: v.nullable(v.string()),
    /** How the source tree is made; `native` where it does not say. See tree_layout.ts. */
    layout: v.optional(v.picklist(["native", "published"])),
  }),
]);

/**
 * `host.json`: which host the installed tree builds for this machine, and on which base. nix/host.nix
 * reads the same file. Version 1 is that of machines without a base.
 */
export type HostRecord = v.InferOutput<typeof HostRecordSchema>;

/** Where an installation's base comes from; see {@link HostRecord}. */
export type HostBase = v.InferOutput<typeof BaseSchema>;

/** The record as it is written. */
export function encodeHostRecord(record: HostRecord): string {
  return JSON.stringify(v.parse(HostRecordSchema, record), null, 2) + "\n";
}

/**
 * Reads `host.json`, without waiting for a pipe in its place.
 * @returns the record, undefined where there is none, and a text that says what is wrong with one that
 *   cannot be used
 */
export function readHostRecord(ctx: Pick<Context, "root">): HostRecord | string | undefined {
  const content = readMachineFile(ctx, places.hostRecord);
  if (content.kind === "absent") return undefined;
  if (content.kind === "unreadable") return content.reason;
  const value = attempt(() => JSON.parse(new TextDecoder().decode(content.bytes)));
  if (value === undefined) return "it is not JSON";
  const parsed = v.safeParse(HostRecordSchema, value);
  return parsed.success ? parsed.output : problemOf(parsed.issues);
}

/** The record, undefined also where it cannot be used: for who writes it anew. */
export function usableHostRecord(ctx: Pick<Context, "root">): HostRecord | undefined {
  const record = readHostRecord(ctx);
  return typeof record === "string" ? undefined : record;
}

/**
 * The record of an installed machine, undefined where there is none.
 * @throws ToolError exit 6 for one that cannot be used: another name would be another machine
 */
export function requireHostRecord(ctx: Pick<Context, "root">): HostRecord | undefined {
  const record = readHostRecord(ctx);
  if (typeof record !== "string") return record;
  throw new ToolError(`${ctx.root.host(places.hostRecord)} cannot be used: ${record}`, {
    code: ExitCode.Configuration,
    hint: "system-installer writes it anew; to build nevertheless, name the host with --host",
  });
}

/** Where the owner's configuration is, as a machine path; undefined for one that is not on the disk. */
export function placeOfBase(base: HostBase): string | undefined {
  return base.kind === "channel" ? base.configuration : base.checkout ?? base.directory;
}

/**
 * Whose the owner's configuration is, behind links, and who thereby controls root; undefined where that is
 * not known.
 */
export function ownerOfBase(ctx: Pick<Context, "root">, base: HostBase): number | undefined {
  const path = placeOfBase(base);
  return path === undefined ? undefined : lstatIfExists(ctx.root.follow(path))?.uid ?? undefined;
}
