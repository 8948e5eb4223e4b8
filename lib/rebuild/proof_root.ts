import type { ConfigurationFacts } from "../nix/configuration_facts.ts";
import type { AccountState } from "./machine_now.ts";
import type { Access } from "./proof_login.ts";

/**
 * Whether somebody who is logged in can become root: as root, through sudo (with a password that exists,
 * or a rule that asks for none), doas or su.
 */
export function becomesRoot(
  facts: ConfigurationFacts,
  account: AccountState,
  accounts: readonly AccountState[],
): Access {
  if (account.uid === 0) return { ok: true, how: "is root" };
  const { sudo } = facts;
  const wheel = account.groups.includes("wheel");
  const root = accounts.find(({ uid }) => uid === 0);
  const asked = asksForRoot(sudo.extraConfig ?? "") ? root : account;
  const password = asked?.password === "hash";
  const mayStart = sudo.enable && (wheel || sudo.execWheelOnly !== true);
  const rules = mayStart ? rulesFor(facts, account) : [];
  if (rules.some((rule) => rule.noPassword)) {
    return { ok: true, how: "through sudo, by a rule that asks for no password" };
  }
  if (sudo.enable && wheel && !sudo.wheelNeedsPassword) {
    return { ok: true, how: "through sudo: wheel needs no password" };
  }
  if (password && (rules.length > 0 || sudo.enable && wheel)) {
    return { ok: true, how: `through sudo with ${asked.name}'s password` };
  }
  if (account.password === "hash" && sudo.doas && wheel) {
    return { ok: true, how: `through doas with ${account.name}'s password` };
  }
  if (root?.password === "hash") return { ok: true, how: "through su with root's password" };
  return { ok: false, obstacle: obstacle(facts, account, wheel, password) };
}

/** sudoers(5): whose password sudo asks for. */
function asksForRoot(extraConfig: string): boolean {
  return /^\s*Defaults\b.*(?<!!)\b(rootpw|runaspw|targetpw)\b/m.test(extraConfig);
}

function rulesFor(facts: ConfigurationFacts, account: AccountState) {
  return facts.sudo.grantsAll.filter(({ users, groups }) =>
    users.includes("ALL") || users.includes(account.name) ||
    groups.some((group) => account.groups.includes(group))
  );
}

function obstacle(
  { sudo }: ConfigurationFacts,
  { name }: AccountState,
  wheel: boolean,
  password: boolean,
) {
  if (!sudo.enable && !sudo.doas) {
    return { why: "there is no sudo", remedy: "security.sudo.enable = true;" };
  }
  if (!password) {
    return {
      why: `${name} has no password to give to sudo`,
      remedy: `users.users.${name}.hashedPasswordFile = "…"; (or security.sudo.extraRules = ` +
        `[ { users = [ "${name}" ]; commands = [ { command = "ALL"; options = [ "NOPASSWD" ]; } ]; } ];)`,
    };
  }
  return {
    why: wheel ? `sudo has no rule for ${name}` : `${name} is not in the group wheel`,
    remedy: `users.users.${name}.extraGroups = [ "wheel" ];`,
  };
}
