import { deepStrictEqual } from "node:assert/strict";
import fc from "fast-check";
import * as v from "valibot";
import { assembleFacts } from "../../lib/nix/assemble_facts.ts";
import { ConfigurationFactsSchema } from "../../lib/nix/configuration_facts.ts";
import { NO_ACCOUNT_FACTS, NO_FACTS } from "../../lib/nix/no_facts.ts";

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
        { ...NO_ACCOUNT_FACTS, name: "b" },
      ],
    },
    swapDevices: [{ device: "/dev/a", size: null, priority: null, randomEncryption: false }],
    unreadable: ["hostName", "ssh", "swapDevices.1", "timeZone", "users.accounts.a.uid"],
  });
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

Deno.test("assembleFacts() gives valid facts for any JSON", () => {
  const members = Object.keys(NO_FACTS);
  fc.assert(
    fc.property(
      fc.dictionary(fc.constantFrom(...members), fc.jsonValue({ maxDepth: 3 })),
      (evaluated) => v.is(ConfigurationFactsSchema, assembleFacts(evaluated)),
    ),
    { numRuns: 200 },
  );
});
