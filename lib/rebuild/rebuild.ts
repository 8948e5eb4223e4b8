/** What other tools call to build, activate and go back: the installer and dev-update. */
export {
  type ActivateOptions,
  activateSystem,
  concludeActivation,
  returnToSystem,
} from "./activate.ts";
export { buildSystem, type BuiltSystem, dryBuild } from "./build.ts";
export { BuildFailed } from "./build_failed.ts";
export { installSystem } from "./install_system.ts";
export type { ActivationOutcome } from "./outcome.ts";
export type { BuildOptions } from "../nix/nixos_rebuild.ts";
export { confirmActivation, unfinishedActivation } from "../nix/activation_progress.ts";
export { bootDefault, currentSystem, type Generation, generations } from "../nix/generations.ts";
export { type Disappearing, disappearing } from "./disappearing.ts";
export { type ConfigurationJudgement, judgeConfiguration } from "./judgement.ts";
export type { MachineNow } from "./machine_now.ts";
export { proveAccess, refusals } from "./proof_access.ts";
export { proveDisks } from "./proof_disks.ts";
export { readMachineNow } from "./read_machine_now.ts";
export type { Verdict } from "./verdict.ts";
export { confirmEarlierActivation, settleEarlierActivation } from "./earlier_activation.ts";
export type { Action, RebuildOptions } from "./options.ts";
export { type RebuildResult, rebuildSystem } from "./rebuild_system.ts";
export { reportRebuild } from "./report.ts";
export { returnMountedSystem } from "./return_mounted.ts";
export { sourceCommit } from "./source_commit.ts";
export { type SystemRecord, systemRecord } from "../nix/system_record.ts";
