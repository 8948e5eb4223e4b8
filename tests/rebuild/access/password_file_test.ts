/** A password that a restart takes away is none. */
import { deepEqual } from "node:assert/strict";
import type { ConfigurationFacts } from "../../../lib/nix/evaluation/configuration_facts.ts";
import { provePasswordStays } from "../../../lib/rebuild/access/password_file.ts";
import { accountFacts, accountState, configurationFacts } from "../../support/facts.ts";

type Mount = Partial<ConfigurationFacts["fileSystems"][number]> & { readonly mountPoint: string };

const OURS = "/var/lib/hyper-nixos/passwords/ana";

function readingFile(
  passwordFile: string,
  mutableUsers: boolean,
  ...mounts: Mount[]
): ConfigurationFacts {
  return configurationFacts((f) => {
    f.users.mutableUsers = mutableUsers;
    f.users.accounts = [accountFacts({ name: "ana", password: "file", passwordFile })];
    f.fileSystems = mounts.map((mount) => ({
      device: "/dev/sda1",
      fsType: "ext4",
      options: [],
      neededForBoot: false,
      ...mount,
    }));
  });
}

const ana = accountState({ name: "ana" });

function refusedOn(mutableUsers: boolean, ...mounts: Mount[]): (string | undefined)[] {
  const facts = readingFile(OURS, mutableUsers, ...mounts);
  return provePasswordStays(undefined, facts, ana).map(({ remedy }) => remedy);
}

Deno.test("provePasswordStays() refuses a password file on a root that a restart empties", () => {
  const root: Mount = { mountPoint: "/", device: "none", fsType: "tmpfs" };
  const elsewhere = 'users.users.ana.hashedPasswordFile = lib.mkForce "…"; ' +
    "(a file where a restart leaves it)";
  deepEqual(refusedOn(true, root), [elsewhere]);
  deepEqual(refusedOn(false, root, { mountPoint: "/nix" }), [elsewhere]);
  deepEqual(refusedOn(true, root, { mountPoint: "/var/lib" }), []);
});

Deno.test("provePasswordStays() wants the file when the accounts are made", () => {
  const late: Mount = { mountPoint: "/var/lib/hyper-nixos" };
  deepEqual(refusedOn(false, { mountPoint: "/" }, late), [
    'fileSystems."/var/lib/hyper-nixos".neededForBoot = true;',
  ]);
  deepEqual(refusedOn(false, { mountPoint: "/" }, { ...late, neededForBoot: true }), []);
  deepEqual(refusedOn(true, { mountPoint: "/" }, late), [], "/etc/shadow has the password then");
  deepEqual(refusedOn(false, { mountPoint: "/" }), []);
});

Deno.test("provePasswordStays() lets a file be that each boot makes before the accounts, as sops-nix does", () => {
  const root: Mount = { mountPoint: "/", device: "none", fsType: "tmpfs" };
  for (const file of ["/run/secrets-for-users/ana", "/run/agenix/ana"]) {
    deepEqual(provePasswordStays(undefined, readingFile(file, false, root), ana), []);
  }
});

Deno.test("provePasswordStays() judges what changes: a file where the present system reads it is as sure as it was", () => {
  const late: Mount = { mountPoint: "/keys" };
  const before = readingFile("/keys/ana", false, { mountPoint: "/" }, late);
  deepEqual(provePasswordStays(before, before, ana), []);
  const moved = readingFile("/keys/ana", false, { mountPoint: "/" }, { ...late, fsType: "tmpfs" });
  deepEqual(provePasswordStays(before, moved, ana).length, 1);
  deepEqual(provePasswordStays(readingFile(OURS, false), before, ana).length, 1);
});
