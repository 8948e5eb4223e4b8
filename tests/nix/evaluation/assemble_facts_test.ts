import { deepStrictEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import * as v from "valibot";
import { areComplete, assembleFacts } from "../../../lib/nix/evaluation/assemble_facts.ts";
import { ConfigurationFactsSchema } from "../../../lib/nix/evaluation/configuration_facts.ts";

const NO_FACTS = v.parse(ConfigurationFactsSchema, {});
const { name: _name, ...NO_ACCOUNT_FACTS } = v.parse(ConfigurationFactsSchema, {
  users: { accounts: [{ name: "a" }] },
}).users.accounts[0]!;

Deno.test("assembleFacts() returns complete facts as they are", () => {
  deepStrictEqual(assembleFacts({ ...NO_FACTS }), { ...NO_FACTS, unreadable: [] });
});

Deno.test("assembleFacts() puts defaults for what is missing, unreadable or of another type", () => {
  const { ssh: _, ...rest } = NO_FACTS;
  const facts = assembleFacts({
    ...rest,
    hostName: 5,
    timeZone: { unreadable: true },
    libvirtd: true,
    users: {
      ...NO_FACTS.users,
      accounts: [
        { ...NO_ACCOUNT_FACTS, name: "a", uid: { unreadable: true }, home: "/home/a" },
        { ...NO_ACCOUNT_FACTS, name: "b", shell: "/run/current-system/sw/bin/nologin" },
      ],
    },
    swapDevices: [
      { device: "/dev/a", size: null, priority: null, randomEncryption: false },
      { device: 1, size: null, priority: null, randomEncryption: false },
    ],
  });
  deepStrictEqual(facts, {
    ...NO_FACTS,
    libvirtd: true,
    users: {
      ...NO_FACTS.users,
      accounts: [
        { ...NO_ACCOUNT_FACTS, name: "a", home: "/home/a" },
        // update-users-groups.pl writes it over the shell that an account has.
        { ...NO_ACCOUNT_FACTS, name: "b", shell: "/run/current-system/sw/bin/nologin" },
      ],
    },
    swapDevices: [{ device: "/dev/a", size: null, priority: null, randomEncryption: false }],
    unreadable: ["hostName", "ssh", "swapDevices.1", "timeZone", "users.accounts.a.uid"],
  });
});

Deno.test("assembleFacts() names the innermost member that may be missing, and drops what is in a list", () => {
  const facts = assembleFacts({
    ...NO_FACTS,
    boot: [],
    firewall: { ...NO_FACTS.firewall, open: { ...NO_FACTS.firewall.open, tcp: "22" } },
    network: {
      ...NO_FACTS.network,
      defaultGateway: { address: 5, interface: null, metric: null },
      vlans: [{ name: "v1", id: 1, interface: "eth0" }, { name: "v2", id: 2 }, []],
    },
    users: { ...NO_FACTS.users, accounts: [{ name: "a" }] },
  });
  deepStrictEqual(facts.boot, NO_FACTS.boot);
  deepStrictEqual(facts.firewall, NO_FACTS.firewall);
  equal(facts.network.defaultGateway, null);
  deepStrictEqual(facts.network.vlans, [{ name: "v1", id: 1, interface: "eth0" }]);
  deepStrictEqual(facts.users.accounts, [{ ...NO_ACCOUNT_FACTS, name: "a" }]);
  deepStrictEqual(facts.unreadable, [
    "boot",
    "firewall.open.tcp",
    "network.defaultGateway",
    "network.vlans.2",
    "network.vlans.v2",
    ...Object.keys(NO_ACCOUNT_FACTS).map((name) => `users.accounts.a.${name}`).sort(),
  ]);
});

Deno.test("areComplete() takes no facts in which a default would stand for what is missing", () => {
  ok(areComplete(NO_FACTS));
  const { usePAM: _, ...ssh } = NO_FACTS.ssh;
  ok(!areComplete({ ...NO_FACTS, ssh }));
  ok(!areComplete({ ...NO_FACTS, users: { ...NO_FACTS.users, accounts: [{ name: "a" }] } }));
});

Deno.test("assembleFacts() makes paths of key files absolute, as sshd reads them", () => {
  const authorizedKeysFiles = [".ssh/authorized_keys", "%h/.keys", "/etc/keys/%u", "none"];
  const facts = assembleFacts({ ...NO_FACTS, ssh: { ...NO_FACTS.ssh, authorizedKeysFiles } });
  deepStrictEqual(facts.ssh.authorizedKeysFiles, [
    "%h/.ssh/authorized_keys",
    "%h/.keys",
    "/etc/keys/%u",
  ]);
});

Deno.test("assembleFacts() gives the defaults where nothing at all could be read", () => {
  ok(v.is(ConfigurationFactsSchema, assembleFacts({ unreadable: true })));
});

Deno.test("assembleFacts() gives valid facts for any JSON", () => {
  const members = Object.keys(NO_FACTS);
  fc.assert(
    fc.property(
      fc.dictionary(fc.constantFrom(...members, "unreadable"), fc.jsonValue({ maxDepth: 3 })),
      (evaluated) => v.is(ConfigurationFactsSchema, assembleFacts(evaluated)),
    ),
    { numRuns: 200 },
  );
});
