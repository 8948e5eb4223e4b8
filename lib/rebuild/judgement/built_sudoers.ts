import type { Context } from "../../machine/context.ts";
import { machineText } from "../../machine/files/machine_files.ts";
import { accountsAfter } from "../access/accounts_after.ts";
import { becomesRoot } from "../access/becoming_root.ts";
import type { ProofQuestion } from "../proofs/proof_question.ts";
import { fails, type Verdict } from "../proofs/verdict.ts";

/**
 * Whether the person at work, who becomes root through sudo, has a rule in the file that a built system gives
 * it: `environment.etc` may put another in the place of what `security.sudo` makes. What is so of the running
 * system is taken at its word.
 * @param system the store path of what is to run
 * @param runs the one of what runs now
 */
export function builtSudoersRefusals(
  ctx: Context,
  system: string,
  runs: string | undefined,
  { after, now }: ProofQuestion,
): Verdict[] {
  const accounts = accountsAfter(after, now);
  const person = accounts.find(({ name }) => name === now.person);
  if (person === undefined) return [];
  const access = becomesRoot(after, person, accounts, now);
  if (!access.ok || !access.how.startsWith("through sudo")) return [];
  const names = new Set([
    "ALL",
    person.name,
    `#${person.uid}`,
    ...person.groups.map((group) => `%${group}`),
  ]);
  const grants = (of: string) =>
    machineText(ctx, `${of}/etc/sudoers`)?.split("\n").some((line) => {
      const [users, rule] = line.trim().split(/\s+(.*)/);
      // What an alias or a file that is included may say is not looked at here.
      return /^([A-Z][A-Z0-9_]*|[@#]include(dir)?)$/.test(users!) && users !== "ALL" ||
        users!.split(",").some((user) => names.has(user)) && /[\s:,=)]ALL\s*(,|$)/.test(rule ?? "");
    });
  if (grants(system) !== false || runs !== undefined && grants(runs) === false) return [];
  return [fails(
    "root",
    `${person.name} can become root`,
    "the sudoers file that was built has no rule for them",
    "environment.etc.sudoers and security.sudo.configFile, as security.sudo makes them",
  )];
}
