import { devicePresence } from "../../machine/hardware/device_names.ts";
import { encryptedBelow, mappedBelow } from "../../machine/hardware/encrypted_below.ts";
import { kernelContext } from "../../machine/hardware/kernel_files.ts";
import type { ConfigurationFacts } from "../../nix/evaluation/configuration_facts.ts";
import type { Context } from "../../machine/context.ts";
import { type Disappearing, disappearing } from "./disappearing.ts";
import type { MachineNow } from "./machine_now.ts";
import { proveAccess } from "./proof_access.ts";
import { proveAssembled } from "./proof_assembled.ts";
import { proveBoot } from "./proof_boot.ts";
import { proveDisks } from "./proof_disks.ts";
import { proveEncrypted } from "./proof_encrypted.ts";
import { proveMountHelpers } from "./proof_mount_helpers.ts";
import { proveResolver } from "./proof_resolver.ts";
import { proveUnlocking } from "./proof_unlocking.ts";
import { readMachineNow } from "./read_machine_now.ts";
import type { Verdict } from "./verdict.ts";

/** What is known of a configuration before it is activated. */
export interface ConfigurationJudgement {
  readonly verdicts: readonly Verdict[];
  readonly disappears: Disappearing;
}

/**
 * Makes the two proofs and the comparison of disks, on this machine as it is now.
 * @param before the configuration that runs, undefined when it cannot be evaluated
 * @param plannedPasswords password files that are written before the activation, by machine path
 */
export function judgeConfiguration(
  ctx: Context,
  before: ConfigurationFacts | undefined,
  after: ConfigurationFacts,
  plannedPasswords: MachineNow["passwordFiles"] = {},
): ConfigurationJudgement {
  const found = readMachineNow(ctx, before, after);
  const now = { ...found, passwordFiles: { ...found.passwordFiles, ...plannedPasswords } };
  const verdicts = [
    ...proveAccess({ before, after, now }),
    ...proveDisks(after, (device) => devicePresence(ctx, device), before),
    ...proveEncrypted(after, encryptedBelow(ctx, "/"), (device) => kernelName(ctx, device)),
    ...proveResolver(before, after),
    ...proveAssembled(before, after, mappedBelow(ctx, "/")),
    ...proveMountHelpers(before, after),
    ...proveBoot(before, after, now.loadedModules),
    ...proveUnlocking(before, after),
  ];
  return { verdicts, disappears: disappearing(before, after, now) };
}

function kernelName(ctx: Context, device: string): string {
  const path = kernelContext(ctx, "/dev").root.realPath(device);
  return path.slice(path.lastIndexOf("/") + 1);
}
