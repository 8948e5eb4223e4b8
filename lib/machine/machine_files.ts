import type { Context } from "../program/context.ts";

/** What reading a file gave: its bytes, or why there are none. */
export type FileContent =
  | { readonly kind: "read"; readonly bytes: Uint8Array }
  | { readonly kind: "absent" }
  | { readonly kind: "unreadable"; readonly reason: string };

/**
 * Reads a file of the machine; never throws and never waits: a pipe or device in its place is
 * "unreadable". For looking at machines: an unknown is a statement, not a failure.
 * @param path a machine path; links are followed inside the root
 */
export function readMachineFile(ctx: Pick<Context, "root">, path: string): FileContent {
  try {
    const hostPath = ctx.root.follow(path);
    if (!Deno.statSync(hostPath).isFile) return unreadable("is not a regular file");
    return { kind: "read", bytes: Deno.readFileSync(hostPath) };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return { kind: "absent" };
    }
    if (error instanceof Deno.errors.PermissionDenied) return unreadable("permission denied");
    return unreadable(error instanceof Error ? error.message : String(error));
  }
}

/** The text of a machine's file, whatever is not UTF-8 replaced; undefined when it cannot be read. */
export function machineText(ctx: Context, path: string): string | undefined {
  const content = readMachineFile(ctx, path);
  return content.kind === "read" ? new TextDecoder().decode(content.bytes) : undefined;
}

/** The names in a machine's folder, sorted; empty when it cannot be read. */
export function machineFolder(ctx: Context, path: string): string[] {
  try {
    return [...Deno.readDirSync(ctx.root.follow(path))].map((entry) => entry.name).sort();
  } catch {
    return [];
  }
}

/** Whether something is at a machine path (links followed); false also when that cannot be seen. */
export function machineHas(ctx: Context, path: string): boolean {
  try {
    Deno.statSync(ctx.root.follow(path));
    return true;
  } catch {
    return false;
  }
}

function unreadable(reason: string): FileContent {
  return { kind: "unreadable", reason };
}
