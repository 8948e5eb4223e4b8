import type { Breakage } from "./breakage.ts";

const SOURCE = "/etc/hypervisor/src";
const CONFIGURATION = "/etc/hypervisor/configuration";

/** What breaks the group "Configuration Files". */
export const CONFIGURATION_FILES: readonly Breakage[] = [
  {
    id: "flake-syntax",
    what: "flake.nix does not parse",
    expect: "fail",
    break: (m) => m.write(`${SOURCE}/flake.nix`, "{ outputs = \n"),
  },
  {
    id: "flake-syntax",
    what: "flake.nix has no outputs",
    expect: "fail",
    break: (m) => m.write(`${SOURCE}/flake.nix`, '{ description = "nothing"; }\n'),
  },
  {
    id: "generated-modules",
    what: "the users' module is missing",
    expect: "fail",
    besideOthers: true,
    break: (m) => m.remove(`${CONFIGURATION}/users-local.nix`),
  },
  {
    id: "generated-modules",
    what: "the owner's module does not parse",
    expect: "fail",
    besideOthers: true,
    break: (m) => m.write(`${CONFIGURATION}/local.nix`, "{ services.x = ; }\n"),
  },
  {
    id: "module-imports",
    what: "a module is not imported",
    expect: "fail",
    besideOthers: true,
    break: (m) => m.change(`${SOURCE}/nix/host.nix`, /users-local\.nix/g, "users-other.nix"),
  },
  {
    id: "auto-upgrade",
    what: "upgrades build another flake",
    expect: "warn",
    full: true,
    besideOthers: true,
    break: (m) =>
      m.write(
        `${CONFIGURATION}/local.nix`,
        '{ system.autoUpgrade = { enable = true; flake = "github:me/machines"; }; }\n',
      ),
  },
  {
    id: "host-record",
    what: "host.json is no JSON",
    expect: "fail",
    break: (m) => m.write(`${CONFIGURATION}/host.json`, "{"),
  },
  {
    id: "host-record",
    what: "the machine was renamed",
    expect: "warn",
    break: (m) => m.change(`${CONFIGURATION}/host.json`, "workbench", "workbenck"),
  },
  {
    id: "flake-host",
    what: "the flake has no such host",
    expect: "fail",
    full: true,
    break: (m) =>
      m.change(`${SOURCE}/nix/host.nix`, "${known.hostName} =", '"${known.hostName}x" ='),
  },
  {
    id: "evaluation",
    what: "an assertion fails",
    expect: "fail",
    full: true,
    break: (m) =>
      m.write(
        `${CONFIGURATION}/local.nix`,
        '{ assertions = [ { assertion = false; message = "not like this"; } ]; }\n',
      ),
  },
  {
    id: "flake-lock",
    what: "flake.nix names another branch",
    expect: "fail",
    full: true,
    break: (m) =>
      m.change(`${SOURCE}/flake.nix`, "nixpkgs/nixpkgs-unstable", "nixpkgs/nixos-25.11"),
  },
  {
    id: "hardware-configuration",
    what: "the hardware's module is missing",
    expect: "fail",
    besideOthers: true,
    break: (m) => m.remove("/etc/nixos/hardware-configuration.nix"),
  },
  {
    id: "boot-devices",
    what: "the root's disk is not there",
    expect: "fail",
    full: true,
    besideOthers: true,
    break: (m) =>
      m.change("/etc/nixos/hardware-configuration.nix", "5f6a2c1e-9d0b", "00000000-0000"),
  },
];
