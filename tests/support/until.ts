/**
 * What goes on by itself is never silent for so long (milliseconds), on a slow machine that does other
 * things, too: a test gives up then, and at no earlier time.
 */
export const HANGS = 180_000;

/** Resolves with what `look` finds. @throws Error when it finds nothing for {@link HANGS} */
export async function until<T>(what: string, look: () => T | undefined): Promise<T> {
  const end = Date.now() + HANGS;
  for (;;) {
    const found = look();
    if (found !== undefined) return found;
    if (Date.now() > end) throw new Error(`never: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** What proc_pid_stat(5) says of a process; undefined when there is none. */
export interface ProcessStat {
  readonly pid: number;
  /** Of its program, the first 15 bytes. */
  readonly name: string;
  /** One letter: `Z` waits to be reaped, `T` is stopped. */
  readonly state: string;
  readonly parent: number;
  readonly group: number;
}

/** @param path of a process or of one of its threads: `/proc/PID`, `/proc/PID/task/TID` */
function statOf(path: string): ProcessStat | undefined {
  try {
    const text = Deno.readTextFileSync(`${path}/stat`);
    // The name is in parentheses, and may hold some: then state, parent, process group.
    const end = text.lastIndexOf(")");
    const [state, parent, group] = text.slice(end + 2).split(" ");
    const name = text.slice(text.indexOf("(") + 1, end);
    return {
      pid: parseInt(text),
      name,
      state: state!,
      parent: Number(parent),
      group: Number(group),
    };
  } catch {
    return undefined;
  }
}

/** All processes. */
export function* processes(): Generator<ProcessStat> {
  for (const { name } of Deno.readDirSync("/proc")) {
    const stat = /^\d+$/.test(name) ? statOf(`/proc/${name}`) : undefined;
    if (stat !== undefined) yield stat;
  }
}

/** Whether a process runs; one that only waits to be reaped does not. */
export function isAlive(pid: number): boolean {
  const stat = statOf(`/proc/${pid}`);
  return stat !== undefined && !/[ZX]/.test(stat.state);
}

/**
 * Resolves when a process that was killed has ended: the kernel ends it after kill(2) has returned, and closes
 * its pipes before it counts as dead.
 * @throws Error when it is there for {@link HANGS}
 */
export async function untilGone(pid: number): Promise<void> {
  if (!(pid > 0)) throw new Error(`${pid} is no process`);
  await until(`process ${pid} is gone`, () => isAlive(pid) ? undefined : true);
}

/** Stops a process, and resolves when none of its threads does anything any more. */
export async function stopProcess(pid: number): Promise<void> {
  Deno.kill(pid, "SIGSTOP");
  await until(`process ${pid} is stopped`, () => {
    const threads = [...Deno.readDirSync(`/proc/${pid}/task`)];
    return threads.every(({ name }) => {
      const stat = statOf(`/proc/${pid}/task/${name}`);
      return stat === undefined || /[TtZX]/.test(stat.state);
    }) || undefined;
  });
}

/** Kills a process group, and resolves when nobody of it does anything any more. */
export async function killGroup(group: number): Promise<void> {
  try {
    Deno.kill(-group, "SIGKILL");
  } catch {
    return; // It is gone.
  }
  await until(
    `process group ${group} is gone`,
    () =>
      [...processes()].some((one) => one.group === group && isAlive(one.pid)) ? undefined : true,
  );
}
