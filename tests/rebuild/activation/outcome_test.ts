import { equal, match, ok } from "node:assert/strict";
import type { ActivationStatus } from "../../../lib/nix/activation/activation_status.ts";
import { outcomeOf } from "../../../lib/rebuild/activation/outcome.ts";

function status(changes: Partial<ActivationStatus>): ActivationStatus {
  return {
    version: 1,
    id: "20261124T071500Z-00000000",
    action: "switch",
    toplevel: "/nix/store/new",
    previous: "/nix/store/old",
    previousDefault: "/nix/store/old",
    log: "/var/log/nixos/rebuild.log",
    bootId: "boot",
    confirmSeconds: 0,
    failedBefore: [],
    pid: 1,
    phase: "done",
    activateCode: 0,
    profileCode: 0,
    bootCode: 0,
    restoreCode: null,
    goBackCode: null,
    updated: 0,
    ...changes,
  };
}

const nothing = {
  newFailedUnits: [],
  rebootNeededFor: [],
  rollbackCommand: "sudo back",
  output: "",
};
const notDefault = { profileCode: null, bootCode: null };

const cases: readonly (readonly [
  what: string,
  changes: Partial<ActivationStatus>,
  kind: string,
  message: RegExp,
])[] = [
  ["all worked", {}, "activated", /runs and is the boot default/],
  [
    "test worked",
    { action: "test", ...notDefault },
    "activated",
    /the boot default is what it was/,
  ],
  ["boot worked", { action: "boot", activateCode: null }, "activated", /next boot starts the new/],
  ["units failed", { activateCode: 4 }, "activated-with-failed-units", /as they had before/],
  ["activation script", { activateCode: 2, ...notDefault }, "failed", /activation script failed/],
  ["daemon-reload", { activateCode: 3, ...notDefault }, "failed", /systemd could not reload/],
  ["a signal", { activateCode: 137, ...notDefault }, "failed", /ended by signal 9/],
  ["another code", { activateCode: 77, ...notDefault }, "failed", /exit code 77/],
  ["profile", { profileCode: 1, bootCode: null }, "failed", /could not be made the boot default/],
  ["boot loader", { bootCode: 1, restoreCode: 0 }, "failed", /could not be updated for it/],
  ["boot loader twice", { bootCode: 1, restoreCode: 1 }, "failed", /THE NEXT BOOT MAY FAIL/],
  [
    "not confirmed",
    { confirmSeconds: 9, goBackCode: 0, ...notDefault },
    "went-back",
    /nobody confirmed.*9 seconds: the previous system runs again/,
  ],
  [
    "failed and went back",
    { confirmSeconds: 9, activateCode: 3, goBackCode: 0, ...notDefault },
    "went-back",
    /the activation failed \(systemd could not reload/,
  ],
  [
    "going back failed",
    { confirmSeconds: 9, goBackCode: 2, ...notDefault },
    "failed",
    /going back failed as well/,
  ],
  [
    "killed while activating",
    { phase: "activating", activateCode: null, ...notDefault },
    "failed",
    /ended from outside while it activated the new system; the boot default is the previous/,
  ],
  [
    "killed while going back",
    { phase: "going-back", confirmSeconds: 9, ...notDefault },
    "failed",
    /going back failed as well \(it did not end\)/,
  ],
];

for (const [what, changes, kind, message] of cases) {
  Deno.test(`outcomeOf() calls it ${kind} when: ${what}`, () => {
    const outcome = outcomeOf(status(changes), nothing);
    equal(outcome.kind, kind);
    match(outcome.message, message);
    equal(outcome.exitCode, kind === "activated" ? 0 : 1);
    ok(!/\.$/.test(outcome.message));
  });
}

Deno.test("outcomeOf() names the units that failed, and the way back", () => {
  const outcome = outcomeOf(status({ activateCode: 4 }), {
    ...nothing,
    newFailedUnits: ["web.service"],
  });
  match(outcome.message, /these units failed: web\.service/);
  equal(outcome.hint, "look at them: systemctl status web.service; to go back: sudo back");
});

Deno.test("outcomeOf() tells a refusal from a failure", () => {
  const refused = { activateCode: 1, ...notDefault };
  const output = "Pre-switch check 'switchInhibitors' failed\nPre-switch checks failed";
  ok(outcomeOf(status(refused), { ...nothing, output }).onlyByReboot);
  ok(outcomeOf(status({ activateCode: 100, ...notDefault }), nothing).onlyByReboot);
  ok(!outcomeOf(status(refused), nothing).onlyByReboot);
  ok(!outcomeOf(status({ activateCode: 2, ...notDefault }), { ...nothing, output }).onlyByReboot);
});

Deno.test("outcomeOf() names the parts of the activation script that failed, also where units failed too", () => {
  const output = [
    "setting up /etc...",
    "mkdir: cannot create directory '/etc/hypervisor/docs/beginner': Read-only file system",
    "Activation script snippet 'generateDocs' failed (1)",
    "Activation script snippet 'odd name' failed (127)",
  ].join("\n");
  const of = (changes: Partial<ActivationStatus>) =>
    outcomeOf(status({ ...notDefault, ...changes }), { ...nothing, output });
  const failed = of({ activateCode: 2 });
  match(
    failed.message,
    /the activation script failed \(generateDocs, odd name\), exit code 2; the boot default is/,
  );
  match(
    failed.hint!,
    /leave one out: system\.activationScripts\.generateDocs = lib\.mkForce ""; to go back: sudo back/,
  );
  match(
    of({ activateCode: 4 }).message,
    /some units failed.*; of its activation script: generateDocs/,
  );
  const wentBack = of({ activateCode: 2, goBackCode: 0 });
  match(wentBack.message, /failed \(generateDocs, odd name\).*the previous system runs again/);
  match(wentBack.hint!, /leave one out/);
  // Nobody confirmed what worked: that is all there is to say.
  equal(of({ activateCode: 0, goBackCode: 0, confirmSeconds: 9 }).hint, undefined);
});
