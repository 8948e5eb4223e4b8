import { deepEqual, equal, match, rejects } from "node:assert/strict";
import {
  confirmEarlierActivation,
  settleEarlierActivation,
} from "../../../lib/rebuild/activation/earlier_activation.ts";
import type { ActivationStatus } from "../../../lib/nix/activation/activation_status.ts";
import { testContext } from "../../support/context.ts";
import { withScratch } from "../../support/scratch_files.ts";

const ID = "20260615T110000Z-00000000";
const FOLDER = "var/lib/hyper-nixos/activations";

/** A machine on which an activation is at this point; its script runs, or its machine was restarted since. */
function at(changes: Partial<ActivationStatus>, runs = true): Record<string, string> {
  const status: ActivationStatus = {
    version: 1,
    id: ID,
    action: "switch",
    toplevel: "/nix/store/new",
    previous: "/nix/store/old",
    previousDefault: "/nix/store/old",
    log: "/nowhere.log",
    bootId: "this",
    confirmSeconds: 60,
    failedBefore: [],
    pid: 4711,
    phase: "awaiting-confirmation",
    activateCode: 0,
    profileCode: null,
    bootCode: null,
    restoreCode: null,
    goBackCode: null,
    updated: 0,
    ...changes,
  };
  return {
    [`${FOLDER}/${ID}.json`]: JSON.stringify(status),
    "proc/sys/kernel/random/boot_id": runs ? "this" : "another",
    "proc/4711/cmdline": `/bin/sh\0/${FOLDER}/${ID}.sh\0`,
  };
}

function isConfirmed(root: string): boolean {
  return [...Deno.readDirSync(`${root}/${FOLDER}`)].some(({ name }) => name.endsWith(".confirmed"));
}

Deno.test("confirmEarlierActivation() confirms nothing that nobody can have seen", async () => {
  const table: readonly (readonly [Record<string, string>, message: RegExp, hint: RegExp])[] = [
    [{ "etc/x": "" }, /no activation waits for a confirmation/, /--list-generations/],
    [at({ phase: "activating", activateCode: null }), /nothing to keep yet/, /wait until it runs/],
    [at({ confirmSeconds: 0, phase: "making-default" }), /no activation waits/, /see what runs/],
    [at({}, false), /no activation waits/, /see what runs/],
    [at({ phase: "done", goBackCode: 0 }), /no activation waits/, /it was too late/],
  ];
  for (const [files, message, hint] of table) {
    await withScratch(files, async (root) => {
      await rejects(confirmEarlierActivation(testContext({ root })), (error: Error) => {
        match(error.message, message);
        match((error as Error & { hint: string }).hint, hint);
        equal((error as Error & { code: number }).code, 1);
        return true;
      });
      if (files["etc/x"] === undefined) equal(isConfirmed(root), false);
    });
  }
});

Deno.test("settleEarlierActivation() stops while one is under way, and says what to do about it", async () => {
  await withScratch(at({}), async (root) => {
    await rejects(settleEarlierActivation(testContext({ root })), {
      message: "the system that was just activated waits for its confirmation",
      hint: "keep it with: rebuild-helper --confirmed",
    });
  });
  await withScratch(at({ phase: "making-default" }), async (root) => {
    await rejects(settleEarlierActivation(testContext({ root })), {
      message: "an activation is under way on this machine",
      hint: "wait for it, and watch it with: tail -f /nowhere.log",
    });
  });
});

Deno.test("settleEarlierActivation() says once how one ended that nobody could be told of", async () => {
  const ended = at({ phase: "done", profileCode: 0, bootCode: 0, confirmSeconds: 0 });
  await withScratch(ended, async (root) => {
    const [first, second] = [testContext({ root }), testContext({ root })];
    await settleEarlierActivation(first);
    match(
      first.lines.at(-1)!.text,
      /^an earlier switch had not been reported: the new system runs/,
    );
    await settleEarlierActivation(second);
    deepEqual(second.lines, []);
  });
  // A reset in between: it is not done, and runs no more.
  await withScratch(at({}, false), async (root) => {
    const ctx = testContext({ root });
    await settleEarlierActivation(ctx);
    match(ctx.messages("warn")[0]!, /^an earlier switch had not been reported: /);
  });
});
