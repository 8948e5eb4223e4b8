import { deepEqual, equal, match } from "node:assert/strict";
import type { ActivationStatus } from "../../../lib/nix/activation/activation_status.ts";
import { awaitConfirmation } from "../../../lib/rebuild/activation/confirmation.ts";
import { testContext } from "../../support/context.ts";

const at = (phase: ActivationStatus["phase"]) => ({ phase }) as ActivationStatus;

/** A context whose clock is set, and whose progress is kept. */
function watched() {
  let time = Date.parse("2026-06-15T12:00:00Z");
  const shown: (readonly [number, string | undefined])[] = [];
  const ctx = testContext({ now: () => new Date(time) });
  const progress = () => ({
    update: (done: number, note?: string) => void shown.push([done, note]),
    done: (text: string) => ctx.log.info(text),
    fail: () => {},
  });
  return {
    ctx: { ...ctx, ui: { ...ctx.ui, progress } },
    lines: ctx.lines,
    shown,
    later: (seconds: number) => void (time += seconds * 1000),
  };
}

Deno.test("awaitConfirmation() says once how the new system is kept, as soon as it runs", () => {
  const { ctx, lines, shown, later } = watched();
  const wait = awaitConfirmation(ctx, "20260615T120000Z-0", 60);
  wait.onStatus(at("activating"));
  later(30);
  wait.onStatus(at("activating"));
  deepEqual([lines, shown], [[], []]);
  wait.onStatus(at("awaiting-confirmation"));
  const said = lines.map(({ text }) => text).join("\n");
  match(said, /goes back by itself in 60 seconds/);
  match(said, /rebuild-helper --confirmed/);
  match(said, /touch .*\/20260615T120000Z-0\.confirmed/);
  const count = lines.length;
  later(25);
  wait.onStatus(at("awaiting-confirmation"));
  // A machine that was asleep meanwhile.
  later(1000);
  wait.onStatus(at("awaiting-confirmation"));
  equal(lines.length, count);
  deepEqual(shown, [
    [0, "going back in 60 s"],
    [25, "going back in 35 s"],
    [60, "going back in 0 s"],
  ]);
  wait.end();
  equal(lines.at(-1)!.text, "the wait for a confirmation is over");
});

Deno.test("awaitConfirmation() is silent where nobody has to confirm, and of what never ran", () => {
  const { ctx, lines, shown } = watched();
  const none = awaitConfirmation(ctx, "x", 0);
  none.onStatus(at("awaiting-confirmation"));
  none.end();
  const failed = awaitConfirmation(ctx, "x", 60);
  failed.onStatus(at("activating"));
  failed.onStatus(at("going-back"));
  failed.end();
  deepEqual([lines, shown], [[], []]);
});
