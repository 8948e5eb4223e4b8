import type { Context } from "../../machine/context.ts";
import { exists } from "../../machine/files/files.ts";
import { checksOf, fail, type Finding, pass, skip, some, warn } from "../check.ts";
import type { Facts } from "../facts.ts";
import { passwordlessDoas } from "../doas.ts";
import { type PasswordlessRule, passwordlessRules } from "../sudoers.ts";

/** What nix/module/operators.nix grants, command by command. */
const VIRSH = "/run/current-system/sw/bin/virsh";
const OVERVIEW = new Set([
  "list",
  "list --all",
  "nodeinfo",
  "net-list --all",
  "pool-list --all",
  "version",
]);
const ON_GUEST = new Set([
  "start",
  "shutdown",
  "reboot",
  "reset",
  "suspend",
  "resume",
  "destroy",
  "managedsave",
  "autostart",
  "console",
  "domid",
  "dominfo",
  "domstate",
  "domuuid",
  "domblklist",
  "domiflist",
  "domifaddr",
  "domstats",
  "dommemstat",
  "vcpuinfo",
  "snapshot-list",
]);
/** One name that cannot be an option, the only argument. */
const NAME = "[A-Za-z0-9][A-Za-z0-9._+-]*";

/** Passwordless sudo is for operating guests only (reference, "Security Notes"). */
export const sudoChecks = checksOf("Security", [{
  id: "sudo-rules",
  title: "passwordless sudo",
  check: sudoRules,
}]);

function sudoRules(ctx: Context, facts: Facts): Finding {
  const doas = passwordlessDoas(ctx).filter(isMore);
  if (!["/etc/sudoers", "/etc/doas.conf"].some((path) => exists(ctx.root.follow(path)))) {
    return skip("there is no /etc/sudoers");
  }
  const rules = passwordlessRules(ctx);
  const more = rules.filter(isMore);
  const stranded = more.filter(({ who }) => hasNoPassword(facts, who));
  const others = [
    ...more.filter((rule) => !stranded.includes(rule)).map(({ who, command }) =>
      `${who}: ${command}`
    ),
    ...doas.map(({ who, command }) => `doas: ${who}: ${command}`),
  ];
  if (others.length > 0) {
    return fail(
      `without a password, more than guests: ${some(others, 2)}`,
      "take it out of security.sudo.extraRules (or wheelNeedsPassword = true;), then rebuild",
      others,
    );
  }
  if (stranded.length > 0) {
    const names = [...new Set(stranded.map(({ who }) => who))];
    return warn(
      `${names.join(", ")} may do everything without a password, having none to type`,
      `passwd ${names[0]}, then take the rule out of users-local.nix's security.sudo.extraRules`,
      names,
    );
  }
  return pass(rules.length === 0 ? "none" : "operating guests, nothing else");
}

/** Whether a command is one of those that change no more than the state of a guest. */
export function isGuestOperation(command: string): boolean {
  if (!command.startsWith(`${VIRSH} `)) return false;
  const words = command.slice(VIRSH.length + 1).trim();
  if (OVERVIEW.has(words)) return true;
  const pattern = /^\^\(([a-z|-]+)\) (.*)\$$/.exec(words);
  return pattern !== null && pattern[2] === NAME &&
    pattern[1]!.split("|").every((verb) => ON_GUEST.has(verb));
}

/** What root may is no more than root can. */
function isMore({ who, command }: PasswordlessRule): boolean {
  const names = who.split(",").map((name) => name.trim());
  return !names.every((name) => ["root", "#0"].includes(name)) && !isGuestOperation(command);
}

function hasNoPassword(facts: Facts, who: string): boolean {
  const state = facts.accounts().accounts.find(({ name }) => name === who)?.passwordState;
  return state === "none" || state === "locked";
}
