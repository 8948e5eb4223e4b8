/** `getrusage(RUSAGE_CHILDREN)`: what children that have ended, and theirs, have cost (getrusage(2)). */
const RUSAGE_CHILDREN = -1;
/** `struct rusage` begins with two `struct timeval`, user and system; it has 18 words. */
const WORDS = 18;

const libc = Deno.dlopen("libc.so.6", {
  getrusage: { parameters: ["i32", "buffer"], result: "i32" },
});

/** CPU seconds, user and system, of all children that have ended so far, theirs included. */
export function childrenCpu(): number {
  const usage = new BigInt64Array(WORDS);
  if (libc.symbols.getrusage(RUSAGE_CHILDREN, usage) !== 0) throw new Error("getrusage failed");
  const [user = 0n, userMicros = 0n, system = 0n, systemMicros = 0n] = usage;
  return Number(user + system) + Number(userMicros + systemMicros) / 1e6;
}
