import type { Check } from "./check.ts";
import { arrayChecks } from "./checks/arrays.ts";
import { isolationChecks } from "./checks/cgroups.ts";
import { derivationsChecks } from "./checks/derivations.ts";
import { evaluationChecks } from "./checks/evaluation.ts";
import { flakeFileChecks } from "./checks/flake_files.ts";
import { flakeLinkChecks } from "./checks/flake_link.ts";
import { folderChecks } from "./checks/folders.ts";
import { guestChecks } from "./checks/guests.ts";
import { hardwareFileChecks } from "./checks/hardware_files.ts";
import { hostRecordChecks } from "./checks/host_record.ts";
import { interruptedChecks } from "./checks/interrupted.ts";
import { kvmChecks } from "./checks/kvm.ts";
import { lockFileChecks } from "./checks/lock_file.ts";
import { memoryChecks } from "./checks/memory.ts";
import { networkChecks } from "./checks/network.ts";
import { peopleChecks } from "./checks/people.ts";
import { secretChecks } from "./checks/secrets.ts";
import { serviceChecks } from "./checks/services.ts";
import { spaceChecks } from "./checks/space.ts";
import { stateFolderChecks } from "./checks/state.ts";
import { sudoChecks } from "./checks/sudo_rules.ts";
import { syncedTreeChecks } from "./checks/synced_tree.ts";
import { systemChecks } from "./checks/system.ts";
import { writableChecks } from "./checks/writable.ts";

/** All checks; the report sorts them by group and keeps this order within one. */
export const CHECKS: readonly Check[] = [
  ...folderChecks,
  ...flakeLinkChecks,
  ...interruptedChecks,
  ...syncedTreeChecks,
  ...flakeFileChecks,
  ...hostRecordChecks,
  ...evaluationChecks,
  ...lockFileChecks,
  ...hardwareFileChecks,
  ...serviceChecks,
  ...guestChecks,
  ...systemChecks,
  ...networkChecks,
  ...stateFolderChecks,
  ...secretChecks,
  ...writableChecks,
  ...sudoChecks,
  ...peopleChecks,
  ...spaceChecks,
  ...arrayChecks,
  ...memoryChecks,
  ...kvmChecks,
  ...isolationChecks,
  ...derivationsChecks,
];
