import type { Check } from "./check.ts";
import { isolationChecks } from "./checks/cgroups.ts";
import { derivationsCheck } from "./checks/derivations.ts";
import { evaluationChecks } from "./checks/evaluation.ts";
import { flakeFileChecks } from "./checks/flake_files.ts";
import { flakeLinkCheck } from "./checks/flake_link.ts";
import { folderChecks } from "./checks/folders.ts";
import { guestBackupCheck } from "./checks/guest_backup.ts";
import { guestsCheck } from "./checks/guests.ts";
import { hardwareFileChecks } from "./checks/hardware_files.ts";
import { hostRecordCheck } from "./checks/host_record.ts";
import { interruptedChecks } from "./checks/interrupted.ts";
import { kvmChecks } from "./checks/kvm.ts";
import { lockFileCheck } from "./checks/lock_file.ts";
import { memoryCheck } from "./checks/memory.ts";
import { networkChecks } from "./checks/network.ts";
import { peopleChecks } from "./checks/people.ts";
import { secretChecks } from "./checks/secrets.ts";
import { serviceChecks } from "./checks/services.ts";
import { spaceChecks } from "./checks/space.ts";
import { stateFolderCheck } from "./checks/state.ts";
import { sudoCheck } from "./checks/sudo_rules.ts";
import { syncedTreeChecks } from "./checks/synced_tree.ts";
import { systemChecks } from "./checks/system.ts";
import { writableCheck } from "./checks/writable.ts";

/** All checks; the report sorts them by group and keeps this order within one. */
export const CHECKS: readonly Check[] = [
  ...folderChecks,
  flakeLinkCheck,
  ...interruptedChecks,
  ...syncedTreeChecks,
  ...flakeFileChecks,
  hostRecordCheck,
  ...evaluationChecks,
  lockFileCheck,
  ...hardwareFileChecks,
  ...serviceChecks,
  guestsCheck,
  guestBackupCheck,
  ...systemChecks,
  ...networkChecks,
  stateFolderCheck,
  ...secretChecks,
  writableCheck,
  sudoCheck,
  ...peopleChecks,
  ...spaceChecks,
  memoryCheck,
  ...kvmChecks,
  ...isolationChecks,
  derivationsCheck,
];
