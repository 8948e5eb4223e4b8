/** A command to be measured. */
export interface Command {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Runs a command to its end.
 * @returns milliseconds from start to end
 * @throws Error with what the command wrote, when it fails
 */
export async function timed(command: Command): Promise<number> {
  const start = performance.now();
  await run(command);
  return performance.now() - start;
}

/** Milliseconds after which a command counts as hanging and is killed. */
const LIMIT = 180_000;

/** Runs a command; its standard output. */
export async function run({ command, args, cwd, env }: Command): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command("timeout", {
    args: ["--signal=KILL", String(LIMIT / 1000), command, ...args],
    env: { ...env },
    clearEnv: true,
    stdin: "null",
    ...(cwd === undefined ? {} : { cwd }),
  }).output();
  if (success) return new TextDecoder().decode(stdout);
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
