import type { ConfigurationFacts } from "../../nix/evaluation/configuration_facts.ts";
import type { AccountState, MachineNow } from "./machine_now.ts";
import { accountsAfter } from "./proof_accounts.ts";
import { type Access, consoleLogin, sshLogin } from "./proof_login.ts";
import { provePasswordStays } from "./proof_password_file.ts";
import { becomesRoot } from "./proof_root.ts";
import { proveSshServer } from "./proof_ssh.ts";
import { proveStranger } from "./proof_stranger.ts";
import { fails, holds, type Verdict } from "./verdict.ts";

/** What the proofs are made on. */
export interface AccessQuestion {
  /** The evaluated configuration that runs now; undefined when it could not be evaluated. */
  readonly before: ConfigurationFacts | undefined;
  /** The evaluated configuration that is to be activated. */
  readonly after: ConfigurationFacts;
  readonly now: MachineNow;
}

/** An account with what it would be able to do. */
interface Candidate {
  readonly account: AccountState;
  readonly login: Access;
  readonly root: Access;
}

/** The port of a session that does not tell it; sshd's own default. */
const SSH_PORT = 22;

/**
 * The two proofs before an activation: somebody can still open a session the way they do now, and that
 * same person can become root. The person at work keeps both when they have them now. Pure; every
 * verdict that is not ok names the option that would make it true.
 *
 * "The way they do now" is SSH in an SSH session, and the console otherwise; on a machine where nobody
 * can log in at the console (a rented server, run by a timer) it is SSH as well.
 */
export function proveAccess({ before, after, now }: AccessQuestion): Verdict[] {
  const lost = unreadable(after);
  if (lost !== undefined) return [lost];
  const way = wayOf(now);
  const server = way === "ssh" ? proveSshServer(reachOf(before, after, now)) : [];
  const accounts = accountsAfter(after, now);
  const candidates = accounts.map((account) => candidate(after, account, accounts, now, way));
  const cut = proveStranger(before, after, now);
  return [...server, ...cut, ...proveSomebody(candidates, { before, after, now, way })];
}

/** What the proofs stand on, by its place in the facts. */
const NEEDED = /^(users|sudo|ssh|pam|network|firewall)\b/;

/** What could not be evaluated cannot be judged. */
function unreadable(after: ConfigurationFacts): Verdict | undefined {
  const lost = after.unreadable?.filter((place) => NEEDED.test(place)) ?? [];
  if (lost.length === 0) return undefined;
  return fails(
    "evaluation",
    "who can log in can be evaluated",
    `these cannot: ${lost.join(", ")}`,
    "correct them; nixos-rebuild dry-build --show-trace says what is wrong",
  );
}

/** The claims that do not hold. */
export function refusals(verdicts: readonly Verdict[]): Verdict[] {
  return verdicts.filter((verdict) => !verdict.ok);
}

function wayOf(now: MachineNow): "ssh" | "console" {
  if (now.session.kind === "ssh") return "ssh";
  const known = now.accounts.filter((account) => account.password !== "unknown");
  const console = known.length === 0 ||
    known.some((account) => consoleLogin(account, now.pam, now).ok);
  return console ? "console" : "ssh";
}

function reachOf(
  before: ConfigurationFacts | undefined,
  after: ConfigurationFacts,
  now: MachineNow,
) {
  const session = now.session.kind === "ssh" ? now.session : undefined;
  return {
    before,
    after,
    now,
    port: session?.serverPort ?? before?.ssh.ports[0] ?? SSH_PORT,
    address: session?.serverAddress,
    client: session?.clientAddress,
  };
}

function candidate(
  facts: ConfigurationFacts,
  account: AccountState,
  accounts: readonly AccountState[],
  now: MachineNow,
  way: "ssh" | "console",
): Candidate {
  return {
    account,
    login: way === "ssh" ? sshLogin(facts, account, now) : consoleLogin(account, facts.pam, now),
    root: becomesRoot(facts, account, accounts, now),
  };
}

function proveSomebody(
  candidates: readonly Candidate[],
  { before, after, now, way }: AccessQuestion & { readonly way: "ssh" | "console" },
): Verdict[] {
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
    ...provePasswordStays(after, best.account),
  ];
}

/** The person at work, when they can log in and become root now: they must not lose it. */
function mustStay(
  before: ConfigurationFacts | undefined,
  now: MachineNow,
  way: "ssh" | "console",
): string | undefined {
  const person = now.accounts.find(({ name }) => name === now.person);
  if (before === undefined || person === undefined) return undefined;
  const running = { ...before, ...(now.pam === undefined ? {} : { pam: now.pam }) };
  const able = candidate(running, person, now.accounts, now, way);
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
