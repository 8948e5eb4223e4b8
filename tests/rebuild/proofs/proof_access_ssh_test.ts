/** Who works on a rented server over SSH still gets in, or is told what would lock them out. */
import { deepEqual, equal, match } from "node:assert/strict";
import { proofQuestion } from "../../../lib/rebuild/proofs/proof_question.ts";
import { proveAll } from "../../../lib/rebuild/proofs/registry.ts";
import { refusals } from "../../../lib/rebuild/proofs/verdict.ts";
import {
  accountFacts,
  accountState,
  KEY,
  rentedServerFacts,
  rentedServerNow,
} from "../../support/facts.ts";
import { type Change, refusalsOf, refused } from "./refused.ts";

Deno.test("proveAll() proves the rented server reachable: only root, only a key, port 2222", () => {
  const facts = rentedServerFacts();
  const verdicts = proveAll(proofQuestion(facts, facts, rentedServerNow()));
  deepEqual(refusals(verdicts), []);
  deepEqual(verdicts.map(({ id }) => id), [
    "sshd",
    "port",
    "firewall",
    "address",
    "route",
    "host-keys",
    "login",
    "root",
  ]);
  deepEqual(refused(undefined, facts, rentedServerNow()), []);
});

const spoiled: readonly (readonly [what: string, change: Change, remedy: RegExp])[] = [
  [
    "a limit of no logins",
    (f) => {
      f.limits = { sshd: [{ domain: "root", type: "hard", item: "nproc", value: "0" }] };
    },
    /security\.pam\.loginLimits without nproc for root/,
  ],
  [
    "an account whose last day is over",
    (f) => f.users.accounts[0]!.expires = "2026-06-01",
    /users\.users\.root\.expires = null/,
  ],
  ["no SSH server", (f) => f.ssh.enable = false, /services\.openssh\.enable = true/],
  ["another port", (f) => f.ssh.ports = [22], /services\.openssh\.ports = \[ 2222 \]/],
  [
    "the port closed",
    (f) => f.firewall.open.tcp = [22, 443],
    /networking\.firewall\.allowedTCPPorts = \[ 2222 \]/,
  ],
  [
    "the port open on another interface",
    (f) => {
      f.firewall.open.tcp = [];
      f.firewall.perInterface = [{
        name: "wg0",
        open: { tcp: [2222], udp: [], tcpRanges: [], udpRanges: [] },
      }];
    },
    /allowedTCPPorts = \[ 2222 \]/,
  ],
  [
    "listening on another address",
    (f) => f.ssh.listenAddresses = [{ addr: "10.0.0.1", port: 2222 }],
    /listenAddresses = \[ \{ addr = "203\.0\.113\.42"; port = 2222; \} \]/,
  ],
  [
    "listening on another port",
    (f) => f.ssh.listenAddresses = [{ addr: "0.0.0.0", port: 22 }],
    /services\.openssh\.listenAddresses/,
  ],
  [
    "no static address",
    (f) => f.network.interfaces = [],
    /networking\.interfaces\.ens3\.ipv4\.addresses = \[ \{ address = "203\.0\.113\.42"; prefixLength = 24; \} \]/,
  ],
  [
    "DHCP instead of the static address",
    (f) => {
      f.network.interfaces = [];
      f.network.useDHCP = true;
    },
    /networking\.interfaces\.ens3\.ipv4\.addresses/,
  ],
  [
    "another address",
    (f) => f.network.interfaces[0]!.ipv4 = [{ address: "203.0.113.43", prefixLength: 24 }],
    /address = "203\.0\.113\.42"/,
  ],
  [
    "the address on another interface",
    (f) => f.network.interfaces[0]!.name = "eth0",
    /networking\.interfaces\.ens3/,
  ],
  [
    "no gateway",
    (f) => f.network.defaultGateway = null,
    /networking\.defaultGateway = \{ address = "203\.0\.113\.1"; \}/,
  ],
  [
    "another gateway",
    (f) => f.network.defaultGateway!.address = "203.0.113.254",
    /networking\.defaultGateway = \{ address = "203\.0\.113\.1"; \}/,
  ],
  [
    "other interface names",
    (f) => f.network.usePredictableInterfaceNames = false,
    /networking\.usePredictableInterfaceNames = true/,
  ],
  [
    "another host key",
    (f) => f.ssh.hostKeys = [{ type: "ed25519", path: "/etc/ssh/new_key", bits: null }],
    /services\.openssh\.hostKeys/,
  ],
  ["no root login", (f) => f.ssh.permitRootLogin = "no", /PermitRootLogin = "prohibit-password"/],
  [
    "only forced commands for root",
    (f) => f.ssh.permitRootLogin = "forced-commands-only",
    /PermitRootLogin = "prohibit-password"/,
  ],
  [
    "no key for root",
    (f) => f.users.accounts[0]!.authorizedKeys = [],
    /users\.users\.root\.openssh\.authorizedKeys\.keys/,
  ],
  [
    "a key with a forced command",
    (f) => f.users.accounts[0]!.authorizedKeys = [`command="backup" ${KEY}`],
    /users\.users\.root\.openssh\.authorizedKeys\.keys/,
  ],
  [
    "a key for other clients",
    (f) => f.users.accounts[0]!.authorizedKeys = [`from="10.0.0.0/8" ${KEY}`],
    /users\.users\.root\.openssh\.authorizedKeys\.keys/,
  ],
  [
    "declared keys looked for nowhere",
    (f) => f.ssh.authorizedKeysFiles = ["%h/.ssh/authorized_keys"],
    /users\.users\.root\.openssh\.authorizedKeys\.keys/,
  ],
  ["no keys accepted", (f) => f.ssh.pubkeyAuthentication = false, /PubkeyAuthentication = true/],
  ["root not allowed", (f) => f.ssh.allowUsers = ["alice"], /AllowUsers = \[ "alice" "root" \]/],
  [
    "root allowed from elsewhere",
    (f) => f.ssh.allowUsers = ["root@10.0.0.*"],
    /AllowUsers = \[ "root@10\.0\.0\.\*" "root" \]/,
  ],
  ["root denied", (f) => f.ssh.denyUsers = ["r??t", "bob"], /DenyUsers = \[ "bob" \]/],
  [
    "root denied from here",
    (f) => f.ssh.denyUsers = ["*@198.51.100.0/24"],
    /DenyUsers = \[ \]/,
  ],
  [
    "root's groups not allowed",
    (f) => f.ssh.allowGroups = ["admins"],
    /AllowGroups = \[ "admins" "root" \]/,
  ],
  ["root's group denied", (f) => f.ssh.denyGroups = ["ro*"], /DenyGroups = \[ \]/],
  [
    "a method that is not there",
    (f) => f.ssh.otherSettings = { AuthenticationMethods: "publickey,password" },
    /AuthenticationMethods = "publickey"/,
  ],
  [
    "free text that cannot be judged",
    (f) => f.ssh.extraConfig = "Match User root\n  PasswordAuthentication no\n",
    /services\.openssh\.settings/,
  ],
  [
    "no shell for root",
    (f) => f.users.accounts[0]!.shell = "/run/current-system/sw/bin/nologin",
    /users\.users\.root\.shell/,
  ],
];

for (const [what, change, remedy] of spoiled) {
  Deno.test(`proveAll() refuses the rented server with ${what}, and says what is missing`, () => {
    const remedies = refused(rentedServerFacts(), rentedServerFacts(change), rentedServerNow());
    equal(remedies.length, 1, remedies.join("\n"));
    match(remedies[0]!, remedy);
  });
}

const harmless: readonly (readonly [what: string, change: Change])[] = [
  ["no firewall", (f) => f.firewall = { ...f.firewall, enable: false, open: noPorts }],
  ["the port in a range", (f) => {
    f.firewall.open = { ...noPorts, tcpRanges: [{ from: 2000, to: 3000 }] };
  }],
  ["the port open on the interface", (f) => {
    f.firewall.open = noPorts;
    f.firewall.perInterface = [{ name: "ens3", open: { ...noPorts, tcp: [2222] } }];
  }],
  ["a trusted interface", (f) => {
    f.firewall.open = noPorts;
    f.firewall.trustedInterfaces = ["ens3"];
  }],
  ["one more port", (f) => f.ssh.ports = [22, 2222]],
  ["listening on every address", (f) => f.ssh.listenAddresses = [{ addr: "0.0.0.0", port: null }]],
  ["listening on its address", (f) => {
    f.ssh.listenAddresses = [{ addr: "203.0.113.42", port: 2222 }];
  }],
  ["the address moved to a bridge", (f) => {
    f.network.interfaces[0]!.name = "br0";
    f.network.bridges = [{ name: "br0", interfaces: ["ens3"], rstp: false }];
  }],
  ["the address in a networkd unit", (f) => {
    f.network.interfaces = [];
    f.network.defaultGateway = null;
    f.network.networkd = true;
    f.network.networkdUnits = [{
      name: "10-wan.network",
      text: "[Match]\nName=ens3\n\n[Network]\nAddress=203.0.113.42/24\nGateway=203.0.113.1\n",
    }];
  }],
  ["root allowed", (f) => f.ssh.allowUsers = ["alice", "root"]],
  ["root allowed from here", (f) => f.ssh.allowUsers = ["root@198.51.100.0/24"]],
  ["somebody else denied", (f) => f.ssh.denyUsers = ["bob", "root@10.*"]],
  ["root's group allowed", (f) => f.ssh.allowGroups = ["root", "wheel"]],
  ["any root login", (f) => f.ssh.permitRootLogin = "yes"],
  ["a key from here", (f) => f.users.accounts[0]!.authorizedKeys = [`from="198.51.100.*" ${KEY}`]],
  ["the method named", (f) => f.ssh.otherSettings = { AuthenticationMethods: "publickey" }],
  ["mutableUsers off", (f) => f.users.mutableUsers = false],
];
const noPorts = { tcp: [], udp: [], tcpRanges: [], udpRanges: [] };

for (const [what, change] of harmless) {
  Deno.test(`proveAll() still proves the rented server reachable with ${what}`, () => {
    deepEqual(refused(rentedServerFacts(), rentedServerFacts(change), rentedServerNow()), []);
  });
}

Deno.test("proveAll() finds root's key in its home folder", () => {
  const facts = rentedServerFacts((f) => f.users.accounts[0]!.authorizedKeys = []);
  const now = rentedServerNow({ keyFiles: { "/root/.ssh/authorized_keys": [KEY] } });
  deepEqual(refused(facts, facts, now), []);
});

Deno.test("proveAll() wants the same DHCP client, because another one may get another address", () => {
  const dhcp = rentedServerFacts((f) => {
    f.network.interfaces = [];
    f.network.defaultGateway = null;
    f.network.useDHCP = true;
  });
  deepEqual(refused(dhcp, dhcp, rentedServerNow()), []);
  const networkd = structuredClone(dhcp);
  networkd.network.useNetworkd = true;
  deepEqual(refused(dhcp, networkd, rentedServerNow()), ["networking.useDHCP = true;"]);
  deepEqual(refused(networkd, dhcp, rentedServerNow()), ["networking.useNetworkd = true;"]);
});

Deno.test("proveAll() needs no gateway for a client on the same network", () => {
  const after = rentedServerFacts((f) => f.network.defaultGateway = null);
  const now = rentedServerNow({
    session: {
      kind: "ssh",
      clientAddress: "203.0.113.99",
      serverAddress: "203.0.113.42",
      serverPort: 2222,
    },
  });
  deepEqual(refused(rentedServerFacts(), after, now), []);
});

Deno.test("proveAll() keeps every address when the session's own is not known", () => {
  const now = rentedServerNow({ session: { kind: "ssh" } });
  deepEqual(refused(rentedServerFacts(), rentedServerFacts(), now), []);
  const moved = rentedServerFacts((f) => f.network.interfaces[0]!.ipv6 = []);
  match(refused(rentedServerFacts(), moved, now).join(), /ens3\.ipv6\.addresses/);
  const noRoute = rentedServerFacts((f) => f.network.defaultGateway6 = null);
  match(refused(rentedServerFacts(), noRoute, now).join(), /networking\.defaultGateway6/);
});

Deno.test("proveAll() judges a rented server without a session by SSH: nobody has a password", () => {
  const now = rentedServerNow({ session: { kind: "console" } });
  deepEqual(refused(rentedServerFacts(), rentedServerFacts(), now), []);
  const closed = rentedServerFacts((f) => f.ssh.enable = false);
  deepEqual(refused(rentedServerFacts(), closed, now), ["services.openssh.enable = true;"]);
});

Deno.test("proveAll() knows that a user with only a key has no password for sudo", () => {
  const facts = (change: Change = () => {}) =>
    rentedServerFacts((f) => {
      f.ssh.permitRootLogin = "no";
      f.users.accounts.push(accountFacts({
        name: "alice",
        uid: 1000,
        extraGroups: ["wheel"],
        authorizedKeys: [KEY],
      }));
      change(f);
    });
  const now = rentedServerNow({
    person: "alice",
    declaredBefore: ["root", "alice"],
    accounts: [
      ...rentedServerNow().accounts,
      accountState({ name: "alice", password: "none", groups: ["wheel"], declaredKeys: [KEY] }),
    ],
  });
  const passwordless: Change = (f) => f.sudo.wheelNeedsPassword = false;
  deepEqual(refused(facts(passwordless), facts(passwordless), now), []);
  const rule: Change = (f) =>
    f.sudo.grantsAll = [{ users: ["alice"], groups: [], noPassword: true }];
  deepEqual(refused(facts(passwordless), facts(rule), now), []);
  const [remedy, ...others] = refused(facts(passwordless), facts(), now);
  deepEqual(others, []);
  match(remedy!, /users\.users\.alice\.hashedPasswordFile.*NOPASSWD/);
});

Deno.test("proveAll() lets nobody's keys go because a password would be left, which they may not know", () => {
  // As many hosters deliver them: a key of the customer's, and a password that nobody ever typed.
  const facts = (change: Change = () => {}) =>
    rentedServerFacts((f) => {
      f.ssh.permitRootLogin = "yes";
      f.ssh.passwordAuthentication = true;
      change(f);
    });
  const { accounts } = rentedServerNow();
  const now = rentedServerNow({ accounts: [{ ...accounts[0]!, password: "hash" }] });
  const noKeys: Change = (f) => f.users.accounts[0]!.authorizedKeys = [];
  deepEqual(refused(facts(), facts(), now), []);
  deepEqual(refused(facts(), facts(noKeys), now), [
    'users.users.root.openssh.authorizedKeys.keys = [ "…" ];',
  ]);
  match(
    refusalsOf(facts(), facts(noKeys), now)[0]!.why,
    /^now with a key, then only with a password, which/,
  );
  // Keys in the home folder stay.
  const inHome = { ...now, keyFiles: { "/root/.ssh/authorized_keys": [KEY] } };
  deepEqual(refused(facts(), facts(noKeys), inHome), []);
  // Who has always typed a password goes on doing so, and a configuration that was not read says nothing.
  const typed = { ...now, accounts: [{ ...now.accounts[0]!, declaredKeys: [] }] };
  deepEqual(refused(facts(noKeys), facts(noKeys), typed), []);
  deepEqual(refused(undefined, facts(noKeys), now), []);
});

Deno.test("proveAll() lets nobody's sudo go because su with root's password would be left", () => {
  const facts = (change: Change = () => {}) =>
    rentedServerFacts((f) => {
      f.users.accounts.push(accountFacts({
        name: "alice",
        uid: 1000,
        extraGroups: ["wheel"],
        authorizedKeys: [KEY],
      }));
      change(f);
    });
  const alice = accountState({ name: "alice", groups: ["wheel"], declaredKeys: [KEY] });
  const now = rentedServerNow({
    person: "alice",
    declaredBefore: ["root", "alice"],
    accounts: [
      { ...rentedServerNow().accounts[0]!, password: "hash" },
      { ...alice, password: "hash" },
    ],
  });
  const noWheel: Change = (f) => f.users.accounts.at(-1)!.extraGroups = [];
  const needless: Change = (f) => f.sudo.wheelNeedsPassword = false;
  const remedies = (before: Change, after: Change) => refused(facts(before), facts(after), now);
  deepEqual(remedies(() => {}, () => {}), []);
  deepEqual(remedies(() => {}, needless), []);
  for (const [before, after] of [[() => {}, noWheel], [needless, () => {}]] as const) {
    deepEqual(remedies(before, after), [
      "users.users.alice.extraGroups and security.sudo, as in your present configuration",
    ]);
  }
  const root = facts((f) => f.sudo.extraConfig = "Defaults rootpw");
  match(
    refusalsOf(facts(), root, now)[0]!.why,
    /^now .*with alice's.*, then .*with root's password/,
  );
});
