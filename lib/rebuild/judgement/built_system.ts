import type { Context } from "../../machine/context.ts";
import { machineLink } from "../../machine/files/machine_files.ts";
import type { ConfigurationFacts } from "../../nix/evaluation/configuration_facts.ts";
import { currentSystem } from "../../nix/generations.ts";
import { systemRecord } from "../../nix/system_record.ts";
import { proofQuestion } from "../proofs/proof_question.ts";
import { readMachineNow } from "../proofs/read_machine_now.ts";
import { fails, type Verdict } from "../proofs/verdict.ts";
import { builtSudoersRefusals } from "./built_sudoers.ts";
import { builtServerRefusals, UNITS } from "./built_server.ts";
import { refuse } from "./required_judgement.ts";

/** Targets that are no machine at work (systemd.special(7)). */
const NO_WORK =
  /^(rescue|emergency|halt|poweroff|reboot|kexec|sysinit|basic|shutdown|exit|suspend|hibernate)\.target$/;

/**
 * Refuses a built system that is not what was proven of its options: `environment.etc` and units may put
 * other files in the place of those that the options make. Nothing is known of one that was not evaluated.
 * @param system the store path of what is to run, or of what the next boot starts
 * @param facts what the system was built of
 * @throws ToolError exit 6
 */
export async function requireBuiltSystem(
  ctx: Context,
  system: string,
  facts: ConfigurationFacts | null | undefined,
): Promise<void> {
  if (!facts) return;
  const before = systemRecord(ctx, currentSystem(ctx))?.facts ?? undefined;
  const refused = builtRefusals(ctx, system, before, facts);
  if (refused.length > 0) await refuse(ctx, refused);
}

/**
 * What a built system's own files say against it; what is so of the running one is taken at its word.
 * @param before the configuration that runs, undefined when it is not known
 */
export function builtRefusals(
  ctx: Context,
  system: string,
  before: ConfigurationFacts | undefined,
  after: ConfigurationFacts,
): Verdict[] {
  const question = proofQuestion(before, after, readMachineNow(ctx, before, after));
  const runs = currentSystem(ctx);
  return [
    ...targetRefusals(ctx, system, runs),
    ...builtServerRefusals(ctx, system, runs, question),
    ...builtSudoersRefusals(ctx, system, runs, question),
  ];
}

function targetRefusals(ctx: Context, system: string, runs: string | undefined): Verdict[] {
  const target = (of: string) =>
    machineLink(ctx, `${of}${UNITS}/default.target`)?.split("/").at(-1) ?? "";
  const wanted = target(system);
  if (!NO_WORK.test(wanted) || runs !== undefined && target(runs) === wanted) return [];
  return [fails(
    "disk",
    "the next boot comes to its end",
    `it would stop at ${wanted}`,
    'systemd.defaultUnit = "multi-user.target";',
  )];
}
