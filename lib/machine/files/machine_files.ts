import { attempt } from "../attempt.ts";
import type { Context } from "../context.ts";
import { exists, isAbsent, listIfExists, readLinkIfExists } from "./files.ts";
import { NotRegular, readRegular } from "./regular_file.ts";

/** What reading a file gave: its bytes, or why there are none. */
export type FileContent =
  | { readonly kind: "read"; readonly bytes: Uint8Array }
  | { readonly kind: "absent" }
  | { readonly kind: "unreadable"; readonly reason: string };

/**
 * Reads a file of the machine; never throws and never waits: a pipe or device in its place is
 * "unreadable". For looking at machines: an unknown is a statement, not a failure.
 * @param path a machine path; links are followed inside the root
 * @param limit bytes; a larger file is "unreadable"
 */
export function readMachineFile(
  ctx: Pick<Context, "root">,
  path: string,
  limit?: number,
): FileContent {
  try {
    return { kind: "read", bytes: readRegular(ctx.root.follow(path), limit) };
  } catch (error) {
    if (isAbsent(error)) return { kind: "absent" };
    if (error instanceof NotRegular) return unreadable(`is ${error.found}, not a regular file`);
    if (error instanceof Deno.errors.PermissionDenied) return unreadable("permission denied");
    return unreadable(error instanceof Error ? error.message : String(error));
  }
}

/** The text of a machine's file, whatever is not UTF-8 replaced; undefined when it cannot be read. */
export function machineText(ctx: Context, path: string): string | undefined {
  const content = readMachineFile(ctx, path);
  return content.kind === "read" ? new TextDecoder().decode(content.bytes) : undefined;
}

/** The target of a machine's link, as it is written; undefined for anything else, and when it cannot be read. */
export function machineLink(ctx: Context, path: string): string | undefined {
  return attempt(() => readLinkIfExists(ctx.root.host(path)));
}

/** The names in a machine's folder, sorted; empty when it cannot be read. */
export function machineFolder(ctx: Context, path: string): string[] {
  return attempt(() => listIfExists(ctx.root.follow(path))) ?? [];
}

/** Whether something is at a machine path (links followed); false also when that cannot be seen. */
export function machineHas(ctx: Context, path: string): boolean {
  return attempt(() => exists(ctx.root.follow(path))) ?? false;
}

function unreadable(reason: string): FileContent {
  return { kind: "unreadable", reason };
}
