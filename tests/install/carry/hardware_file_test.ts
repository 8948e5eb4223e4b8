import assert from "node:assert/strict";
import { readHardwareFile } from "../../../lib/install/carry/hardware_file.ts";
import { testContext } from "../../support/context.ts";
import { hasNix } from "../../support/needs.ts";
import { type ScratchEntry, withScratch } from "../../support/scratch_files.ts";

const PLACE = "etc/nixos/hardware-configuration.nix";
const ROOT = 'fileSystems."/" = { device = "/dev/disk/by-label/nixos"; fsType = "ext4"; };';

Deno.test("readHardwareFile() reads the names of whatever people have made of the file", {
  ignore: !hasNix,
}, async () => {
  const cases: [name: string, text: string][] = [
    [
      "as it is generated",
      `# Do not modify
{ config, lib, pkgs, modulesPath, ... }:
{
  imports = [ (modulesPath + "/installer/scan/not-detected.nix") ];
  boot.extraModulePackages = [ config.boot.kernelPackages.zfs ];
  ${ROOT}
  nixpkgs.hostPlatform = lib.mkDefault "x86_64-linux";
  hardware.cpu.intel.updateMicrocode = lib.mkDefault config.hardware.enableRedistributableFirmware;
}`,
    ],
    [
      "of 2016",
      `{ config, lib, pkgs, ... }:
{
  imports = [ <nixpkgs/nixos/modules/installer/scan/not-detected.nix> ];
  ${ROOT}
  nix.maxJobs = lib.mkDefault 4;
}`,
    ],
    ["a plain set", `{ ${ROOT} }`],
    ["line ends of Windows", `{ lib, ... }:\r\n{\r\n  ${ROOT}\r\n}\r\n`],
    ["with lib", `{ lib, ... }: with lib; { ${ROOT} boot.kernelModules = mkDefault [ ]; }`],
    ["arguments of one's own flake", `{ lib, inputs, hostName ? "a", self, ... }: { ${ROOT} }`],
    [
      "an argument with a default",
      `{ root ? "/", ... }: { fileSystems.\${root} = { device = "x"; fsType = "ext4"; }; }`,
    ],
    ["config and options apart", `{ ... }: { options = { }; config = { ${ROOT} }; }`],
    ["mkIf around it", `{ lib, ... }: { config = lib.mkIf true { ${ROOT} }; }`],
    [
      "parts put together",
      `{ lib, ... }: lib.mkMerge [ { ${ROOT} }
      { fileSystems."/home" = { device = "/dev/sdb1"; fsType = "xfs"; }; } ]`,
    ],
    [
      "a helper of lib",
      `{ lib, ... }: { fileSystems = { "/" = { device = "x"; fsType = "ext4"; }; }
      // lib.genAttrs [ "/a" ] (name: { device = name; fsType = "none"; }); }`,
    ],
  ];
  for (const [name, text] of cases) {
    await withScratch({ [PLACE]: text }, async (root) => {
      const found = await readHardwareFile(testContext({ root }));
      assert.equal(found.state, "usable", `${name}: ${found.problem}`);
      assert.ok(found.fileSystems.includes("/"), name);
      if (name === "parts put together") assert.deepEqual(found.fileSystems, ["/", "/home"]);
    });
  }
});

Deno.test("readHardwareFile() knows swap by every name of its device", {
  ignore: !hasNix,
}, async () => {
  await withScratch({
    [PLACE]: `{ ${ROOT} swapDevices = [ { device = "/dev/disk/by-uuid/1-2"; }
      { label = "swap"; } { device = "/swapfile"; size = 1024; } ]; }`,
    "dev/disk/by-uuid/1-2": { link: "../../sda3" },
    "dev/disk/by-label/swap": { link: "../../dm-1" },
    "dev/sda3": "",
    "dev/dm-1": "",
  }, async (root) => {
    const { swap } = await readHardwareFile(testContext({ root }));
    assert.deepEqual(
      new Set(swap),
      new Set([
        "/dev/disk/by-uuid/1-2",
        "/dev/sda3",
        "/dev/disk/by-label/swap",
        "/dev/dm-1",
        "/swapfile",
      ]),
    );
  });
});

Deno.test("readHardwareFile() tells a file that is none from one that cannot be used", {
  ignore: !hasNix,
}, async () => {
  const cases: [Record<string, ScratchEntry>, string][] = [
    [{ "etc/nixos/": "" }, "absent"],
    [{ [PLACE]: { link: "/elsewhere" } }, "absent"],
    [{ [PLACE]: { link: "/home/a.nix" }, "home/a.nix": `{ ${ROOT} }` }, "usable"],
    [{ [PLACE]: "{ ${ROOT" }, "unusable"],
    [{ [PLACE]: "" }, "unusable"],
    [{ [PLACE]: '{ fileSystems."/home" = { }; }' }, "unusable"],
  ];
  for (const [files, state] of cases) {
    await withScratch(files, async (root) => {
      const found = await readHardwareFile(testContext({ root }));
      assert.equal(found.state, state, JSON.stringify(files));
      assert.equal(found.problem === undefined, state !== "unusable");
    });
  }
});
