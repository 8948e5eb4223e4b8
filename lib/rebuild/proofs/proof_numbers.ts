import { accountsAfter } from "../access/accounts_after.ts";
import type { ProofQuestion } from "./proof_question.ts";
import { fails, type Verdict } from "./verdict.ts";

/**
 * Whether each new account gets a number that nobody has. NixOS gives numbers to system accounts by itself,
 * from 999 downwards, so that a configuration that was written elsewhere may name one that is taken here
 * (of the SSH server's own account, say); it takes that without a word. Accounts that are there keep theirs
 * (update-users-groups.pl), whatever is declared.
 */
export function proveNumbers({ after, now }: ProofQuestion): Verdict[] {
  const here = new Map(now.accounts.map(({ name, uid }) => [name, uid]));
  const then = accountsAfter(after, now);
  const owners = new Map(
    then.flatMap(({ name }) => here.has(name) ? [[here.get(name), name]] : []),
  );
  return then.flatMap(({ name, uid }): Verdict[] => {
    const owner = owners.get(uid);
    return owner === undefined || here.has(name) ? [] : [fails(
      "number",
      `${name} has a number of its own`,
      `it would be ${uid}, which is ${owner}: each could do what the other may`,
      `another users.users.${name}.uid`,
    )];
  });
}
