import type { ConfigurationFacts } from "../../nix/evaluation/configuration_facts.ts";
import { effectiveSsh } from "./effective_ssh.ts";
import { usableKeys } from "./key_files.ts";
import type { AccountState, MachineNow } from "../proofs/machine_now.ts";
import type { PamTexts } from "./pam_stack.ts";
import { type PamAccess, pamAccess } from "./pam_access.ts";
import { matchesGroup, matchesUser } from "../../machine/accounts/ssh_patterns.ts";

/** Something that keeps one account out, and the option that would let it in. */
export interface Obstacle {
  readonly why: string;
  readonly remedy: string;
}

/** What lets an account in, or keeps it out. */
export type Access =
  | {
    readonly ok: true;
    readonly how: string;
    /** Whose password has to be typed; undefined where none has. */
    readonly password?: string;
  }
  | { readonly ok: false; readonly obstacle: Obstacle };

/** Programs that end a session at once. */
const NO_LOGIN = new Set(["nologin", "false", "true", "sync", "halt", "shutdown"]);

/**
 * Whether an account can log in at the console: a login shell and a password that can be typed, and that
 * PAM takes.
 * @param pam the texts of the configuration in question, undefined where they are not known
 */
export function consoleLogin(
  account: AccountState,
  pam: PamTexts | undefined,
  now: MachineNow,
): Access {
  const option = `users.users.${account.name}`;
  if (!hasLoginShell(account) || account.lacksShell) return noShell(account);
  if (account.expired) return expired(account);
  switch (account.password) {
    case "hash":
    case "empty": {
      const access = pamAccess(pam, "login", account, now);
      const how = account.password === "hash" ? "with a password" : "without a password";
      return access.ok
        ? {
          ok: true,
          how: how + access.how,
          ...(account.password === "hash" ? { password: account.name } : {}),
        }
        : no(access.why, "security.pam.services.login, as in your present configuration");
    }
    case "unknown":
      return no(
        `whether ${account.name} has a password cannot be read`,
        "run this as root: /etc/shadow is readable for root only",
      );
    default:
      return no(
        `${account.name} has no password that could be typed`,
        `${option}.hashedPasswordFile = "…"; (a file that holds the output of mkpasswd)`,
      );
  }
}

/** Whether an account can log in over SSH, as sshd decides it: lists, root's policy, methods. */
export function sshLogin(
  configuration: ConfigurationFacts,
  account: AccountState,
  now: MachineNow,
): Access {
  const ssh = effectiveSsh(configuration.ssh, account, now);
  const facts = { ...configuration, ssh };
  if (!hasLoginShell(account) || account.lacksShell) return noShell(account);
  const shutOut = listed(facts, account, now);
  if (shutOut) return { ok: false, obstacle: shutOut };
  if (account.expired) return expired(account);
  if (ssh.forcedCommand !== undefined) {
    return no(
      `${account.name} gets the command ${ssh.forcedCommand} instead of a shell`,
      `services.openssh.extraConfig without ForceCommand for ${account.name}`,
    );
  }
  if (!ssh.usePAM && (account.password === "none" || account.password === "locked")) {
    return no(
      `without PAM the server refuses ${account.name}, whose password is locked`,
      "services.openssh.settings.UsePAM = true;",
    );
  }
  const policy = account.uid === 0 ? ssh.permitRootLogin : "yes";
  const policyOption = "services.openssh.settings.PermitRootLogin";
  if (policy === "no" || policy === "forced-commands-only") {
    return no(
      `root may not log in (${policyOption} is "${policy}")`,
      `${policyOption} = "prohibit-password";`,
    );
  }
  const lets = pamAccess(configuration.pam, "sshd", account, now, "account");
  if (ssh.usePAM && !lets.ok) return no(lets.why, SSHD_STACK);
  const keys = usableKeys(ssh, account, now);
  const pam = passwordsOverSsh(configuration, account, now);
  const passwords = policy === "yes" && pam.ok;
  const methods = new Set([
    ...(ssh.pubkeyAuthentication && keys > 0 ? ["publickey"] : []),
    ...(ssh.passwordAuthentication && passwords ? ["password"] : []),
    ...(ssh.kbdInteractiveAuthentication && ssh.usePAM && passwords
      ? ["keyboard-interactive"]
      : []),
  ]);
  const demanded = authenticationMethods(ssh);
  const complete = demanded.length === 0
    ? [...methods].slice(0, 1)
    : demanded.find((list) =>
      list.every((method) => methods.has(method)) &&
      // Each `publickey` of a list wants a key of its own.
      list.filter((method) => method === "publickey").length <= keys
    );
  if (complete !== undefined && complete.length > 0) {
    const words = complete.map((method) => METHOD_NAMES[method] ?? method);
    const further = pam.ok && complete.some((method) => method !== "publickey") ? pam.how : "";
    return {
      ok: true,
      how: `with ${words.join(" and ")}${further}`,
      ...(complete.some((method) => method !== "publickey") ? { password: account.name } : {}),
    };
  }
  if (!pam.ok && account.password === "hash" && policy === "yes" && pam.why !== "") {
    return no(pam.why, SSHD_STACK);
  }
  if (demanded.length > 0 && methods.size > 0) {
    return no(
      "services.openssh.settings.AuthenticationMethods demands more than there is",
      `services.openssh.settings.AuthenticationMethods = "${[...methods][0]}";`,
    );
  }
  return { ok: false, obstacle: noMethod(facts, account, keys) };
}

const SSHD_STACK = "security.pam.services.sshd, as in your present configuration";

/**
 * Whether a password opens a session. With PAM its stack decides, for keyboard-interactive and for a Match
 * block as well; NixOS takes passwords out of it where `settings.PasswordAuthentication` is false.
 */
function passwordsOverSsh(
  { pam, ssh }: ConfigurationFacts,
  account: AccountState,
  now: MachineNow,
): PamAccess {
  if (!ssh.usePAM) return account.password === "hash" ? { ok: true, how: "" } : NO_PASSWORDS;
  if (pam === undefined) {
    return ssh.passwordAuthentication && account.password === "hash"
      ? { ok: true, how: "" }
      : NO_PASSWORDS;
  }
  // sshd itself refuses an empty one.
  const password = account.password === "empty" ? "none" : account.password;
  const access = pamAccess(pam, "sshd", { ...account, password }, now);
  return access.ok || ssh.passwordAuthentication || /is new$/.test(access.why)
    ? access
    : NO_PASSWORDS;
}

const NO_PASSWORDS: PamAccess = { ok: false, why: "" };

const METHOD_NAMES: Readonly<Record<string, string>> = {
  publickey: "a key",
  password: "a password",
  "keyboard-interactive": "a password",
};

function noMethod(facts: ConfigurationFacts, account: AccountState, keys: number): Obstacle {
  const { ssh } = facts;
  if (keys > 0 && !ssh.pubkeyAuthentication) {
    return {
      why: "keys are not accepted",
      remedy: "services.openssh.settings.PubkeyAuthentication = true;",
    };
  }
  if (account.password === "hash" && account.uid !== 0) {
    return {
      why: `${account.name} has no key, and passwords are not accepted`,
      remedy: `users.users.${account.name}.openssh.authorizedKeys.keys = [ "…" ]; ` +
        "(or services.openssh.settings.PasswordAuthentication = true;)",
    };
  }
  return {
    why: `${account.name} has no key that the server would find`,
    remedy: `users.users.${account.name}.openssh.authorizedKeys.keys = [ "…" ];`,
  };
}

/** sshd's order: DenyUsers, AllowUsers, DenyGroups, AllowGroups (sshd_config(5)). */
function listed(
  facts: ConfigurationFacts,
  account: AccountState,
  now: MachineNow,
): Obstacle | undefined {
  const { allowUsers, denyUsers, allowGroups, denyGroups } = facts.ssh;
  const address = now.session.kind === "ssh" ? now.session.clientAddress : undefined;
  const client = { user: account.name, address };
  const setting = (name: string) => `services.openssh.settings.${name}`;
  if (matchesUser(denyUsers, client) !== "no") {
    const others = denyUsers.filter((pattern) => matchesUser([pattern], client) === "no");
    return {
      why: `${account.name} is denied by ${setting("DenyUsers")}`,
      remedy: `${setting("DenyUsers")} = ${nixList(others)};`,
    };
  }
  if (allowUsers.length > 0 && matchesUser(allowUsers, client) !== "yes") {
    return {
      why: `${account.name} is not among ${setting("AllowUsers")}`,
      remedy: `${setting("AllowUsers")} = ${nixList([...allowUsers, account.name])};`,
    };
  }
  if (matchesGroup(denyGroups, account.groups)) {
    const others = denyGroups.filter((pattern) => !matchesGroup([pattern], account.groups));
    return {
      why: `a group of ${account.name} is denied by ${setting("DenyGroups")}`,
      remedy: `${setting("DenyGroups")} = ${nixList(others)};`,
    };
  }
  if (allowGroups.length > 0 && !matchesGroup(allowGroups, account.groups)) {
    const own = account.groups[0] ?? "wheel";
    return {
      why: `no group of ${account.name} is among ${setting("AllowGroups")}`,
      remedy: `${setting("AllowGroups")} = ${nixList([...allowGroups, own])};`,
    };
  }
  return undefined;
}

function authenticationMethods(ssh: ConfigurationFacts["ssh"]): string[][] {
  const setting = ssh.otherSettings.AuthenticationMethods;
  const text = Array.isArray(setting) ? setting.join(" ") : String(setting ?? "any");
  if (text.trim() === "any" || text.trim() === "") return [];
  return text.trim().split(/\s+/).map((list) =>
    list.split(",").map((method) => method.split(":")[0]!)
  );
}

function hasLoginShell({ shell }: AccountState): boolean {
  return shell !== undefined && !NO_LOGIN.has(shell.slice(shell.lastIndexOf("/") + 1));
}

function expired({ name }: AccountState): Access {
  return no(
    `the account ${name} has expired`,
    `users.users.${name}.expires = null; (and chage -E -1)`,
  );
}

function noShell(account: AccountState): Access {
  return no(
    account.lacksShell
      ? `the shell of ${account.name}, ${account.shell}, is not there`
      : `${account.name} has no login shell`,
    `users.users.${account.name}.shell = pkgs.bashInteractive;`,
  );
}

function no(why: string, remedy: string): Access {
  return { ok: false, obstacle: { why, remedy } };
}

function nixList(words: readonly string[]): string {
  return words.length === 0 ? "[ ]" : `[ ${words.map((word) => `"${word}"`).join(" ")} ]`;
}
