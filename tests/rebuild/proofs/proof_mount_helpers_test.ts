import { deepEqual, equal } from "node:assert/strict";
import { proveMountHelpers } from "../../../lib/rebuild/proofs/proof_mount_helpers.ts";
import { question, rentedServerFacts } from "../../support/facts.ts";

function facts(fsType: string, device: string | null, helpers: string[] | undefined) {
  return rentedServerFacts((facts) => {
    const [root] = facts.fileSystems;
    facts.fileSystems.push({ ...root!, mountPoint: "/far", fsType, device });
    facts.mountHelpers = helpers;
  });
}

Deno.test("proveMountHelpers() names the package that mounts a type", () => {
  const table:
    readonly (readonly [type: string, device: string | null, remedy: string | undefined])[] = [
      ["nfs", "host:/x", "system.fsPackages = [ pkgs.nfs-utils ];"],
      ["nfs4", "host:/x", "system.fsPackages = [ pkgs.nfs-utils ];"],
      ["cifs", "//host/x", "system.fsPackages = [ pkgs.cifs-utils ];"],
      ["fuse.sshfs", "me@host:", "system.fsPackages = [ pkgs.sshfs ];"],
      ["fuse3.sshfs", "me@host:", "system.fsPackages = [ pkgs.sshfs ];"],
      ["fuse", "sshfs#me@host:", "system.fsPackages = [ pkgs.sshfs ];"],
      [
        "fuse3",
        "/run/current-system/sw/bin/mergerfs#/a:/b",
        "system.fsPackages = [ pkgs.mergerfs ];",
      ],
      ["ntfs-3g", "/dev/sdb1", "system.fsPackages = [ pkgs.ntfs3g ];"],
      ["fuse.mergerfs", "/a:/b", "system.fsPackages = [ pkgs.mergerfs ];"],
      // What the kernel mounts alone, and what nobody can tell.
      ["ext4", "/dev/sdb1", undefined],
      ["fuse", null, undefined],
      ["fuseblk", "/dev/sdb1", undefined],
      ["none", null, undefined],
    ];
  for (const [type, device, remedy] of table) {
    const verdicts = proveMountHelpers(question(undefined, facts(type, device, [])));
    deepEqual(verdicts.map((one) => one.remedy), remedy === undefined ? [] : [remedy], type);
  }
});

Deno.test("proveMountHelpers() knows a package by its name", () => {
  const table: readonly (readonly [type: string, installed: string, ok: boolean])[] = [
    ["nfs", "nfs-utils", true],
    ["nfs", "cifs-utils", false],
    ["cifs", "cifs-utils", true],
    ["fuse.sshfs", "sshfs-fuse", true],
    ["fuse.sshfs", "sshfs", true],
    ["fuse.rclone", "mergerfs", false],
  ];
  for (const [type, installed, ok] of table) {
    const verdicts = proveMountHelpers(question(undefined, facts(type, "x", [installed])));
    deepEqual(verdicts.map((one) => one.ok), [ok], `${type} ${installed}`);
  }
});

Deno.test("proveMountHelpers() leaves what cannot be mounted now either", () => {
  const without = facts("nfs", "x", []);
  deepEqual(proveMountHelpers(question(without, without)), []);
  const [lost] = proveMountHelpers(question(facts("nfs", "x", ["nfs-utils"]), without));
  equal(lost!.ok, false);
  deepEqual(proveMountHelpers(question(undefined, facts("nfs", "x", undefined))), []);
});
