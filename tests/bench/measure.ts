import { childrenCpu } from "./cpu_time.ts";

/** A command to be measured. */
export interface Command {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
}

/** Seconds after which a command counts as hanging and is killed, if nothing else is said. */
const LIMIT = 180;

/** A command that did not end in time. */
export class Hung extends Error {
  override readonly name = "Hung";
  constructor(readonly seconds: number) {
    super(`had not ended after ${seconds} s and was killed`);
  }
}

/**
 * Runs a command to its end.
 * @returns milliseconds from start to end
 * @throws Error with what the command wrote, when it fails; {@link Hung}
 */
export async function timed(command: Command, limit = LIMIT): Promise<number> {
  const start = performance.now();
  await run(command, limit);
  return performance.now() - start;
}

/** What a command took. */
export interface Cost {
  readonly milliseconds: number;
  /** CPU seconds, user and system, its children included. */
  readonly cpu: number;
}

/** {@link timed}, with the CPU seconds; nothing else may be started meanwhile. */
export async function measured(command: Command, limit = LIMIT): Promise<Cost> {
  const before = childrenCpu();
  const milliseconds = await timed(command, limit);
  return { milliseconds, cpu: childrenCpu() - before };
}

/**
 * Runs a command; its standard output.
 * @param limit seconds after which it and what it has started are killed
 */
export async function run({ command, args, cwd, env }: Command, limit = LIMIT): Promise<string> {
  const start = performance.now();
  // timeout(1) makes a process group and kills that, so nothing of a shell's is left.
  const { success, signal, stdout, stderr } = await new Deno.Command("timeout", {
    args: ["--signal=KILL", String(limit), command, ...args],
    env: { ...env },
    clearEnv: true,
    stdin: "null",
    ...(cwd === undefined ? {} : { cwd }),
  }).output();
  if (success) return new TextDecoder().decode(stdout);
  if (signal === "SIGKILL" && performance.now() - start >= limit * 1000) throw new Hung(limit);
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes).slice(-2000);
  throw new Error(`${command} ${args.join(" ")}\n${decode(stdout)}${decode(stderr)}`);
}

/** The most memory a command had at a time, in bytes, as the kernel tells GNU time. */
export async function peakMemory(command: Command, scratch: string): Promise<number> {
  const file = `${scratch}/peak`;
  const args = ["-f", "%M", "-o", file, command.command, ...command.args];
  await run({ ...command, command: "/usr/bin/time", args });
  return Number((await Deno.readTextFile(file)).trim()) * 1024;
}

/** The middle value; of an even number, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? sorted[middle]!
    : ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
}

/** Writes of earlier work to the disk of a folder are done when this returns. */
export async function settle(folder: string): Promise<void> {
  const env = { PATH: Deno.env.get("PATH") ?? "" };
  await run({ command: "sync", args: ["--file-system", folder], env });
}
