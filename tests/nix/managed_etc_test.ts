import { deepEqual } from "node:assert/strict";
import { isMadeByActivation } from "../../lib/nix/managed_etc.ts";
import { testContext } from "../support/context.ts";
import { type ScratchEntry, withScratch } from "../support/scratch_files.ts";

const KEYS = "/etc/ssh/authorized_keys.d/alice";
const SYSTEM = "nix/store/aaaa-nixos-system";
const IN_STORE: Readonly<Record<string, ScratchEntry>> = {
  "nix/store/bbbb-etc/etc/ssh/authorized_keys.d/alice": "key",
  "nix/store/bbbb-etc/etc/hosts": "127.0.0.1 localhost\n",
  [`${SYSTEM}/etc`]: { link: "/nix/store/bbbb-etc/etc" },
};

async function made(files: Readonly<Record<string, ScratchEntry>>, path = KEYS): Promise<boolean> {
  let found: boolean | undefined;
  await withScratch({ "etc/NIXOS": "", ...files }, (root) => {
    found = isMadeByActivation(testContext({ root }), path);
    return Promise.resolve();
  });
  return found!;
}

Deno.test("isMadeByActivation() knows links into the store, and what setup-etc.pl has copied", async () => {
  const copy = { "etc/ssh/authorized_keys.d/alice": "key" };
  deepEqual([
    await made({ ...IN_STORE, "etc/hosts": { link: `/${SYSTEM}/etc/hosts` } }, "/etc/hosts"),
    await made({ ...copy, "etc/.clean": "localtime\nssh/authorized_keys.d/alice\n" }),
    await made({ ...copy, ...IN_STORE, "run/current-system": { link: `/${SYSTEM}` } }),
    // A mounted machine: what it boots.
    await made({
      ...copy,
      ...IN_STORE,
      "nix/var/nix/profiles/system": { link: "system-4-link" },
      "nix/var/nix/profiles/system-4-link": { link: `/${SYSTEM}` },
    }),
  ], [true, true, true, true]);
});

Deno.test("isMadeByActivation() leaves what was made by hand", async () => {
  const copy = { "etc/ssh/authorized_keys.d/bob": "key", "home/alice/etc/keys": "key" };
  const system = { ...IN_STORE, "run/current-system": { link: `/${SYSTEM}` } };
  const clean = { "etc/.clean": "ssh/authorized_keys.d/alice\nhome/alice/etc/keys\n" };
  deepEqual([
    await made({ ...copy, ...system, ...clean }, "/etc/ssh/authorized_keys.d/bob"),
    await made({ ...copy, ...clean }, "/home/alice/etc/keys"),
    await made({ "etc/ssh/authorized_keys.d/alice": "key" }),
    await made(system, "/etc/nothing"),
  ], [false, false, false, false]);
});
