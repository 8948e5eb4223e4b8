import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readOsRelease } from "../../lib/machine/os_release.ts";
import { testContext } from "../support/context.ts";
import { type ScratchEntry, withScratch } from "../support/scratch_files.ts";

async function isNixos(files: Record<string, ScratchEntry>): Promise<boolean> {
  let found = false;
  await withScratch(files, (root) => {
    found = readOsRelease(testContext({ root })).isNixos;
  });
  return found;
}

Deno.test("readOsRelease() reads NixOS's, through its link into the store", async () => {
  await withScratch({
    "etc/os-release": { link: "/nix/store/abc-etc-os-release" },
    "nix/store/abc-etc-os-release":
      'ID=nixos\nPRETTY_NAME="NixOS 24.05 (Uakari)"\nVERSION_ID="24.05"\n',
  }, (root) => {
    assert.deepEqual(readOsRelease(testContext({ root })), {
      prettyName: "NixOS 24.05 (Uakari)",
      isNixos: true,
    });
  });
});

Deno.test("readOsRelease() knows NixOS by its marker too, and others from it", async () => {
  assert.equal(await isNixos({ "etc/NIXOS": "" }), true);
  assert.equal(await isNixos({ "usr/lib/os-release": "ID='nixos'\n" }), true);
  assert.equal(await isNixos({ "etc/os-release": "ID=debian\nNAME=nixos\n" }), false);
  assert.equal(await isNixos({}), false);
});

Deno.test("readOsRelease() reads this machine's", () => {
  const { isNixos } = readOsRelease(testContext());
  assert.equal(isNixos, existsSync("/etc/NIXOS"));
});
