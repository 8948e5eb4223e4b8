import type { Context } from "../context.ts";
import { kernelText } from "./kernel_files.ts";

/** Memory in bytes, from proc_meminfo(5). */
export interface Memory {
  readonly total: number;
  /** What programs can still have, free swap included. */
  readonly available: number | undefined;
}

/** What evaluating a NixOS takes about, in bytes. */
export const EVALUATION_MEMORY = 1024 ** 3;

/** Reads /proc/meminfo; undefined when it cannot be read. */
export function readMemory(ctx: Context): Memory | undefined {
  const text = kernelText(ctx, "/proc/meminfo") ?? "";
  const values = new Map<string, number>();
  for (const [, name, number, unit] of text.matchAll(/^(\w+):\s+(\d+)( kB)?$/gm)) {
    values.set(name!, Number(number) * (unit ? 1024 : 1));
  }
  const total = values.get("MemTotal");
  if (total === undefined) return undefined;
  const available = values.get("MemAvailable");
  return {
    total,
    available: available === undefined ? undefined : available + (values.get("SwapFree") ?? 0),
  };
}
