import { attempt } from "./attempt.ts";
import * as v from "valibot";
import type { Context } from "./context.ts";
import { ExitCode } from "./exit_code.ts";
import { listIfExists, removeIfExists, writeFileAtomic } from "./files/files.ts";
import { readMachineFile } from "./files/machine_files.ts";
import { problemOf } from "./parsed_as.ts";
import { places } from "./places.ts";
import { ToolError } from "./tool_error.ts";

/** What was, or is now, at a path. `backup` is a machine path below the receipt's backup folder. */
const Snapshot = v.variant("kind", [
  v.object({ kind: v.literal("absent") }),
  v.object({ kind: v.literal("directory") }),
  v.object({ kind: v.literal("link"), target: v.string(), mtime: v.nullable(v.string()) }),
  v.object({
    kind: v.literal("file"),
    mode: v.number(),
    uid: v.number(),
    gid: v.number(),
    mtime: v.nullable(v.string()),
    /** Of the content; null for a secret. */
    sha256: v.nullable(v.string()),
    backup: v.nullable(v.string()),
  }),
  v.object({ kind: v.literal("tree"), backup: v.nullable(v.string()) }),
]);

const StepRecordSchema = v.object({
  id: v.string(),
  kind: v.picklist(["directory", "file", "secret", "link", "remove", "tree"]),
  path: v.string(),
  /** `unchanged`: it was so already, and undoing leaves it. `doing` is written before anything is. */
  state: v.picklist(["pending", "doing", "done", "unchanged", "reverted"]),
  before: v.nullable(Snapshot),
  /** What was written: the SHA-256 of a file or tree, the target of a link; null for other steps. */
  after: v.nullable(v.string()),
  /** Where the new content waits until it is renamed into place (trees). */
  staged: v.nullable(v.string()),
});

/**
 * The receipt of an installation, `receipts/<id>.json`: a public format, written after every change of
 * state, from which an interrupted run is finished or reverted and a finished one undone. It holds
 * paths and checksums, never content, and no secret.
 */
const ReceiptSchema = v.object({
  version: v.literal(1),
  id: v.string(),
  toolkit: v.string(),
  startedAt: v.string(),
  hostName: v.string(),
  state: v.picklist([
    "applying",
    "applied",
    "built",
    "activating",
    "activated",
    "reverting",
    "reverted",
    "undoing",
    "undone",
  ]),
  /** The system that was current before, a store path; null where there was none. */
  previousSystem: v.nullable(v.string()),
  /** The system that was the boot default before. */
  previousDefault: v.nullable(v.string()),
  /** What was activated last: the store path and the action. */
  activated: v.nullable(v.object({
    toplevel: v.string(),
    action: v.picklist(["test", "switch", "boot"]),
    /** The profile was set, so that undoing must set it back. */
    profileSet: v.boolean(),
  })),
  /** Backups of passwd, shadow and group were made, from before the first activation and after the last. */
  accountsSaved: v.boolean(),
  steps: v.array(StepRecordSchema),
});

/** What an installation did, written after each step of it. */
export type Receipt = v.InferOutput<typeof ReceiptSchema>;
/** How far one step of it went. */
export type StepRecord = v.InferOutput<typeof StepRecordSchema>;
/** What was at a path, before or after a step. */
export type Snapshot = v.InferOutput<typeof Snapshot>;

/** Where the backups of a receipt are (machine path). */
export function backupFolder(receipt: { readonly id: string }): string {
  return `${places.backups}/${receipt.id}`;
}

/** Where a receipt is (machine path). */
export function receiptPath(receipt: { readonly id: string }): string {
  return `${places.receipts}/${receipt.id}.json`;
}

/**
 * The id of a new installation: its time, or what comes right after the newest one where the clock was set
 * back since, because ids are what tells which installation is the last.
 */
export function newReceiptId(ctx: Context, now: Date): string {
  const last = listIfExists(ctx.root.host(places.receipts)).filter(isReceipt).at(-1) ?? "";
  const newest = Date.parse(
    last.replace(/T(\d\d)-(\d\d)-(\d\d)-(\d{3}Z)\.json$/, "T$1:$2:$3.$4"),
  );
  const time = newest >= now.getTime() ? new Date(newest + 1) : now;
  return time.toISOString().replaceAll(/[:.]/g, "-");
}

function isReceipt(name: string): boolean {
  return name.endsWith(".json");
}

/** Writes a receipt; on disk when this returns. */
export function writeReceipt(ctx: Context, receipt: Receipt): void {
  const path = ctx.root.host(receiptPath(receipt));
  writeFileAtomic(path, JSON.stringify(receipt, null, 2) + "\n", { mode: 0o600 });
}

/** Removes what a writer that was killed left in the folder; the caller holds the lock. */
export function removeUnwrittenReceipts(ctx: Context): void {
  const folder = ctx.root.host(places.receipts);
  for (const name of listIfExists(folder)) {
    if (/^\..*\.tmp$/.test(name)) removeIfExists(`${folder}/${name}`);
  }
}

/**
 * All receipts, oldest first.
 * @throws ToolError exit 6 for one that cannot be understood: guessing would put files back wrongly
 */
export function readReceipts(ctx: Context): Receipt[] {
  const folder = ctx.root.host(places.receipts);
  return listIfExists(folder).filter(isReceipt).map((name) => {
    const path = `${folder}/${name}`;
    const content = readMachineFile(ctx, `${places.receipts}/${name}`);
    const value = content.kind === "read"
      ? attempt(() => JSON.parse(new TextDecoder().decode(content.bytes)))
      : undefined;
    const parsed = v.safeParse(ReceiptSchema, value);
    if (parsed.success) return parsed.output;
    const reason = content.kind === "unreadable"
      ? content.reason
      : value === undefined
      ? "it is not JSON"
      : problemOf(parsed.issues);
    throw new ToolError(`receipt ${path} cannot be read: ${reason}`, {
      code: ExitCode.Configuration,
      hint: "it was written by another version of the toolkit, or damaged; use that version, or " +
        `put files back by hand from ${ctx.root.host(places.backups)}`,
    });
  });
}

/** The newest installation that can be undone; undefined when there is none. */
export function latestInstallation(receipts: readonly Receipt[]): Receipt | undefined {
  return receipts.findLast((receipt) => receipt.state !== "reverted" && receipt.state !== "undone");
}

/**
 * The newest installation that can be undone, for who must go on beside receipts that cannot be
 * understood: those are told as a warning.
 */
export function presentInstallation(ctx: Context): Receipt | undefined {
  return latestInstallation(readableReceipts(ctx));
}

/** All receipts, oldest first; none, and a warning, when one of them cannot be understood. */
export function readableReceipts(ctx: Context): Receipt[] {
  try {
    return readReceipts(ctx);
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    ctx.log.warn(error.message);
    return [];
  }
}

/** An installation or undo that was cut off (SIGKILL, power) before its files were all in place. */
export function unfinishedInstallation(receipts: readonly Receipt[]): Receipt | undefined {
  return receipts.findLast((receipt) =>
    receipt.state === "applying" || receipt.state === "reverting" || receipt.state === "undoing"
  );
}
