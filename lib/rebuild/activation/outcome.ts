import type { ActivationStatus } from "../../nix/activation/activation_status.ts";
import { attributeName } from "../../nix/expressions/nix_string.ts";

/** How an activation ended. */
export interface ActivationOutcome extends Omit<OutcomeFacts, "output"> {
  readonly kind:
    /** The new system runs, and is the boot default when that was asked for. */
    | "activated"
    /** The same, but units failed that worked before: the machine needs a look. */
    | "activated-with-failed-units"
    /** Nobody confirmed in time, or it failed while somebody had to: the previous system runs again. */
    | "went-back"
    /** The new system does not run properly; the boot default is the previous system. */
    | "failed";
  /** Whether the new system is what was asked for, units that failed aside. */
  readonly isActive: boolean;
  readonly action: "test" | "switch" | "boot";
  readonly toplevel: string;
  /** The system that it is a specialisation of, or itself. */
  readonly base: string;
  readonly previousToplevel: string | undefined;
  /** A pre-switch check or an incompatible init refused it: `boot` and a reboot would do. */
  readonly onlyByReboot: boolean;
  /** The exit code that the executable should end with: 0 for "activated", else 1. */
  readonly exitCode: 0 | 1;
  /** Of `switch-to-configuration`: its last code, 128 + N after a signal; null when it never ended. */
  readonly switchCode: number | null;
  /** The host path of the log. */
  readonly log: string;
  /** One sentence for the user, and what to do next. */
  readonly message: string;
  readonly hint: string | undefined;
}

/** What is known besides the status. */
export interface OutcomeFacts {
  /** Units that failed now and had not before. */
  readonly newFailedUnits: readonly string[];
  /** Parts that only a reboot brings into use: kernel, initrd, kernel-modules. */
  readonly rebootNeededFor: readonly string[];
  /** The command line that brings the previous system back; undefined without a previous one. */
  readonly rollbackCommand: string | undefined;
  /** What the activation wrote. */
  readonly output: string;
}

/** What `switch-to-configuration` of 24.05 to unstable says with its exit codes. */
const MEANINGS: Readonly<Record<number, string>> = {
  1: "it was refused",
  2: "the activation script failed",
  3: "systemd could not reload its units",
  4: "some units failed",
  100: "its init cannot take over from the running one",
  124: "it took so long that it was taken for hung",
};

/** Judges a finished or abandoned activation. */
export function outcomeOf(status: ActivationStatus, facts: OutcomeFacts): ActivationOutcome {
  const { kind, message, hint } = verdict(status, facts);
  const { output: _, ...known } = facts;
  return {
    kind,
    isActive: kind === "activated" || kind === "activated-with-failed-units",
    action: status.action,
    toplevel: status.toplevel,
    base: status.base ?? status.toplevel,
    previousToplevel: status.previous === null || status.previous === status.toplevel
      ? undefined
      : status.previous,
    onlyByReboot: onlyByReboot(status, facts),
    exitCode: kind === "activated" ? 0 : 1,
    switchCode: status.bootCode ?? status.activateCode,
    ...known,
    log: status.log,
    message,
    hint,
  };
}

interface Verdict {
  readonly kind: ActivationOutcome["kind"];
  readonly message: string;
  readonly hint?: string | undefined;
}

function verdict(status: ActivationStatus, facts: OutcomeFacts): Verdict {
  const back = facts.rollbackCommand === undefined
    ? undefined
    : `to go back: ${facts.rollbackCommand}`;
  if (status.goBackCode !== null || status.phase === "going-back") {
    return wentBack(status, facts, back);
  }
  if (status.phase !== "done") {
    const doing = DOING[status.phase];
    return failed(
      `the activation was ended from outside while ${doing}; ${stillDefault(status)}`,
      back,
    );
  }
  const { activateCode } = status;
  if (activateCode !== null && activateCode !== 0 && activateCode !== 4) {
    return failedActivation(status, facts, back);
  }
  if (status.profileCode !== null && status.profileCode !== 0) {
    return failed(
      `the new system could not be made the boot default (nix-env ended with exit code ` +
        `${status.profileCode}); ${stillDefault(status)}`,
      back,
    );
  }
  if (status.bootCode !== null && status.bootCode !== 0) return failedBoot(status, back);
  if (activateCode === 4) {
    const units = facts.newFailedUnits;
    const parts = failedParts(facts);
    return {
      kind: "activated-with-failed-units",
      message: (units.length === 0
        ? "the new system runs, but some units failed, as they had before"
        : `the new system runs, but these units failed: ${units.join(", ")}`) +
        (parts.length === 0 ? "" : `; of its activation script: ${parts.join(", ")}`),
      hint: hints(
        units.length > 0 ? `look at them: systemctl status ${units.join(" ")}` : undefined,
        leaveOut(parts),
        back,
      ),
    };
  }
  return { kind: "activated", message: DONE[status.action] };
}

const DONE = {
  test: "the new system runs; the boot default is what it was",
  switch: "the new system runs and is the boot default",
  boot: "the next boot starts the new system",
} as const;

const DOING = {
  "activating": "it activated the new system",
  "awaiting-confirmation": "it waited for its confirmation",
  "making-default": "it made the new system the boot default",
  "going-back": "it went back",
} as const;

function failed(message: string, hint: string | undefined): Verdict {
  return { kind: "failed", message, hint };
}

function wentBack(
  status: ActivationStatus,
  facts: OutcomeFacts,
  back: string | undefined,
): Verdict {
  const worked = status.activateCode === 0 || status.activateCode === 4;
  const parts = worked ? [] : failedParts(facts);
  const why = worked
    ? `nobody confirmed the new system within ${status.confirmSeconds} seconds`
    : `the activation failed (${meaning(status.activateCode, parts)})`;
  if (status.goBackCode === 0) {
    const message = `${why}: the previous system runs again`;
    return { kind: "went-back", message, hint: leaveOut(parts) };
  }
  return failed(
    `${why}, and going back failed as well (${meaning(status.goBackCode)}); ${
      stillDefault(status)
    }`,
    `reboot into the previous system${back === undefined ? "" : `, or, ${back}`}`,
  );
}

function failedActivation(
  status: ActivationStatus,
  facts: OutcomeFacts,
  back: string | undefined,
): Verdict {
  const refused = isRefusal(facts.output);
  if (onlyByReboot(status, facts)) {
    return failed(
      `the new system cannot be activated while this one runs (${
        refused ? "a pre-switch check refused it" : meaning(status.activateCode)
      }); nothing was changed`,
      "make it the boot default and reboot: rebuild-helper boot" +
        (refused ? "; NIXOS_NO_CHECK=1 overrides the check" : ""),
    );
  }
  const parts = failedParts(facts);
  const why = meaning(status.activateCode, parts);
  return failed(
    `the activation failed: ${why}; ${stillDefault(status)}`,
    hints(leaveOut(parts), back),
  );
}

function onlyByReboot(status: ActivationStatus, facts: OutcomeFacts): boolean {
  return status.activateCode === 100 || status.activateCode === 1 && isRefusal(facts.output);
}

/** What pre-switch checks and switch inhibitors of NixOS 24.11 and later say. */
function isRefusal(output: string): boolean {
  return /pre-switch check|switch inhibitors|NIXOS_NO_CHECK/i.test(output);
}

function failedBoot(status: ActivationStatus, back: string | undefined): Verdict {
  const runs = status.action === "boot" ? "" : "the new system runs, but ";
  return status.restoreCode === 0
    ? failed(`${runs}the boot loader could not be updated for it; ${stillDefault(status)}`, back)
    : failed(
      `${runs}the boot loader could not be updated, and putting the previous default ` +
        "back failed too: THE NEXT BOOT MAY FAIL",
      "free space on /boot (df -h /boot), then run it again; do not reboot before",
    );
}

function stillDefault(status: ActivationStatus): string {
  return status.previousDefault === null
    ? "the boot default was not changed"
    : "the boot default is the previous system";
}

/** Parts of the activation script that failed, as NixOS names them (activation-script.nix). */
function failedParts({ output }: OutcomeFacts): string[] {
  const found = output.matchAll(/^Activation script snippet '(.+)' failed \(\d+\)$/gm);
  return [...new Set([...found].map(([, name]) => name!))];
}

/** A part that fails once fails at every activation, until it is left out or mended. */
function leaveOut([part]: readonly string[]): string | undefined {
  return part === undefined
    ? undefined
    : `what it says is in the log; to leave one out: system.activationScripts.${
      attributeName(part)
    } = ` +
      'lib.mkForce ""';
}

function hints(...parts: readonly (string | undefined)[]): string | undefined {
  return parts.filter((part) => part !== undefined).join("; ") || undefined;
}

function meaning(code: number | null, parts: readonly string[] = []): string {
  if (code === null) return "it did not end";
  const known = MEANINGS[code];
  const which = parts.length === 0 ? "" : ` (${parts.join(", ")})`;
  if (known !== undefined) return `${known}${which}, exit code ${code}`;
  return code > 128 ? `it was ended by signal ${code - 128}` : `exit code ${code}`;
}
