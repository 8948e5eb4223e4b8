import { equal, match, rejects, throws } from "node:assert/strict";
import { SilenceGuard } from "../../lib/github/silence_guard.ts";
import { TransferError } from "../../lib/git/transfer_error.ts";

/** Resolves with why a request was ended. */
function ended(guard: SilenceGuard): Promise<unknown> {
  return new Promise((resolve) => {
    const { signal } = guard;
    if (signal.aborted) resolve(signal.reason);
    signal.addEventListener("abort", () => resolve(signal.reason), { once: true });
  });
}

const nobody = () => new AbortController().signal;

Deno.test("SilenceGuard ends a request in which nothing comes, and leaves behind who does not notice", async () => {
  const guard = new SilenceGuard(50, Infinity, nobody());
  const reason = await ended(guard);
  equal(reason, guard.reason);
  equal(reason instanceof TransferError && reason.problem, "network");
  match(guard.reason!.message, /^silence for 0\.1 s$/);
  equal(guard.reason!.details.silent, true);
  equal(guard.reason!.details.late, false);
  await rejects(guard.left, (error) => error === reason);
  guard.stop();
});

Deno.test("SilenceGuard ends a request that drips, although it is never silent", async () => {
  const guard = new SilenceGuard(500, Infinity, nobody());
  const drip = setInterval(() => guard.heard(1), 20);
  await ended(guard);
  clearInterval(drip);
  match(guard.reason!.message, /^only \d+ bytes in 3 s$|^silence for/);
  guard.stop();
});

Deno.test("SilenceGuard ends a request at its time, however much comes", async () => {
  const guard = new SilenceGuard(60_000, performance.now() + 100, nobody());
  const flood = setInterval(() => guard.heard(1_000_000), 10);
  await ended(guard);
  clearInterval(flood);
  equal(guard.reason!.details.late, true);
  guard.stop();
  const late = new SilenceGuard(60_000, performance.now() - 1, nobody());
  await ended(late);
  equal(late.reason!.details.late, true);
  late.stop();
});

Deno.test("SilenceGuard ends a request when the program is told to stop, also after all has come", async () => {
  for (const complete of [false, true]) {
    const outer = new AbortController();
    const guard = new SilenceGuard(60_000, Infinity, outer.signal);
    if (complete) guard.complete();
    const stopped = new Error("stopped by a signal");
    outer.abort(stopped);
    equal(await ended(guard), stopped);
    equal(guard.reason, undefined, "silence was not the reason");
    await rejects(guard.left, (error) => error === stopped);
    guard.stop();
  }
  const stopped = AbortSignal.abort(new Error("before"));
  throws(() => new SilenceGuard(1000, Infinity, stopped), /before/);
});

Deno.test("SilenceGuard takes silence for right once all has come, and after the request", async () => {
  const complete = new SilenceGuard(30, performance.now() + 30, nobody());
  complete.complete();
  const over = new SilenceGuard(30, performance.now() + 30, nobody());
  over.stop();
  // One that is watched for longer than both has rung: theirs would have, too.
  const later = new SilenceGuard(300, Infinity, nobody());
  await ended(later);
  equal(complete.signal.aborted, false);
  equal(complete.reason, undefined);
  equal(over.signal.aborted, true);
  equal(over.reason, undefined);
  for (const guard of [complete, later]) guard.stop();
});
