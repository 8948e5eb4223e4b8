import { basename } from "node:path";
import type { SshServerConfig } from "../../machine/accounts/ssh_server_config.ts";
import type { ConfigurationFacts } from "../../nix/evaluation/configuration_facts.ts";
import { merge, override, type Setting } from "./setting.ts";

/** NixOS's own lists of algorithms: they follow the release, an old list may name what is gone. */
const FOLLOWS_RELEASE = new Set(["KexAlgorithms", "Ciphers", "Macs"]);

/**
 * The OpenSSH server as its configuration file has it, for when nothing could be evaluated. The file is
 * NixOS's own; that sshd runs is not known from it, so nothing is said where there is none.
 */
export function carryRunningSsh(config: SshServerConfig | undefined): Setting[] {
  if (config === undefined) return [];
  const source = "/etc/ssh/sshd_config";
  const setting = (name: string, value: Setting["value"]) =>
    override(`services.openssh.settings.${name}`, value, source);
  const lists = {
    AllowUsers: config.allowUsers,
    DenyUsers: config.denyUsers,
    AllowGroups: config.allowGroups,
    DenyGroups: config.denyGroups,
  };
  const given = (name: string, values: readonly unknown[], value: Setting["value"]) =>
    values.length > 0 ? [override(`services.openssh.${name}`, value, source)] : [];
  const { listenAddresses, hostKeys, authorizedKeysFiles } = config;
  return [
    override("services.openssh.enable", true, source),
    override("services.openssh.ports", config.ports, source),
    ...given(
      "listenAddresses",
      listenAddresses,
      listenAddresses.map(({ address, port }) => ({ addr: address, port })),
    ),
    ...given("hostKeys", hostKeys, hostKeys.map((path) => ({ type: keyType(path), path }))),
    ...given("authorizedKeysFiles", authorizedKeysFiles, authorizedKeysFiles),
    setting("PermitRootLogin", config.permitRootLogin),
    setting("PasswordAuthentication", config.passwordAuthentication),
    setting("KbdInteractiveAuthentication", config.kbdInteractiveAuthentication),
    ...(config.pubkeyAuthentication ? [] : [setting("PubkeyAuthentication", false)]),
    setting("UsePAM", config.usePAM),
    ...Object.entries(lists).filter(([, names]) => names.length > 0)
      .map(([name, names]) => setting(name, names)),
  ];
}

/** What NixOS makes a host key with where it is missing; sshd itself finds out from the key. */
function keyType(path: string): string {
  return /rsa|ecdsa|ed25519/.exec(basename(path))?.[0] ?? "ed25519";
}

/** The OpenSSH server as it is: who may log in how, on which port, with which host keys. */
export function carrySsh(facts: ConfigurationFacts, source: string): Setting[] {
  const { ssh } = facts;
  const enable = override("services.openssh.enable", ssh.enable, source);
  if (!ssh.enable) return [enable];
  const setting = (name: string, value: Setting["value"]) =>
    override(`services.openssh.settings.${name}`, value, source);
  const list = (name: string, values: readonly string[]) =>
    values.length > 0 ? [setting(name, values)] : [];
  return [
    enable,
    override("services.openssh.startWhenNeeded", ssh.startWhenNeeded, source),
    override("services.openssh.ports", ssh.ports, source),
    override("services.openssh.openFirewall", ssh.openFirewall, source),
    ...(ssh.listenAddresses.length > 0
      ? [override("services.openssh.listenAddresses", ssh.listenAddresses, source)]
      : []),
    override(
      "services.openssh.hostKeys",
      ssh.hostKeys.map(({ type, path, bits }) => ({ type, path, bits: bits ?? undefined })),
      source,
    ),
    override("services.openssh.authorizedKeysFiles", ssh.authorizedKeysFiles, source),
    setting("PermitRootLogin", ssh.permitRootLogin),
    setting("PasswordAuthentication", ssh.passwordAuthentication),
    setting("KbdInteractiveAuthentication", ssh.kbdInteractiveAuthentication),
    ...(ssh.pubkeyAuthentication ? [] : [setting("PubkeyAuthentication", false)]),
    setting("UsePAM", ssh.usePAM),
    ...list("AllowUsers", ssh.allowUsers),
    ...list("DenyUsers", ssh.denyUsers),
    ...list("AllowGroups", ssh.allowGroups),
    ...list("DenyGroups", ssh.denyGroups),
    ...Object.entries(ssh.otherSettings)
      .filter(([name]) => !FOLLOWS_RELEASE.has(name))
      .map(([name, value]): Setting => ({
        option: ["services", "openssh", "settings", name],
        value,
        how: "override",
        source,
      })),
    ...(ssh.extraConfig.trim() === ""
      ? []
      : [merge("services.openssh.extraConfig", ssh.extraConfig, source)]),
  ];
}
