import type { ConfigurationFacts } from "../../nix/evaluation/configuration_facts.ts";
import type { AccountState, MachineNow } from "./machine_now.ts";
import { accountsAfter } from "../access/accounts_after.ts";
import { limitObstacle } from "../access/login_limits.ts";
import { type Access, consoleLogin, sshLogin } from "../access/logins.ts";
import { provePasswordStays } from "../access/password_file.ts";
import type { ProofQuestion } from "./proof_question.ts";
import { becomesRoot } from "../access/becoming_root.ts";
import { fails, holds, type Verdict } from "./verdict.ts";

/** An account with what it would be able to do. */
interface Candidate {
  readonly account: AccountState;
  readonly login: Access;
  readonly root: Access;
}

/**
 * Somebody can still open a session the way they do now, and that same person can become root. The person
 * at work keeps both when they have them now. Pure.
 */
export function proveAccess({ before, after, now, way }: ProofQuestion): Verdict[] {
  const accounts = accountsAfter(after, now);
  const candidates = accounts.map((account) =>
    withoutNewPasswords(candidate(after, account, accounts, now, way), before, now, way)
  );
  const where = way === "ssh" ? "over SSH" : "at the console";
  const must = mustStay(before, now, way);
  if (must !== undefined && !candidates.some(({ account }) => account.name === must)) {
    return [fails(
      "login",
      `${must} can still log in ${where}`,
      `the account ${must} would be removed`,
      `users.users.${must} = { isNormalUser = true; };`,
    )];
  }
  const eligible = must === undefined
    ? candidates
    : candidates.filter(({ account }) => account.name === must);
  const best = [...eligible].sort((a, b) => rank(a, now) - rank(b, now))[0];
  if (best === undefined) {
    return [fails("login", `somebody can log in ${where}`, "there is no account", "users.users")];
  }
  const { name } = best.account;
  return [
    verdict("login", `${name} can still log in ${where}`, best.login),
    verdict("root", `${name} can become root`, best.root),
    ...provePasswordStays(before, after, best.account),
  ];
}

function candidate(
  facts: ConfigurationFacts,
  account: AccountState,
  accounts: readonly AccountState[],
  now: MachineNow,
  way: ProofQuestion["way"],
): Candidate {
  const service = way === "ssh" ? "sshd" : "login";
  const login = way === "ssh"
    ? sshLogin(facts, account, now)
    : consoleLogin(account, facts.pam, now);
  const limit = login.ok ? limitObstacle(facts.limits?.[service], account) : undefined;
  return {
    account,
    login: limit === undefined ? login : { ok: false, obstacle: limit },
    root: becomesRoot(facts, account, accounts, now),
  };
}

/**
 * Nobody may need a password that they did not need before: of a key's owner it may be one that nobody ever
 * typed, and root's is often known to nobody.
 */
function withoutNewPasswords(
  after: Candidate,
  before: ConfigurationFacts | undefined,
  now: MachineNow,
  way: ProofQuestion["way"],
): Candidate {
  const account = now.accounts.find(({ name }) => name === after.account.name);
  if (before === undefined || account === undefined) return after;
  const old = candidate(running(before, now), account, now.accounts, now, way);
  const { name } = account;
  return {
    account: after.account,
    login: withoutNew(
      old.login,
      after.login,
      `users.users.${name}.openssh.authorizedKeys.keys = [ "…" ];`,
    ),
    root: withoutNew(
      old.root,
      after.root,
      `users.users.${name}.extraGroups and security.sudo, as in your present configuration`,
    ),
  };
}

function withoutNew(old: Access, after: Access, remedy: string): Access {
  if (!old.ok || !after.ok || [undefined, old.password].includes(after.password)) return after;
  const why = `now ${old.how}, then only ${after.how}, which may be known to nobody`;
  return { ok: false, obstacle: { why, remedy } };
}

/** The configuration that runs, with what PAM's files say now. */
function running(before: ConfigurationFacts, { pam }: MachineNow): ConfigurationFacts {
  return { ...before, ...(pam === undefined ? {} : { pam }) };
}

/** The person at work, when they can log in and become root now: they must not lose it. */
function mustStay(
  before: ConfigurationFacts | undefined,
  now: MachineNow,
  way: ProofQuestion["way"],
): string | undefined {
  const person = now.accounts.find(({ name }) => name === now.person);
  if (before === undefined || person === undefined) return undefined;
  const able = candidate(running(before, now), person, now.accounts, now, way);
  return able.login.ok && able.root.ok ? person.name : undefined;
}

/** Fewest obstacles first; among equals the person at work, then root, then people. */
function rank({ account, login, root }: Candidate, now: MachineNow): number {
  const obstacles = (login.ok ? 0 : 4) + (root.ok ? 0 : 4);
  const nearness = account.name === now.person
    ? 0
    : account.uid === 0
    ? 1
    : account.uid >= 1000
    ? 2
    : 3;
  return obstacles + nearness;
}

function verdict(id: "login" | "root", what: string, access: Access): Verdict {
  return access.ok
    ? holds(id, what, access.how)
    : fails(id, what, access.obstacle.why, access.obstacle.remedy);
}
