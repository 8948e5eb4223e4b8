/** What the proofs of access read of a configuration, as NixOS of any release may have it. */
import { deepEqual } from "node:assert/strict";
import { evaluateJson } from "../../../lib/nix/evaluation/evaluate.ts";
import { factsExpression } from "../../../lib/nix/evaluation/facts_expression.ts";
import { testContext } from "../../support/context.ts";
import { hasNix } from "../../support/needs.ts";

/** Nix code of a configuration, and a member of its facts. */
type Case = readonly [config: string, member: string, value: unknown];

/** All are evaluated at once; a member that the facts do not ask for need not be there. */
async function areRead(cases: readonly Case[]): Promise<void> {
  const read = cases.map(([config, member]) =>
    `(let base = { networking = { }; boot = { }; services.openssh = { }; security = { }; systemd = { };
        environment = { }; users = { users = { }; groups = { }; }; };
      config = base // ${config};
      facts = read { inherit config; options = { }; pkgs = { }; }; in facts.${member})`
  );
  const found = await evaluateJson(
    testContext(),
    `let read = ${factsExpression}; in [ ${read.join("\n")} ]`,
    { what: "facts" },
  ) as unknown[];
  cases.forEach(([config, member, value], index) =>
    deepEqual(found[index], value, `${member} of ${config}`)
  );
}

const peer = 'peers = [ { publicKey = "k="; allowedIPs = [ "10.0.0.2/32" ]; } ];';
const tunnel = (name: string, address: string) => ({
  name,
  addresses: [address],
  listenPort: null,
  keyFile: "/key",
  peers: [{ key: "k=", allowedIPs: ["10.0.0.2/32"], endpoint: null }],
});

Deno.test({
  name: "the facts know WireGuard's interfaces, of both of NixOS's options",
  ignore: !hasNix,
  fn: async () => {
    const wg = `interfaces.wg0 = { ips = [ "10.0.0.1/24" ]; privateKeyFile = "/key"; ${peer} };`;
    const quick =
      `interfaces.wg1 = { address = [ "10.0.1.1/24" ]; privateKeyFile = "/key"; ${peer} };`;
    const of = (text: string) => `{ networking = { ${text} }; }`;
    await areRead([
      [of(""), "network.tunnels", []],
      [of(`wireguard = { ${wg} };`), "network.tunnels", [tunnel("wg0", "10.0.0.1/24")]],
      [of(`wireguard = { enable = false; ${wg} };`), "network.tunnels", []],
      [of(`wg-quick = { ${quick} };`), "network.tunnels", [tunnel("wg1", "10.0.1.1/24")]],
      [of('wg-quick.interfaces.wg2.configFile = "/etc/wg2.conf";'), "network.tunnels", []],
      ["{ services.tailscale.enable = true; }", "network.tailscale", null],
      [
        '{ services.tailscale = { enable = true; interfaceName = "ts0"; }; }',
        "network.tailscale",
        "ts0",
      ],
      ['{ services.tailscale.interfaceName = "ts0"; }', "network.tailscale", null],
    ]);
  },
});

Deno.test({
  name: "the facts know how the firewall checks the reverse path, and where secrets of radio lie",
  ignore: !hasNix,
  fn: async () => {
    const check = (value: string) =>
      `{ networking.firewall = { enable = true; checkReversePath = ${value}; }; }`;
    const at = "firewall.checkReversePath";
    const of = (text: string) => `{ networking.wireless = { ${text} }; }`;
    await areRead([
      [check("true"), at, "strict"],
      [check('"strict"'), at, "strict"],
      [check('"loose"'), at, "loose"],
      [check("false"), at, "off"],
      ["{ networking.firewall.enable = true; }", at, "off"],
      [of('environmentFile = "/run/w";'), "network.wirelessSecrets", "/run/w"],
      // Its name since 24.11.
      [of('secretsFile = "/run/w";'), "network.wirelessSecrets", "/run/w"],
      [of(""), "network.wirelessSecrets", null],
    ]);
  },
});

Deno.test({
  name: "the facts know what PAM and accounts end by",
  ignore: !hasNix,
  fn: async () => {
    const limit = { domain: "*", type: "-", item: "maxlogins", value: "0" };
    const sshd = 'limits = [ { domain = "*"; type = "-"; item = "maxlogins"; value = 0; } ];';
    const ana = (text: string) =>
      `{ users = { groups = { }; users.ana = { name = "ana"; ${text} }; }; }`;
    const socket = (value: string) => `{ systemd.sockets.sshd.socketConfig = { ${value} }; }`;
    await areRead([
      [`{ security.pam.services.sshd = { ${sshd} }; }`, "limits", { sshd: [limit], login: [] }],
      ["{ }", "limits", { sshd: [], login: [] }],
      ['{ environment.etc."hosts".text = "x"; }', "pamFiles", {}],
      [
        '{ environment.etc."security/access.conf".text = ""; }',
        "pamFiles",
        { "access.conf": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
      ],
      [ana('expires = "2026-01-01";'), "users.accounts", [account({ expires: "2026-01-01" })]],
      [
        ana('shell = { shellPath = "/bin/zsh"; };'),
        "users.accounts",
        [account({ shell: "/run/current-system/sw/bin/zsh", shellIsPackage: true })],
      ],
      [ana('shell = "/bin/zsh";'), "users.accounts", [account({ shell: "/bin/zsh" })]],
      [socket("FreeBind = true;"), "ssh.freeBind", true],
      [socket('FreeBind = "yes";'), "ssh.freeBind", true],
      [socket(""), "ssh.freeBind", false],
      ["{ }", "ssh.freeBind", false],
    ]);
  },
});

function account(changes: Record<string, unknown>) {
  return {
    name: "ana",
    uid: null,
    isNormalUser: false,
    group: "",
    extraGroups: [],
    description: "",
    home: "/var/empty",
    createHome: false,
    homeMode: null,
    linger: false,
    shell: null,
    expires: null,
    shellIsPackage: false,
    password: "none",
    passwordFile: null,
    hasInitialPassword: false,
    authorizedKeys: [],
    unreadKeyFiles: [],
    ...changes,
  };
}
