import { deepEqual, equal, match } from "node:assert/strict";
import type { ConfigurationFacts } from "../../../lib/nix/evaluation/configuration_facts.ts";
import { proveSshServer } from "../../../lib/rebuild/proofs/proof_ssh_server.ts";
import { question, rentedServerFacts } from "../../support/facts.ts";

const V4 = "203.0.113.42";
const V6 = "2001:db8:4711::2";
/** No session: people come in on any address. */
const NOBODY = { session: { kind: "console" } } as const;

type Listen = readonly (readonly [addr: string | null, port?: number])[];

function facts(listens: Listen, ports = [2222]) {
  return rentedServerFacts(({ ssh }) => {
    ssh.ports = ports;
    ssh.listenAddresses = listens.map(([addr, port = null]) => ({ addr, port }));
  });
}

function listens(before: Listen | undefined, after: Listen, now = {}, ports?: number[]): boolean {
  const old = before && facts(before);
  const [service, port] = proveSshServer(question(old, facts(after, ports), now));
  equal(service!.ok, true);
  return port!.ok;
}

function over(serverAddress: string) {
  return {
    session: { kind: "ssh", clientAddress: "198.51.100.7", serverAddress, serverPort: 2222 },
  } as const;
}

Deno.test("proveSshServer() finds the session's address and port among those that are listened on", () => {
  const table: readonly (readonly [after: Listen, address: string, holds: boolean])[] = [
    [[], V4, true],
    [[[null]], V4, true],
    [[["*"]], V6, true],
    [[["0.0.0.0"]], V4, true],
    [[["0.0.0.0"]], V6, false],
    // OpenSSH binds :: to IPv6 alone.
    [[["::"]], V4, false],
    [[["::"]], V6, true],
    [[[V4]], V4, true],
    [[["203.0.113.4"]], V4, false],
    [[["[2001:db8:4711:0::2]"]], V6, true],
    [[["2001:DB8:4711::0002"]], V6, true],
    [[[V4, 22]], V4, false],
    [[[V4, 22], [V4, 2222]], V4, true],
    [[[V4], ["203.0.113.4", 2222]], V4, true],
  ];
  for (const [after, address, holds] of table) {
    equal(listens([], after, over(address)), holds, `${JSON.stringify(after)} ${address}`);
  }
  equal(listens([], [], {}, [22, 22022]), false);
  equal(listens([], [[V4]], {}, [22]), false, "an address without a port has those of ports");
});

Deno.test("proveSshServer() keeps each address that is listened on where no session says which", () => {
  const two: Listen = [[V4], ["10.0.0.1", 2222]];
  equal(listens(two, two, NOBODY), true);
  equal(listens(two, [...two, ["10.0.0.2"]], NOBODY), true);
  equal(listens(two, [[V4]], NOBODY), false);
  equal(listens(two, [["0.0.0.0"]], NOBODY), true);
  equal(listens([], [[V4]], NOBODY), false, "it listens everywhere now");
  equal(listens(undefined, [[V4]], NOBODY), false);
});

Deno.test("proveSshServer() refuses a server that is switched off, and names the option", () => {
  const off = rentedServerFacts(({ ssh }) => ssh.enable = false);
  const [service] = proveSshServer(question(rentedServerFacts(), off));
  deepEqual([service!.ok, service!.remedy], [false, "services.openssh.enable = true;"]);
});

Deno.test("proveSshServer() refuses a family of addresses that the session is not of", () => {
  const only = (AddressFamily: string) =>
    rentedServerFacts(({ ssh }) => ssh.otherSettings = { AddressFamily });
  const table = [["inet", V4, true], ["inet", V6, false], ["inet6", V4, false], ["any", V6, true]];
  for (const [family, address, holds] of table as [string, string, boolean][]) {
    const [, port] = proveSshServer(question(rentedServerFacts(), only(family), over(address)));
    equal(port!.ok, holds, `${family} ${address}`);
  }
});

Deno.test("proveSshServer() refuses to listen on an address before the machine has it", () => {
  const dhcp = (change: (ssh: ConfigurationFacts["ssh"]) => void) => (isStatic: boolean) =>
    rentedServerFacts(({ ssh, network }) => {
      if (!isStatic) Object.assign(network, { interfaces: [], useDHCP: true });
      change(ssh);
    });
  const on = (...addresses: string[]) =>
    dhcp((ssh) => {
      ssh.listenAddresses = addresses.map((addr) => ({ addr, port: null }));
    });
  const socket = (freeBind: boolean | undefined, ...addresses: string[]) =>
    dhcp((ssh) => {
      ssh.listenAddresses = addresses.map((addr) => ({ addr, port: null }));
      ssh.startWhenNeeded = true;
      if (freeBind !== undefined) ssh.freeBind = freeBind;
    });
  const why = (before: ReturnType<typeof on>, after: ReturnType<typeof on>, isStatic: boolean) => {
    const [, port] = proveSshServer(question(before(isStatic), after(isStatic)));
    return port!.ok ? "" : port!.why;
  };
  const everywhere = on();
  match(why(everywhere, on(V4), false), /^it starts before a DHCP server/);
  equal(why(everywhere, on(V4), true), "");
  // One socket that can be bound is enough for sshd, and not for systemd.
  equal(why(everywhere, on(V4, "127.0.0.1"), false), "");
  equal(why(everywhere, on(V4, "0.0.0.0"), false), "");
  equal(why(on(V4), on(V4), false), "", "so it is now");
  for (const isStatic of [true, false]) {
    match(why(everywhere, socket(false, V4, "127.0.0.1"), isStatic), /^its socket is bound before/);
    equal(why(everywhere, socket(true, V4), isStatic), "");
    equal(why(everywhere, socket(false, "0.0.0.0", "::", "[::1]"), isStatic), "");
    equal(why(everywhere, socket(false), isStatic), "");
    equal(why(socket(false, V4), socket(false, V4), isStatic), "", "so it is now");
  }
});
