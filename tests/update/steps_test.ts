import { equal, match, rejects } from "node:assert/strict";
import { Steps } from "../../lib/update/steps.ts";
import { testContext } from "../support/context.ts";

Deno.test("Steps.render() names every step, also those that were not reached", async () => {
  const ctx = testContext();
  const steps = new Steps(ctx);
  equal(await steps.run("validation", () => Promise.resolve(3), (count) => `${count} passed`), 3);
  await rejects(
    steps.run("smart sync", () => Promise.reject(new Error("gone")), () => "never"),
    /gone/,
  );
  equal(ctx.messages("info").join(), "Step 1 of 3: validation,Step 2 of 3: smart sync");
  const text = steps.render(80);
  match(text, /^ {2}validation +\d+\.\d s +3 passed$/m);
  match(text, /^ {2}smart sync +\d+\.\d s +failed$/m);
  match(text, /^ {2}rebuild +– +not reached$/m);
  match(text, /^ {2}total +\d+\.\d s$/m);
});

Deno.test("Steps.render() says that a step was stopped when a signal ended it", async () => {
  const ctx = testContext();
  const steps = new Steps(ctx);
  const stopped = steps.run("rebuild", () => {
    ctx.abort();
    return Promise.reject(ctx.signal.reason);
  }, () => "never");
  await rejects(stopped);
  steps.skip("smart sync", "nothing to do");
  match(steps.render(80), /^ {2}rebuild +\d+\.\d s +stopped$/m);
  match(steps.render(80), /^ {2}smart sync +– +nothing to do$/m);
});
