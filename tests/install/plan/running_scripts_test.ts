import assert from "node:assert/strict";
import {
  differentAddresses,
  differentOpenings,
  differentSshServer,
} from "../../../lib/install/plan/running_scripts.ts";
import type { ConfigurationFacts } from "../../../lib/nix/evaluation/configuration_facts.ts";
import { testContext } from "../../support/context.ts";
import { configurationFacts } from "../../support/facts.ts";
import { withScratch } from "../../support/scratch_files.ts";

const TOPLEVEL = "/nix/store/0123456789abcdfghijklmnpqrsvwxyz-nixos-system-host-24.05";
const SCRIPT = "/nix/store/1123456789abcdfghijklmnpqrsvwxyz-unit-script/bin/start";

/** A system with this file in its /etc/ssh. */
async function sshDifferences(
  file: string,
  change: (ssh: ConfigurationFacts["ssh"]) => void = () => {},
): Promise<string[]> {
  const facts = configurationFacts((f) => {
    Object.assign(f.ssh, { enable: true, ports: [22], permitRootLogin: "prohibit-password" });
    f.ssh.passwordAuthentication = true;
    f.ssh.kbdInteractiveAuthentication = true;
    change(f.ssh);
  });
  let found: string[] = [];
  await withScratch({ [`${TOPLEVEL.slice(1)}/etc/ssh/sshd_config`]: file }, (root) => {
    found = differentSshServer(testContext({ root }), TOPLEVEL, facts);
  });
  return found;
}

const SAME = "Port 22\nPermitRootLogin prohibit-password\nPasswordAuthentication yes\n" +
  "KbdInteractiveAuthentication yes\n";

Deno.test("differentSshServer() finds the same server in every way to write it down", async () => {
  const cases: [name: string, file: string, change?: (ssh: ConfigurationFacts["ssh"]) => void][] = [
    ["as NixOS writes it", SAME],
    ["of an earlier release", SAME.replace("KbdInteractive", "ChallengeResponse")],
    ["the old word", SAME.replace("prohibit-password", "without-password")],
    ["the old word, read as well", SAME, (ssh) => ssh.permitRootLogin = "without-password"],
    // sshd_config(5): for each keyword, the first value is used.
    ["said once more in extraConfig", `${SAME}PasswordAuthentication no\npermitrootlogin yes\n`],
    ["in a block for some", `${SAME}\n  match Address 192.0.2.0/24\nPasswordAuthentication no\n`],
    ["in other letters", SAME.toLowerCase()],
    ["a port more in extraConfig", `${SAME}Port 2222\n`, (ssh) => ssh.extraConfig = "Port 2222\n"],
    ["quoted, with a comment", SAME.replace("yes", '"yes" # for now')],
    ["line ends of Windows", SAME.replaceAll("\n", "\r\n")],
    ["not enabled in what was read", "Port 2222\n", (ssh) => ssh.enable = false],
  ];
  for (const [name, file, change] of cases) {
    assert.deepEqual(await sshDifferences(file, change), [], name);
  }
});

Deno.test("differentSshServer() names what lets other people in, or on another port", async () => {
  const cases: [file: string, said: RegExp][] = [
    [SAME.replace("22", "2222"), /port: 22 was read, 2222 runs/],
    [`${SAME}Port 2222\n`, /port: 22 was read, 22, 2222 runs/],
    [SAME.replace("prohibit-password", "yes"), /PermitRootLogin: prohibit-password was read, yes/],
    [`passwordauthentication no\n${SAME}`, /PasswordAuthentication: yes was read, no runs/],
    [SAME.replace("KbdInteractiveAuthentication yes", "KbdInteractiveAuthentication no"), /Kbd/],
  ];
  for (const [file, said] of cases) {
    const found = await sshDifferences(file);
    assert.equal(found.length, 1, file);
    assert.match(found[0]!, said);
  }
});

/** A system whose unit starts this script. */
async function withUnit(
  unit: string,
  script: string,
  test: (ctx: ReturnType<typeof testContext>) => void,
): Promise<void> {
  await withScratch({
    [`${TOPLEVEL.slice(1)}/etc/systemd/system/${unit}`]:
      `[Service]\nExecStart=@${SCRIPT} unit-script-start\n`,
    [SCRIPT.slice(1)]: script,
  }, (root) => test(testContext({ root })));
}

Deno.test("differentAddresses() reads the addresses and gateways of NixOS's scripts", async () => {
  const facts = configurationFacts(({ network }) => {
    network.interfaces = [{
      name: "eth0",
      useDHCP: false,
      ipv4: [{ address: "192.0.2.2", prefixLength: 24 }],
      ipv6: [{ address: "2001:db8::2", prefixLength: 64 }],
      ipv4Routes: [],
      ipv6Routes: [],
      macAddress: null,
      mtu: null,
    }];
    network.defaultGateway = { address: "192.0.2.1", interface: null, metric: 5 };
    network.defaultGateway6 = { address: "fe80::1", interface: "eth0", metric: null };
  });
  const add = (address: string) => `if out=$(ip addr replace "${address}" dev "eth0" 2>&1); then`;
  const cases: [unit: string, script: string, said: RegExp[]][] = [
    ["network-addresses-eth0.service", `${add("192.0.2.2/24")}\n${add("2001:db8::2/64")}\n`, []],
    // 20.03.
    [
      "network-addresses-eth0.service",
      "ip addr add 192.0.2.2/24 dev eth0\nip addr add 2001:db8::2/64\n",
      [],
    ],
    ["network-addresses-eth0.service", `${add("192.0.2.9/24")}\n${add("2001:db8::2/64")}\n`, [
      /eth0: 192\.0\.2\.2\/24, 2001:db8::2\/64 was read, 192\.0\.2\.9\/24, 2001:db8::2\/64 runs/,
    ]],
    ["network-addresses-eth0.service", "", []],
    [
      "network-setup.service",
      'ip route replace default metric 5 via "192.0.2.1"  || true\n' +
      'ip -6 route replace default  via "fe80::1" dev eth0 proto static || true\n',
      [],
    ],
    ["network-setup.service", 'ip route replace default via "192.0.2.254" proto static\n', [
      /gateway: 192\.0\.2\.1, fe80::1 was read, 192\.0\.2\.254 runs/,
    ]],
  ];
  for (const [unit, script, said] of cases) {
    await withUnit(unit, script, (ctx) => {
      const found = differentAddresses(ctx, TOPLEVEL, facts);
      assert.equal(found.length, said.length, script);
      said.forEach((pattern, index) => assert.match(found[index]!, pattern));
    });
  }
});

Deno.test("differentOpenings() names what only one of both lets in; without a script it says nothing", async () => {
  const facts = configurationFacts(({ firewall }) => {
    firewall.enable = true;
    firewall.nftables = false;
    firewall.open = { tcp: [22], udp: [], tcpRanges: [], udpRanges: [] };
    firewall.trustedInterfaces = ["lo"];
  });
  const trusted = "ip46tables -A nixos-fw -i lo -j nixos-fw-accept\n";
  const port = (number: number) =>
    `ip46tables -A nixos-fw -p tcp --dport ${number} -j nixos-fw-accept \n`;
  const cases: [script: string, said: RegExp[]][] = [
    [trusted + port(22), []],
    [trusted + port(22) + port(443), [/tcp 443 is let in by what runs, and not by what was read/]],
    [trusted, [/tcp 22 is let in by what was read, and not by what runs/]],
    ["", []],
  ];
  for (const [script, said] of cases) {
    await withUnit("firewall.service", script, (ctx) => {
      const found = differentOpenings(ctx, TOPLEVEL, facts);
      assert.equal(found.length, said.length, script);
      said.forEach((pattern, index) => assert.match(found[index]!.text, pattern));
    });
  }
});
