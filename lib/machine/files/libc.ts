import { ExitCode } from "../exit_code.ts";
import { ToolError } from "../tool_error.ts";

/** The C library under the name that it is loaded by already (glibc). */
export const LIBC = "libc.so.6";

/**
 * The calls that the runtime has no way to make. `syscall` stands for openat2(2), which glibc has no
 * function for before 2.42. Their errors are not read: errno belongs to a thread, and what the runtime
 * did in between decides what it says. Who meets a failure looks again by other means.
 */
export const LIBC_SYMBOLS = {
  open: { parameters: ["buffer", "i32"], result: "i32" },
  openat: { parameters: ["i32", "buffer", "i32"], result: "i32" },
  syscall: { parameters: ["i64", "i32", "buffer", "buffer", "usize"], result: "i64" },
  statx: { parameters: ["i32", "buffer", "i32", "u32", "buffer"], result: "i32" },
  renameat2: {
    parameters: ["i32", "buffer", "i32", "buffer", "u32"],
    result: "i32",
    optional: true,
  },
  read: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  fcntl: { parameters: ["i32", "i32", "buffer"], result: "i32" },
  syncfs: { parameters: ["i32"], result: "i32", nonblocking: true },
  close: { parameters: ["i32"], result: "i32" },
} as const;

/** The functions of {@link LIBC_SYMBOLS}. */
export type LibcCalls = Deno.DynamicLibrary<typeof LIBC_SYMBOLS>["symbols"];

/** Relative to the working directory; open(2). */
export const AT_FDCWD = -100;

/** Flags of open(2); O_DIRECTORY and O_NOFOLLOW differ between processors (asm/fcntl.h). */
export const OPEN = {
  path: 0o10000000,
  nonBlocking: 0o4000,
  closeOnExec: 0o2000000,
  ...(Deno.build.arch === "aarch64"
    ? { directory: 0o40000, noFollow: 0o100000 }
    : { directory: 0o200000, noFollow: 0o400000 }),
} as const;

/** The same number on every processor. */
const SYS_OPENAT2 = 437n;
/** RESOLVE_NO_SYMLINKS and RESOLVE_NO_MAGICLINKS (linux/openat2.h). */
const NO_LINKS = 0x04n | 0x02n;
/** `struct open_how`: flags, mode and resolve, 64 bits each. */
const OPEN_HOW = new BigUint64Array([0n, 0n, NO_LINKS]);
const OPEN_HOW_SIZE = BigInt(OPEN_HOW.byteLength);

const encoder = new TextEncoder();

let loaded: LibcCalls | undefined;

/**
 * The C library, loaded once: no file is opened safely without it.
 * @throws ToolError exit 2 where it cannot be loaded
 */
export function libc(): LibcCalls {
  try {
    return loaded ??= Deno.dlopen(LIBC, LIBC_SYMBOLS).symbols;
  } catch (error) {
    throw new ToolError(`${LIBC} cannot be loaded`, {
      code: ExitCode.MissingDependency,
      hint: "run it on a Linux system with glibc; files are opened safely through it",
      cause: error,
    });
  }
}

/**
 * A path as C takes it.
 * @throws TypeError for one with a zero byte, of which C would see the first part only
 */
export function cString(path: string): Uint8Array<ArrayBuffer> {
  if (path.includes("\0")) throw new TypeError("a path has a zero byte");
  return encoder.encode(path + "\0");
}

/**
 * openat2(2) that fails when any component of the path is a link.
 * @param path absolute
 * @returns a descriptor; negative when it failed
 */
export function openWithoutLinks(path: string, flags: number): number {
  OPEN_HOW[0] = BigInt(flags);
  const call = libc().syscall;
  return Number(call(SYS_OPENAT2, AT_FDCWD, cString(path), OPEN_HOW, OPEN_HOW_SIZE));
}

/**
 * {@link openWithoutLinks} for kernels before 5.6 and for containers that do not allow the call: one
 * openat(2) for each component, which refuses a link.
 */
export function openStepByStep(path: string, flags: number): number {
  const { openat, close } = libc();
  const step = OPEN.path | OPEN.directory | OPEN.noFollow | OPEN.closeOnExec;
  const names = path.split("/").filter((name) => name !== "" && name !== ".");
  const last = names.pop();
  let folder = openat(AT_FDCWD, cString("/"), last === undefined ? flags : step);
  for (const name of names) {
    if (folder < 0) return folder;
    const next = openat(folder, cString(name), step);
    close(folder);
    folder = next;
  }
  if (folder < 0 || last === undefined) return folder;
  const found = openat(folder, cString(last), flags | OPEN.noFollow);
  close(folder);
  return found;
}

let chosen: typeof openWithoutLinks | undefined;

/** The way to open without links that there is here, {@link openWithoutLinks} or step by step; asked once. */
export function opener(): typeof openWithoutLinks {
  if (chosen === undefined) {
    const root = openWithoutLinks("/", OPEN.path | OPEN.directory | OPEN.closeOnExec);
    if (root >= 0) libc().close(root);
    chosen = root >= 0 ? openWithoutLinks : openStepByStep;
  }
  return chosen;
}
