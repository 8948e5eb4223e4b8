import { basename } from "node:path";
import type { SshLogins, SshServerConfig } from "../../machine/accounts/ssh_server_config.ts";
import type { ConfigurationFacts } from "../../nix/evaluation/configuration_facts.ts";
import { EVALUATED, merge, override, said, type Setting } from "./setting.ts";

/**
 * Algorithms that OpenSSH has given up (its release notes: 6.2, 7.6, 8.5): with one of them in a list a newer server
 * does not start.
 */
const GIVEN_UP =
  /^(arcfour(128|256)?|blowfish-cbc|cast128-cbc|rijndael-cbc@lysator\.liu\.se|hmac-ripemd160(-etm)?(@openssh\.com)?|hmac-sha2-(256|512)-96(-etm@openssh\.com)?|sntrup4591761x25519-sha512@tinyssh\.org)$/;

/**
 * The OpenSSH server as its configuration file has it, for when nothing could be evaluated. The file is
 * NixOS's own; that sshd runs is not known from it, so nothing is said where there is none.
 */
export function carryRunningSsh(config: SshServerConfig | undefined): Setting[] {
  if (config === undefined) return [];
  const source = "/etc/ssh/sshd_config";
  return [
    override("services.openssh.enable", true, source),
    override("services.openssh.ports", config.ports, source),
    ...said(
      "services.openssh",
      {
        // NixOS puts a colon and the port behind it.
        listenAddresses: config.listenAddresses.map(({ address, port }) => ({
          addr: port !== undefined && address.includes(":") ? `[${address}]` : address,
          port,
        })),
        hostKeys: config.hostKeys.map((path) => ({ type: keyType(path), path })),
        authorizedKeysFiles: config.authorizedKeysFiles,
      },
      override,
      source,
    ),
    ...whoLogsIn(config, source),
    ...said(
      "services.openssh.settings",
      {
        Ciphers: known(config.ciphers),
        Macs: known(config.macs),
        KexAlgorithms: known(config.kexAlgorithms),
      },
      override,
      source,
    ),
  ];
}

/** What NixOS makes a host key with where it is missing; sshd itself finds out from the key. */
function keyType(path: string): string {
  return /rsa|ecdsa|ed25519/.exec(basename(path))?.[0] ?? "ed25519";
}

/** The OpenSSH server as it is: who may log in how, on which port, with which host keys. */
export function carrySsh({ ssh }: ConfigurationFacts): Setting[] {
  const enable = override("services.openssh.enable", ssh.enable);
  if (!ssh.enable) return [enable];
  return [
    enable,
    override("services.openssh.startWhenNeeded", ssh.startWhenNeeded),
    override("services.openssh.ports", ssh.ports),
    override("services.openssh.openFirewall", ssh.openFirewall),
    ...said("services.openssh", { listenAddresses: ssh.listenAddresses }),
    override(
      "services.openssh.hostKeys",
      ssh.hostKeys.map(({ type, path, bits }) => ({ type, path, bits: bits ?? undefined })),
    ),
    override("services.openssh.authorizedKeysFiles", ssh.authorizedKeysFiles),
    ...whoLogsIn(ssh, EVALUATED),
    ...Object.entries(ssh.otherSettings).flatMap(([name, value]) =>
      Array.isArray(value)
        ? said("services.openssh.settings", { [name]: known(value) })
        : [override(["services", "openssh", "settings", name], value)]
    ),
    ...(ssh.extraConfig.trim() === ""
      ? []
      : [merge("services.openssh.extraConfig", ssh.extraConfig)]),
  ];
}

function known(algorithms: readonly string[]): string[] {
  return algorithms.filter((name) => !GIVEN_UP.test(name));
}

/** What the file and an evaluated configuration say alike. */
function whoLogsIn(ssh: SshLogins, source: string): Setting[] {
  const option = "services.openssh.settings";
  return [
    override(`${option}.PermitRootLogin`, ssh.permitRootLogin, source),
    override(`${option}.PasswordAuthentication`, ssh.passwordAuthentication, source),
    override(`${option}.KbdInteractiveAuthentication`, ssh.kbdInteractiveAuthentication, source),
    ...(ssh.pubkeyAuthentication
      ? []
      : [override(`${option}.PubkeyAuthentication`, false, source)]),
    override(`${option}.UsePAM`, ssh.usePAM, source),
    ...said(
      option,
      {
        AllowUsers: ssh.allowUsers,
        DenyUsers: ssh.denyUsers,
        AllowGroups: ssh.allowGroups,
        DenyGroups: ssh.denyGroups,
      },
      override,
      source,
    ),
  ];
}
