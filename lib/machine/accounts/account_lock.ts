import type { Context } from "../context.ts";
import { libc, OPEN, opener } from "../files/libc.ts";
import { openOrMake } from "../files/regular_file.ts";
import { shellWord } from "../shell_words.ts";
import { ToolError } from "../tool_error.ts";

/** lckpwdf(3): passwd, useradd, vipw and their like hold it while they change account files. */
const LOCK = "/etc/.pwd.lock";

/** How long another program may hold it, and how often it is asked for, in milliseconds. */
const PATIENCE = 30_000;
const ASK_EVERY = 100;

/** open(2): O_RDWR. */
const READ_WRITE = 0o2;
/** fcntl(2): a lock of the open file, which reading the file elsewhere in this process does not drop. */
const F_OFD_SETLK = 37;
const F_WRLCK = 1;
/** `struct flock` on 64-bit Linux: type and whence of 16 bits, then start and length, then a process. */
const FLOCK_SIZE = 32;

/**
 * Does something with the account files while nobody else changes them: under the system's own lock,
 * which is polled, because lckpwdf(3) would stop the whole program. Activations need it themselves on
 * some systems: keep `work` short and start none in it.
 * @throws ToolError exit 1 when another program does not let go of it; the signal's reason
 */
export async function withAccountLock<T>(
  ctx: Pick<Context, "root" | "signal">,
  work: () => T | Promise<T>,
): Promise<T> {
  const { fcntl, close } = libc();
  const path = ctx.root.host(LOCK);
  openOrMake(path, { read: true, write: true }, 0o600)[Symbol.dispose]();
  const flags = READ_WRITE | OPEN.closeOnExec | OPEN.nonBlocking;
  const descriptor = opener()(path, flags);
  if (descriptor < 0) throw cannotLock(path, "cannot be opened");
  try {
    const request = new Uint8Array(FLOCK_SIZE);
    new DataView(request.buffer).setInt16(0, F_WRLCK, true);
    const end = performance.now() + PATIENCE;
    while (fcntl(descriptor, F_OFD_SETLK, request) !== 0) {
      ctx.signal.throwIfAborted();
      if (performance.now() > end) throw cannotLock(path, "is held by another program");
      await new Promise((resolve) => setTimeout(resolve, ASK_EVERY));
    }
    return await work();
  } finally {
    // Closing the only descriptor frees the lock.
    close(descriptor);
  }
}

function cannotLock(path: string, why: string): ToolError {
  return new ToolError(`the lock of the account files ${path} ${why}`, {
    hint:
      "finish what changes accounts (passwd, vipw, useradd), then run this again; who has it: " +
      `fuser -v ${shellWord(path)}`,
  });
}
