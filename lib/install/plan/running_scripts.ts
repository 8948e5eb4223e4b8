import { readSshServerConfig, rootLogin } from "../../machine/accounts/ssh_server_config.ts";
import { machineText } from "../../machine/files/machine_files.ts";
import type { Context } from "../../machine/context.ts";
import type { ConfigurationFacts } from "../../nix/evaluation/configuration_facts.ts";
import type { RunningDifference } from "./running_differences.ts";
import { openingsOf, openingsRead } from "./openings.ts";

/**
 * What stands in scripts, whose texts are known of what runs only: addresses, as NixOS writes them there
 * (nixos/modules/tasks/network-interfaces-scripted.nix).
 */
export function differentAddresses(
  ctx: Context,
  toplevel: string,
  facts: ConfigurationFacts,
): string[] {
  const { interfaces, defaultGateway, defaultGateway6 } = facts.network;
  const addresses = interfaces.flatMap(({ name, ipv4, ipv6 }) => {
    const script = unitScripts(ctx, toplevel, `network-addresses-${name}.service`);
    const read = [...ipv4, ...ipv6].map((one) => `${one.address}/${one.prefixLength}`);
    const runs = found(script, /\bip addr (?:add|replace) "?([\da-fA-F.:]+\/\d+)/g);
    return different(`the addresses of ${name}`, read, runs);
  });
  const setup = unitScripts(ctx, toplevel, "network-setup.service");
  const gateways = [defaultGateway, defaultGateway6].flatMap((one) => one ? [one.address] : []);
  const runs = found(
    setup,
    /\bip (?:-[46] )?route (?:add|replace) default\b.*?\bvia "?([\da-fA-F.:]+)/g,
  );
  return [...addresses, ...different("the default gateway", gateways, runs)];
}

/** What the firewall lets in, in the script of iptables or the rules of nftables. */
export function differentOpenings(
  ctx: Context,
  toplevel: string,
  { firewall }: ConfigurationFacts,
): RunningDifference[] {
  const unit = firewall.nftables ? "nftables.service" : "firewall.service";
  const script = unitScripts(ctx, toplevel, unit);
  // Without a script the units differ, which is told already.
  if (script.trim() === "" || !firewall.enable && !firewall.nftables) return [];
  const [read, runs] = [openingsRead(firewall), openingsOf(script)];
  return [
    ...[...runs.difference(read)].map((opening) =>
      openingThat(opening, "let in by what runs, and not by what was read")
    ),
    ...[...read.difference(runs)].map((opening) =>
      openingThat(opening, "let in by what was read, and not by what runs")
    ),
  ];
}

function openingThat(name: string, how: string): RunningDifference {
  return {
    text: `the firewall: ${name} is ${how}`,
    alike: { told: `openings of the firewall are ${how}`, name },
  };
}

/** Where the SSH server listens and what it takes: the global part of its file (sshd_config(5)). */
export function differentSshServer(
  ctx: Context,
  toplevel: string,
  { ssh }: ConfigurationFacts,
): string[] {
  const runs = readSshServerConfig(ctx, `${toplevel}/etc/ssh/sshd_config`);
  if (!ssh.enable || runs === undefined) return [];
  const [ownGlobal] = ssh.extraConfig.split(/^\s*match\b/im);
  const ports = [...ssh.ports.map(String), ...found(ownGlobal!, /^\s*port[\s=]+(\d+)/gim)];
  const word = (value: boolean) => value ? "yes" : "no";
  return [
    ...different("the SSH server's port", ports, runs.ports.map(String)),
    ...different("PermitRootLogin", [rootLogin(ssh.permitRootLogin)], [runs.permitRootLogin]),
    ...different(
      "PasswordAuthentication",
      [word(ssh.passwordAuthentication)],
      [word(runs.passwordAuthentication)],
    ),
    ...different(
      "KbdInteractiveAuthentication",
      [word(ssh.kbdInteractiveAuthentication)],
      [word(runs.kbdInteractiveAuthentication)],
    ),
  ];
}

/** The texts of the programs that a unit of the running system starts. */
function unitScripts(ctx: Context, toplevel: string, unit: string): string {
  const text = machineText(ctx, `${toplevel}/etc/systemd/system/${unit}`) ?? "";
  const programs = text.matchAll(/^ExecStart=@?(\/nix\/store\/\S+)/gm);
  return [...programs].map(([, path]) => machineText(ctx, path!) ?? "").join("\n");
}

function found(text: string, pattern: RegExp): string[] {
  return [...new Set([...text.matchAll(pattern)].map((match) => match[1]!))];
}

/** What was read and what runs, where they are not the same; where nothing runs it may only not be found. */
export function different(
  what: string,
  read: readonly string[],
  runs: readonly string[],
): string[] {
  const same = new Set(read).symmetricDifference(new Set(runs)).size === 0;
  if (same || runs.length === 0) return [];
  return [`${what}: ${read.join(", ") || "none"} was read, ${runs.join(", ")} runs`];
}
