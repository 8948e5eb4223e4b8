import type { ConfigurationFacts } from "../../nix/evaluation/configuration_facts.ts";
import type { AccountState, MachineNow } from "../proofs/machine_now.ts";
import type { Access } from "./logins.ts";
import { pamAccess, type PamService } from "./pam_access.ts";
import { asksForRoot, deniesAll } from "./sudo_text.ts";

/**
 * Whether somebody who is logged in can become root: as root, through sudo (with a password that exists,
 * or a rule that asks for none), doas or su.
 */
export function becomesRoot(
  facts: ConfigurationFacts,
  account: AccountState,
  accounts: readonly AccountState[],
  now: MachineNow,
): Access {
  if (account.uid === 0) return { ok: true, how: "is root" };
  const { sudo } = facts;
  const wheel = account.groups.includes("wheel");
  const root = accounts.find(({ uid }) => uid === 0);
  const asked = asksForRoot(sudo.extraConfig ?? "", account) ? root : account;
  // Which password PAM takes, and from whom.
  const takes = (service: PamService, state: AccountState | undefined) =>
    state?.password === "hash" &&
    pamAccess(facts.pam, service, { ...state, groups: account.groups }, now).ok;
  const password = takes("sudo", asked);
  // NixOS writes the free text behind its rules.
  const isDenied = deniesAll(sudo.extraConfig ?? "", account);
  const mayStart = sudo.enable && !isDenied && (wheel || sudo.execWheelOnly !== true);
  const rules = mayStart ? rulesFor(facts, account) : [];
  // Of the rules that match, the last one says whether a password is asked for (sudoers(5)).
  const last = rules.at(-1);
  if (last?.noPassword) {
    return { ok: true, how: "through sudo, by a rule that asks for no password" };
  }
  if (last === undefined && mayStart && wheel && !sudo.wheelNeedsPassword) {
    return { ok: true, how: "through sudo: wheel needs no password" };
  }
  if (password && (rules.length > 0 || mayStart && wheel)) {
    return withPassword("sudo", asked!.name);
  }
  if (sudo.doas && wheel && takes("doas", account)) {
    return withPassword("doas", account.name);
  }
  if (takes("su", root)) return withPassword("su", root!.name);
  if (sudo.enable && isDenied) return { ok: false, obstacle: TAKEN_AWAY };
  const denied = sudo.enable && wheel && asked?.password === "hash" && !password;
  return { ok: false, obstacle: denied ? DENIED : obstacle(facts, account, wheel, password) };
}

function withPassword(elevator: string, name: string): Access {
  return { ok: true, how: `through ${elevator} with ${name}'s password`, password: name };
}

const DENIED = {
  why: "the PAM stack of sudo does not take the password",
  remedy: "security.pam.services.sudo, as in your present configuration",
};

const TAKEN_AWAY = {
  why: "the last rule of security.sudo.extraConfig takes all commands away (!ALL)",
  remedy: "security.sudo.extraConfig without that rule",
};

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
