/** What the owner's files define is found by the files, not by a list of options. */
import { deepEqual, ok, rejects } from "node:assert/strict";
import { changedDefinitions } from "../../../lib/nix/evaluation/changed_definitions.ts";
import {
  ownersDefinitions,
  plainDefinitions,
  valuesAndPlain,
  valuesOfDefinitions,
} from "../../../lib/nix/evaluation/owners_definitions.ts";
import { testContext } from "../../support/context.ts";
import { hasNix } from "../../support/needs.ts";
import { withScratch } from "../../support/scratch_files.ts";
import { STAND_IN_NIXPKGS } from "../../support/scratch_machine.ts";

/** The definitions of a configuration, by option; its nixpkgs is reached through a link. */
async function defined(module: string) {
  let found: Awaited<ReturnType<typeof ownersDefinitions>> | undefined;
  await withScratch({
    "configuration.nix": module,
    "hardware.nix": `{ fileSystems."/".device = "/dev/vda"; boot.kernelParams = [ "quiet" ]; }`,
    "channels/nixos": { link: STAND_IN_NIXPKGS },
  }, async (folder) => {
    found = await ownersDefinitions(testContext(), {
      kind: "channel",
      configuration: `${folder}/configuration.nix`,
      nixPath: `nixpkgs=${folder}/channels/nixos`,
    });
  });
  const { definitions, unreadable } = found!;
  const values = definitions.map(({ option, value }) => [option.join("."), value] as const);
  return { definitions, unreadable, values: Object.fromEntries(values) };
}

Deno.test({
  name: "ownersDefinitions() lists what files outside nixpkgs say, and nothing that NixOS says",
  ignore: !hasNix,
  fn: async () => {
    const { definitions, unreadable, values } = await defined(`{ lib, pkgs, ... }: {
      imports = [ ./hardware.nix <nixpkgs/nixos/modules/profiles/minimal.nix> ];
      boot.kernelParams = lib.mkForce [ "splash" ];
      services.openssh.enable = lib.mkDefault true;
      services.openssh.ports = lib.mkIf false [ 7 ];
      environment.systemPackages = [ pkgs.hello (throw "broken") ];
      users.users.ana = lib.mkMerge [
        { isNormalUser = true; hashedPassword = "$6$never"; shell = pkgs.zsh; }
        (lib.mkIf true { extraGroups = [ "wheel" ]; hashedPasswordFile = "/etc/ana"; })
        (lib.mkIf false { home = "/none"; })
      ];
      networking.wireless.networks.home.psk = "never";
      networking.hostName = throw "broken";
      nixpkgs.overlays = [ (self: super: { }) ];
    }`);
    deepEqual(unreadable, []);
    deepEqual(values, {
      // Only what counts: the hardware file's is overridden.
      "boot.kernelParams": ["splash"],
      "environment.systemPackages": ["package hello", "cannot be shown"],
      "fileSystems": { "/": { device: "/dev/vda" } },
      "networking.hostName": "cannot be shown",
      "networking.wireless.networks": { home: { psk: "cannot be shown" } },
      "nixpkgs.overlays": ["cannot be shown"],
      "services.openssh.enable": true,
      "users.users": {
        ana: {
          isNormalUser: true,
          hashedPassword: "cannot be shown",
          shell: "package zsh",
          extraGroups: ["wheel"],
          hashedPasswordFile: "/etc/ana",
        },
      },
    });
    deepEqual(definitions.find(({ option }) => option.includes("hostName"))?.files, []);
    const files = definitions.flatMap((one) => one.files);
    ok(files.every((file) => /\/(configuration|hardware)\.nix$/.test(file)), files.join(" "));
  },
});

Deno.test({
  name: "ownersDefinitions() names what fails in a way Nix cannot catch, and lists the rest",
  ignore: !hasNix,
  fn: async () => {
    const { unreadable, values } = await defined(`{ lib, ... }: {
      boot.kernelParams = [ "quiet" ];
      services.openssh = { enable = true; startWhenNeeded = lib.mkIf ({ }.missing) true; };
    }`);
    deepEqual(values["boot.kernelParams"], ["quiet"]);
    deepEqual(values["services.openssh.enable"], true);
    ok(unreadable.includes("services.openssh.startWhenNeeded"), unreadable.join(" "));
    await rejects(defined("{ boot = \n }"), /syntax error/);
  },
});

Deno.test({
  name:
    "changedDefinitions() names each option of the owner's that has another value in a new host",
  ignore: !hasNix,
  fn: () =>
    withScratch({
      "old.nix": `{ pkgs, ... }: {
        networking.hostName = "alpha";
        networking.nameservers = [ "192.0.2.1" ];
        networking.extraHosts = "192.0.2.2 printer";
        networking.wireless.networks.home.psk = "never";
        boot.kernelParams = [ "quiet" ];
        boot.initrd.clevis.enable = true;
        services.openssh = { enable = true; settings.LogLevel = "DEBUG"; };
        environment.systemPackages = [ pkgs.hello ];
        environment.etc.issue.text = "mine";
        environment.etc.tool.text = "run \${pkgs.hello}/bin/hello";
        boot.kernelPackages = { callPackage = x: x; extend = x: x; kernel = pkgs.hello; zfs = pkgs.vim; };
        users.users.ana = { isNormalUser = true; hashedPassword = "$6$never"; };
        nixpkgs.overlays = [ (self: super: { }) ];
      }`,
      // As after an installation without the base: some is carried, some forgotten, some added to.
      "new.nix": `{ pkgs, ... }: {
        networking.hostName = "alpha";
        networking.nameservers = [ "192.0.2.9" "192.0.2.1" ];
        networking.extraHosts = "192.0.2.3 router\\n192.0.2.2 printer";
        networking.wireless.networks.home.psk = "other";
        boot.kernelParams = [ "intel_iommu=on" ];
        environment.etc.tool.text = "run \${builtins.storeDir}/00000000000000000000000000000000-hello-9.1/bin/hello";
        services.openssh.enable = true;
        environment.systemPackages = [ pkgs.hello pkgs.vim ];
        users.users.ana = { isNormalUser = true; hashedPassword = "$6$never"; };
      }`,
    }, async (folder) => {
      const ctx = testContext();
      const host = (file: string) => ({
        kind: "channel" as const,
        configuration: `${folder}/${file}`,
        nixPath: `nixpkgs=${STAND_IN_NIXPKGS}`,
      });
      const { definitions } = await ownersDefinitions(ctx, host("old.nix"));
      const before = await valuesOfDefinitions(ctx, host("old.nix"), definitions);
      deepEqual(definitions.map(({ result }) => result), before);
      const after = await valuesOfDefinitions(ctx, host("new.nix"), definitions);
      const changed = (values: readonly unknown[]) =>
        changedDefinitions(definitions, values)
          .map(({ option, value }) => [option.join("."), value]);
      deepEqual(changed(after), [
        ["boot.initrd.clevis.enable", true],
        ["boot.kernelPackages", "kernel hello-0"],
        ["boot.kernelParams", ["quiet"]],
        ["environment.etc.issue", { text: "mine" }],
        ["networking.wireless.networks.home.psk", "cannot be shown"],
        ["nixpkgs.overlays", ["cannot be shown"]],
        ["services.openssh.settings.LogLevel", "DEBUG"],
      ]);
      deepEqual(changed(before), [["nixpkgs.overlays", ["cannot be shown"]]]);
      ok(!JSON.stringify([before, after]).includes("never"), "secrets are hashes");

      // At once what two evaluations say, and without what is too much for one.
      const options = [["networking", "nameservers"], ["boot", "kernelPackages"]];
      const plain = await plainDefinitions(ctx, host("old.nix"), options);
      deepEqual(plain.map(({ option, value }) => [option.join("."), value]), [
        ["networking.nameservers", ["192.0.2.1"]],
      ]);
      const both = (asked: readonly string[][]) =>
        valuesAndPlain(ctx, host("old.nix"), definitions, asked);
      deepEqual(await both(options), { values: before, plain });
      const many = Array.from({ length: 5_000 }, () => ["networking", "nameservers"]);
      deepEqual(await both(many), { values: before, plain: undefined });
    }),
});
