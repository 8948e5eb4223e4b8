import type { Check } from "./check.ts";
import { flakeFileChecks } from "./checks/flake_files.ts";
import { flakeLinkCheck } from "./checks/flake_link.ts";
import { folderChecks } from "./checks/folders.ts";
import { hardwareFileChecks } from "./checks/hardware_files.ts";
import { hostRecordCheck } from "./checks/host_record.ts";
import { interruptedChecks } from "./checks/interrupted.ts";
import { kvmChecks } from "./checks/kvm.ts";
import { spaceChecks } from "./checks/space.ts";
import { stateFolderCheck } from "./checks/state.ts";

/** All checks; the report sorts them by group and keeps this order within one. */
export const CHECKS: readonly Check[] = [
  ...folderChecks,
  flakeLinkCheck,
  ...interruptedChecks,
  ...flakeFileChecks,
  hostRecordCheck,
  ...hardwareFileChecks,
  stateFolderCheck,
  ...spaceChecks,
  ...kvmChecks,
];
