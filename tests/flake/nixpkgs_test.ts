/**
 * The flake with a complete nixpkgs, which CI does not have: HYPERVISOR_TEST_NIXPKGS names a tree.
 *
 *     HYPERVISOR_TEST_NIXPKGS=/path/to/nixpkgs deno test -A tests/flake/nixpkgs_test.ts
 *
 * Everything is evaluated down to its derivation, nothing is built.
 */
import assert from "node:assert/strict";
import { hasNix, need } from "../support/needs.ts";
import { nixOutput, REPOSITORY } from "./support.ts";

const tree = Deno.env.get("HYPERVISOR_TEST_NIXPKGS");
const hasTree = need(
  tree !== undefined,
  "HYPERVISOR_TEST_NIXPKGS names no nixpkgs: the module is evaluated with the stand-in alone",
);

/** The flake's outputs as `flake`, for evaluation without a lock file. */
const FLAKE = `
  tree = /. + ${JSON.stringify(tree ?? "/")};
  nixpkgs = (import (tree + "/flake.nix")).outputs { self = nixpkgs // { outPath = toString tree; }; }
    // { outPath = "\${builtins.path { path = tree; name = "source"; }}"; };
  flake = (import ${REPOSITORY}/flake.nix).outputs { inherit nixpkgs; self = flake // { outPath = source; }; };
  source = "\${builtins.path {
    path = ${REPOSITORY};
    name = "source";
    filter = path: _: !builtins.elem (baseNameOf path) [ ".git" "dist" ];
  }}";
  generic = flake.nixosConfigurations;
`;

async function evaluate(expression: string): Promise<unknown> {
  const whole = `let ${FLAKE} in ${expression}`;
  const args = ["--eval", "--read-write-mode", "--strict", "--json", "--expr", whole];
  return JSON.parse(await nixOutput("nix-instantiate", args));
}

/** What owners set, by name. */
const SETTINGS: Readonly<Record<string, string>> = {
  nothing: "{ }",
  intel: `{ hypervisor.cpu.vendor = "intel"; hypervisor.iommu.enable = true; }`,
  amd: `{ hypervisor.cpu.vendor = "amd"; hypervisor.iommu.enable = true; }`,
  operators: `{
    hypervisor.operators = [ "olga" "oskar" ];
    users.users.olga.isNormalUser = true;
    users.users.oskar = { isNormalUser = true; extraGroups = [ "wheel" "libvirtd" ]; };
  }`,
  everything: `{ pkgs, ... }: {
    hypervisor = {
      cpu.vendor = "amd";
      iommu.enable = true;
      guestStorage = "/data/guests";
      nix = { fast = false; substituters = [ "https://cache.example.org" ]; trustedPublicKeys = [ "k:1" ]; };
      package = pkgs.symlinkJoin {
        name = "tools";
        paths = [ ];
        passthru.executables.validator = pkgs.hello;
      };
      validator = { schedule = "Mon *-*-* 06:00"; metricsFolder = "/var/lib/node-exporter"; };
    };
  }`,
  "the host of an adopted machine": `{ pkgs, ... }: {
    hypervisor = {
      package = "\${pkgs.hello}";
      operators = [ "made-by-hand" ];
      installed = { host = "vmhost"; searchPath = [ "nixpkgs=/channels/nixos" ]; flakeLink = true; };
    };
    system.autoUpgrade.enable = true;
  }`,
  "plain definitions": `{
    nix.settings.experimental-features = [ "nix-command" "flakes" ];
    nix.settings.cores = 2;
    security.sudo.wheelNeedsPassword = false;
    virtualisation.libvirtd.enable = false;
  }`,
  disabled: `({ lib, ... }: { hypervisor.enable = lib.mkForce false; })`,
};

for (const [name, module] of Object.entries(SETTINGS)) {
  Deno.test({
    name: `nixpkgs: a host with ${name} evaluates as a whole, without a warning`,
    ignore: !hasNix || !hasTree,
    fn: async () => {
      const { system, warnings } = await evaluate(`
        let host = generic.hypervisor-x86_64.extendModules { modules = [ (${module}) ]; }; in {
          system = host.config.system.build.toplevel.drvPath;
          inherit (host.config) warnings;
        }`) as { system: string; warnings: string[] };
      assert.match(system, /^\/nix\/store\/.*-nixos-system-hypervisor-.*\.drv$/);
      assert.deepEqual(warnings, []);
    },
  });
}

Deno.test({
  name: "nixpkgs: the ARM host, the checks and the VM test evaluate",
  ignore: !hasNix || !hasTree,
  fn: async () => {
    const found = await evaluate(`
      let inherit (flake.checks.x86_64-linux) module-enabled module-disabled vm; in {
        arm = generic.hypervisor-aarch64.config.system.build.toplevel.drvPath;
        enabled = module-enabled.drvPath;
        disabled = module-disabled.drvPath;
        vm = vm.drvPath;
        driver = vm.driver.drvPath;
        shell = flake.devShells.x86_64-linux.default.drvPath;
      }`) as Record<string, string>;
    for (const [name, path] of Object.entries(found)) assert.match(path, /\.drv$/, name);
  },
});

Deno.test({
  name: "nixpkgs: the module's options are documented as NixOS documents options",
  ignore: !hasNix || !hasTree,
  fn: async () => {
    const read = `map (option: { inherit (option) name type description; })
      (builtins.filter (option: nixpkgs.lib.hasPrefix "hypervisor." option.name && !option.internal)
        (nixpkgs.lib.optionAttrSetToDocList generic.hypervisor-x86_64.options))`;
    const options = await evaluate(read) as { name: string; type: string; description: string }[];
    const page = Deno.readTextFileSync(`${REPOSITORY}/docs/module.md`);
    assert.ok(options.length > 0);
    for (const { name } of options) assert.ok(page.includes(`### \`${name}\``), name);
  },
});
