import { deepEqual, equal } from "node:assert/strict";
import type { ActivationOutcome } from "../../lib/rebuild/activation/outcome.ts";
import { offerNextStep } from "../../lib/rebuild/next_step.ts";
import { testContext } from "../support/context.ts";

const FAILED: ActivationOutcome = {
  kind: "failed",
  isActive: false,
  action: "switch",
  toplevel: "/nix/store/new",
  base: "/nix/store/new",
  previousToplevel: "/nix/store/old",
  onlyByReboot: false,
  exitCode: 1,
  switchCode: 2,
  log: "/var/log/x",
  message: "the activation script failed",
  hint: undefined,
  newFailedUnits: [],
  rebootNeededFor: [],
  rollbackCommand: "sudo back",
};

/** What is asked after an activation ended so, when a person says no. */
async function asked(changes: Partial<ActivationOutcome>, interactive = true): Promise<string[]> {
  const questions: string[] = [];
  const ctx = testContext();
  const confirm = ({ message }: { message: string }) => {
    questions.push(message);
    return Promise.resolve(false);
  };
  const outcome = { ...FAILED, ...changes };
  const on = { ...ctx, ui: { ...ctx.ui, interactive, confirm } };
  deepEqual(await offerNextStep(on, outcome), outcome, "no is no");
  return questions;
}

Deno.test("offerNextStep() offers the way that helps: the next boot, or the previous system", async () => {
  const back = ["Go back to the previous system?"];
  deepEqual(await asked({}), back);
  deepEqual(await asked({ kind: "activated-with-failed-units", isActive: true }), back);
  deepEqual(await asked({ action: "test" }), back);
  deepEqual(await asked({ onlyByReboot: true }), [
    "Make it the boot default, for the next reboot?",
  ]);
});

Deno.test("offerNextStep() asks nothing where there is nothing to offer, and nobody to ask", async () => {
  equal((await asked({ kind: "activated", exitCode: 0 })).length, 0);
  equal((await asked({ kind: "went-back" })).length, 0, "it runs again already");
  equal((await asked({ action: "boot" })).length, 0, "what runs is as it was");
  equal((await asked({ previousToplevel: undefined })).length, 0);
  equal((await asked({}, false)).length, 0);
  equal((await asked({ onlyByReboot: true }, false)).length, 0);
});
