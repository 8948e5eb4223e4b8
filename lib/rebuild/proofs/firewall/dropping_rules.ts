import { inNetwork } from "../../../machine/accounts/ssh_patterns.ts";

/** Whose packets a rule may be about. */
export interface Packets {
  readonly port: number;
  /** The interface that they come in on; any one when it is not known. */
  readonly device: string | undefined;
  /** Where they come from; anywhere when it is not known. */
  readonly client: string | undefined;
}

/** Chains that no packet to the machine itself passes, and `nixos-fw` behind what it accepted (see below). */
const ELSEWHERE = /(?:-A|--append|-I|--insert)\s+(?:FORWARD|POSTROUTING|nixos-drop)\b/;
/** NixOS's own chain lets open ports in before the commands of others are run (firewall-iptables.nix). */
const TOO_LATE = /(?:-A|--append)\s+nixos-fw\b/;
/** `ip46tables` is NixOS's own, for both. */
const TABLES = /^[^#]*\bip(46|6)?tables\b/;
const DROPS =
  /(?:-j|--jump)\s+(?:DROP|REJECT|TARPIT)\b|(?:-P|--policy)\s+(?:INPUT|OUTPUT)\s+(?:DROP|REJECT)\b/;
/** What the answers to the session's packets pass. */
const OUTPUT = /(?:-[AIP]|--append|--insert|--policy)\s+OUTPUT\b/;
/** Lets all answers out, before what is appended after it and before the policy. */
const LETS_ANSWERS =
  /\s-A OUTPUT -m (?:state|conntrack) --(?:ct)?state \S*\bESTABLISHED\b\S* -j ACCEPT$/;

/**
 * The lines of a firewall's own commands (iptables(8)) that may drop packets. What a line says by a
 * variable may be anything. Pure.
 */
export function droppingRules(commands: string, packets: Packets): string[] {
  const lines = commands.replaceAll("\\\n", " ").split("\n").map((line) => line.trim())
    .filter((line) => TABLES.test(line));
  return lines.filter((line) => DROPS.test(line))
    .filter((line) => !ELSEWHERE.test(line) && !TOO_LATE.test(line) && concerns(line, packets))
    .filter((line) => !letsAnswersBefore(lines, line));
}

function letsAnswersBefore(lines: readonly string[], rule: string): boolean {
  if (!OUTPUT.test(rule) || /(?:-I|--insert)\s/.test(rule)) return false;
  const before = /(?:-P|--policy)\s/.test(rule) ? lines : lines.slice(0, lines.indexOf(rule));
  const [, family = ""] = TABLES.exec(rule) ?? [];
  return ["46", ...(family === "46" ? [] : [family])].some((wanted) =>
    before.some((line) => LETS_ANSWERS.test(line) && (TABLES.exec(line)?.[1] ?? "") === wanted)
  );
}

function concerns(line: string, { port, device, client }: Packets): boolean {
  const out = OUTPUT.test(line);
  const protocol = valueOf(line, "-p|--protocol");
  const name = valueOf(line, out ? "-o|--out-interface" : "-i|--in-interface");
  const source = valueOf(line, out ? "-d|--destination|--dst" : "-s|--source|--src");
  const ports = valueOf(
    line,
    out ? "--sports?|--source-ports?" : "--dports?|--destination-ports?",
  );
  const farPorts = out ? valueOf(line, "--dports?|--destination-ports?") : undefined;
  const states = valueOf(line, "--(?:ct)?state");
  const family = TABLES.exec(line)?.[1];
  return (client === undefined || family === "46" || (family === "6") === client.includes(":")) &&
    (protocol === undefined || /^(tcp|6|all|\$.*)$/.test(protocol)) &&
    (name === undefined || device === undefined || isVariable(name) || name === device ||
      name.endsWith("+") && device.startsWith(name.slice(0, -1))) &&
    (source === undefined || client === undefined || mayHold(source, client)) &&
    (ports === undefined || ports.split(",").some((one) => mayBe(one, port))) &&
    (farPorts === undefined || !farPorts.split(",").every(isOfService)) &&
    (states === undefined || isVariable(states) ||
      (out ? /ESTABLISHED/ : /NEW|ESTABLISHED/).test(states));
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

/** Whether ports are servers' own: no client has its end of a connection there. */
export function isOfService(ports: string): boolean {
  const to = ports.split(/[:-]/).at(-1) ?? "";
  return /^\d+$/.test(to) && Number(to) < 1024;
}

function mayBe(ports: string, port: number): boolean {
  const [from = "", to = from] = ports.split(":");
  if (!/^\d+$/.test(from) || !/^\d+$/.test(to)) return ports !== "";
  return Number(from) <= port && port <= Number(to);
}
