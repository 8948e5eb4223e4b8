import { inNetwork } from "../../machine/accounts/ssh_patterns.ts";

/** Whose packets a rule may be about. */
export interface Packets {
  readonly port: number;
  /** The interface that they come in on; any one when it is not known. */
  readonly device: string | undefined;
  /** Where they come from; anywhere when it is not known. */
  readonly client: string | undefined;
}

/** Chains that no packet to the machine itself passes, and `nixos-fw` behind what it accepted (see below). */
const ELSEWHERE = /(?:-A|--append|-I|--insert)\s+(?:FORWARD|OUTPUT|POSTROUTING|nixos-drop)\b/;
/** NixOS's own chain lets open ports in before the commands of others are run (firewall-iptables.nix). */
const TOO_LATE = /(?:-A|--append)\s+nixos-fw\b/;
/** `ip46tables` is NixOS's own, for both. */
const TABLES = /^[^#]*\bip(46|6)?tables\b/;
const DROPS =
  /(?:-j|--jump)\s+(?:DROP|REJECT|TARPIT)\b|(?:-P|--policy)\s+INPUT\s+(?:DROP|REJECT)\b/;

/**
 * The lines of a firewall's own commands (iptables(8)) that may drop packets. What a line says by a
 * variable may be anything. Pure.
 */
export function droppingRules(commands: string, packets: Packets): string[] {
  return commands.replaceAll("\\\n", " ").split("\n").map((line) => line.trim())
    .filter((line) => TABLES.test(line) && DROPS.test(line))
    .filter((line) => !ELSEWHERE.test(line) && !TOO_LATE.test(line) && concerns(line, packets));
}

function concerns(line: string, { port, device, client }: Packets): boolean {
  const protocol = valueOf(line, "-p|--protocol");
  const name = valueOf(line, "-i|--in-interface");
  const source = valueOf(line, "-s|--source|--src");
  const ports = valueOf(line, "--dports?|--destination-ports?");
  const family = TABLES.exec(line)?.[1];
  return (client === undefined || family === "46" || (family === "6") === client.includes(":")) &&
    (protocol === undefined || /^(tcp|6|all|\$.*)$/.test(protocol)) &&
    (name === undefined || device === undefined || isVariable(name) || name === device ||
      name.endsWith("+") && device.startsWith(name.slice(0, -1))) &&
    (source === undefined || client === undefined || mayHold(source, client)) &&
    (ports === undefined || ports.split(",").some((one) => mayBe(one, port)));
}

/** The value of an option; undefined where it is not there, or is about all others (`! -s X`). */
function valueOf(line: string, names: string): string | undefined {
  const [, not, value] = new RegExp(`(?:\\s(!))?\\s(?:${names})[\\s=]+(\\S+)`).exec(line) ?? [];
  return not === undefined ? value?.replace(/^["']|["']$/g, "") : undefined;
}

function isVariable(value: string): boolean {
  return /[$`]/.test(value);
}

function mayHold(sources: string, client: string): boolean {
  return sources.split(",").some((source) => {
    const [network = "", length = network.includes(":") ? "128" : "32"] = source.split("/");
    return isVariable(source) || !/^[\d.]+$|:/.test(network) || /\./.test(length) ||
      inNetwork(client, network, Number(length));
  });
}

function mayBe(ports: string, port: number): boolean {
  const [from = "", to = from] = ports.split(":");
  if (!/^\d+$/.test(from) || !/^\d+$/.test(to)) return ports !== "";
  return Number(from) <= port && port <= Number(to);
}
