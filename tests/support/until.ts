/** Resolves with what `look` finds. @throws Error when it finds nothing for a minute */
export async function until<T>(what: string, look: () => T | undefined): Promise<T> {
  const end = Date.now() + 60_000;
  for (;;) {
    const found = look();
    if (found !== undefined) return found;
    if (Date.now() > end) throw new Error(`never: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Whether a process runs; one that only waits to be reaped does not (proc_pid_stat(5)). */
export function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) [ZX]/s.test(Deno.readTextFileSync(`/proc/${pid}/stat`));
  } catch {
    return false;
  }
}

/**
 * Resolves when a process that was killed has ended: the kernel ends it after kill(2) has returned, and closes
 * its pipes before it counts as dead.
 * @throws Error when it is there for a minute
 */
export async function untilGone(pid: number): Promise<void> {
  if (!(pid > 0)) throw new Error(`${pid} is no process`);
  await until(`process ${pid} is gone`, () => isAlive(pid) ? undefined : true);
}
