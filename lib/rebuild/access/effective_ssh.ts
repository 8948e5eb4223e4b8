import type { ConfigurationFacts } from "../../nix/evaluation/configuration_facts.ts";
import type { AccountState, MachineNow } from "../proofs/machine_now.ts";
import { matchesHost, wildcard } from "../../machine/accounts/ssh_patterns.ts";

type Ssh = ConfigurationFacts["ssh"];

/** What the server's configuration says to one account, as it connects now. */
export interface EffectiveSsh extends Ssh {
  /** The command that takes the place of a shell. */
  readonly forcedCommand: string | undefined;
}

/** A statement of sshd_config(5); its keyword in lower case. */
interface Statement {
  readonly keyword: string;
  readonly words: readonly string[];
}

/** Older names that sshd still takes. */
const ALIASES: Readonly<Record<string, string>> = {
  challengeresponseauthentication: "kbdinteractiveauthentication",
};

/**
 * The server's settings for one account: `services.openssh.settings`, and what `extraConfig` adds. NixOS
 * puts the settings first, and of what stands outside of Match blocks the first counts; what stands in a
 * block that fits replaces it, the first again (sshd_config(5)).
 *
 * A criterion that is not known here (a host name, an address that could not be read) does not fit.
 */
export function effectiveSsh(ssh: Ssh, account: AccountState, now: MachineNow): EffectiveSsh {
  const said = new Map<string, readonly string[]>();
  let fits: boolean | undefined;
  for (const { keyword, words } of statements(ssh.extraConfig)) {
    if (keyword === "match") fits = criteriaFit(words, account, now);
    else if (fits === true && !said.has(keyword)) said.set(keyword, words);
    else if (fits === undefined && OPTIONAL.has(keyword) && !said.has(`global ${keyword}`)) {
      said.set(`global ${keyword}`, words);
    }
  }
  const words = (keyword: string, setting: readonly string[]): readonly string[] =>
    said.get(keyword) ?? (setting.length > 0 ? setting : said.get(`global ${keyword}`) ?? []);
  const isOn = (keyword: string, setting: boolean) => {
    const word = said.get(keyword)?.[0];
    return word === undefined ? setting : word.toLowerCase() === "yes";
  };
  const methods = words("authenticationmethods", list(ssh.otherSettings.AuthenticationMethods));
  const own = list(ssh.otherSettings.AuthorizedKeysFile);
  const command = words("forcecommand", list(ssh.otherSettings.ForceCommand)).join(" ");
  return {
    ...ssh,
    permitRootLogin: said.get("permitrootlogin")?.[0] ?? ssh.permitRootLogin,
    passwordAuthentication: isOn("passwordauthentication", ssh.passwordAuthentication),
    kbdInteractiveAuthentication: isOn(
      "kbdinteractiveauthentication",
      ssh.kbdInteractiveAuthentication,
    ),
    pubkeyAuthentication: isOn("pubkeyauthentication", ssh.pubkeyAuthentication),
    authorizedKeysFiles: [
      ...(said.get("authorizedkeysfile") ?? (own.length > 0 ? own : ssh.authorizedKeysFiles)),
    ],
    allowUsers: [...words("allowusers", ssh.allowUsers)],
    denyUsers: [...words("denyusers", ssh.denyUsers)],
    allowGroups: [...words("allowgroups", ssh.allowGroups)],
    denyGroups: [...words("denygroups", ssh.denyGroups)],
    otherSettings: methods.length === 0
      ? ssh.otherSettings
      : { ...ssh.otherSettings, AuthenticationMethods: [...methods] },
    forcedCommand: command === "" || command === "none" ? undefined : command,
  };
}

/** Keywords that NixOS does not always set: outside of Match blocks, free text can say them. */
const OPTIONAL = new Set([
  "authenticationmethods",
  "allowusers",
  "denyusers",
  "allowgroups",
  "denygroups",
  "forcecommand",
]);

/** Every file of keys that the configuration names for anybody, with its tokens. */
export function keyFilePatterns(ssh: Ssh): string[] {
  const own = list(ssh.otherSettings.AuthorizedKeysFile);
  const matched = statements(ssh.extraConfig)
    .filter(({ keyword }) => keyword === "authorizedkeysfile").flatMap(({ words }) => words);
  return [...new Set([...ssh.authorizedKeysFiles, ...own, ...matched])];
}

function statements(text: string): Statement[] {
  return text.split("\n").flatMap((line) => {
    const [keyword, ...words] = line.trim().replace(/^(\w+)\s*=\s*/, "$1 ").split(/\s+/)
      .map((word) => word.replace(/^"(.*)"$/, "$1"));
    if (!keyword || keyword.startsWith("#")) return [];
    const name = keyword.toLowerCase();
    return [{ keyword: ALIASES[name] ?? name, words }];
  });
}

/** The criteria of a Match line, in pairs; all have to fit. */
function criteriaFit(words: readonly string[], account: AccountState, now: MachineNow): boolean {
  const { session } = now;
  const ssh = session.kind === "ssh" ? session : undefined;
  for (let index = 0; index < words.length; index += 2) {
    const criterion = words[index]!.toLowerCase();
    const value = words[index + 1] ?? "";
    if (criterion === "all") return true;
    const fits = criterion === "user"
      ? inList(value, [account.name])
      : criterion === "group"
      ? inList(value, account.groups)
      : criterion === "address"
      ? matchesHost(value, ssh?.clientAddress) === "yes"
      : criterion === "localaddress"
      ? matchesHost(value, ssh?.serverAddress) === "yes"
      : criterion === "localport"
      ? value.split(",").includes(String(ssh?.serverPort))
      : criterion === "host" && value === "*";
    if (!fits) return false;
  }
  return words.length > 0;
}

/** A comma-separated list of patterns, against any of some names; a negated match excludes. */
function inList(value: string, names: readonly string[]): boolean {
  const patterns = value.split(",");
  const some = (pattern: string) => names.some((name) => wildcard(pattern, name));
  return !patterns.some((one) => one.startsWith("!") && some(one.slice(1))) &&
    patterns.some((one) => !one.startsWith("!") && some(one));
}

function list(setting: Ssh["otherSettings"][string] | undefined): string[] {
  if (setting === undefined) return [];
  return (Array.isArray(setting) ? setting.join(" ") : String(setting)).split(/\s+/)
    .filter((word) => word !== "");
}
