/** What a machine and a source tree say differently, and who wins. */
import { deepEqual } from "node:assert/strict";
import { conflictsOf, disagreements } from "../../../lib/install/carry/tree_settings.ts";
import { override } from "../../../lib/install/carry/setting.ts";

const said = (option: string, value: unknown, result: unknown = value) => ({
  option: option.split("."),
  files: ["/a/configuration.nix"],
  value,
  result,
});

const TREE = [
  said("networking.hostName", "hyper-nixos"),
  said("services.openssh.settings", { PermitRootLogin: "no", LogLevel: "INFO" }),
  said("boot.kernelModules", ["kvm", "tun"]),
  said("security.sudo.wheelNeedsPassword", true),
  said("services.fwupd.enable", false),
  said("services.chrony.enable", true),
  said("console.keyMap", "us"),
  said("time.timeZone", "UTC"),
  said("hypervisor.enable", true),
  said("services.getty.autologinUser", "operator"),
  said("networking.token", "cannot be shown", "cannot be shown 1"),
];
const OWN = [
  said("services.openssh.settings", { PermitRootLogin: "yes" }),
  said("boot.kernelModules", ["kvm-amd"]),
  said("security.sudo.wheelNeedsPassword", false),
  said("services.fwupd.enable", true),
];
/** Of the machine, where NixOS has no time zone and no option of the tree's. */
const MACHINE = [
  "alpha",
  { PermitRootLogin: "yes", LogLevel: "INFO" },
  ["kvm-amd", "tun", "of NixOS"],
  false,
  true,
  false,
  "de",
  null,
  null,
  null,
  "cannot be shown 2",
];
const CARRIED = [
  override("networking.hostName", "alpha", "evaluated"),
  override("services.openssh.settings.PermitRootLogin", "yes", "evaluated"),
  override("console.keyMap", "de", "evaluated"),
];

Deno.test("conflictsOf() names what a tree says otherwise, member by member, and who says it here", () => {
  const found = conflictsOf(OWN, TREE, MACHINE, CARRIED)
    .map(({ option, machine, tree, saidBy }) => [option.join("."), machine, tree, saidBy]);
  deepEqual(found, [
    ["networking.hostName", "alpha", "hyper-nixos", "carried"],
    ["services.openssh.settings.PermitRootLogin", "yes", "no", "carried"],
    ["boot.kernelModules", ["kvm-amd"], ["kvm"], "owner"],
    ["security.sudo.wheelNeedsPassword", false, true, "owner"],
    ["services.fwupd.enable", true, false, "owner"],
    ["services.chrony.enable", false, true, "default"],
    ["console.keyMap", "de", "us", "carried"],
    ["services.getty.autologinUser", null, "operator", "default"],
  ]);
});

Deno.test("disagreements() says who wins and why; what only NixOS's defaults said is none", () => {
  const read = {
    owners: { definitions: OWN, unreadable: [] },
    definitions: TREE,
    conflicts: conflictsOf(OWN, TREE, MACHINE, CARRIED),
    found: [override("services.fwupd.enable", true, "your files")],
  };
  const results = [
    "alpha",
    { PermitRootLogin: "prohibit-password" },
    ["kvm-amd", "kvm", "tun"],
    true,
    true,
    true,
    "us",
    "UTC",
    true,
    null,
    "cannot be shown 1",
  ];
  const found = disagreements(read, results)
    .map(({ option, wins, why }) => [option.at(-1), wins, why]);
  deepEqual(found, [
    ["hostName", "machine", "it is carried over"],
    ["PermitRootLogin", "neither", "something else stands above both"],
    ["kernelModules", "both", "what both say is joined"],
    [
      "wheelNeedsPassword",
      "tree",
      "sudo without a password is kept only for who has none to type",
    ],
    ["enable", "machine", "your files say it"],
    ["keyMap", "tree", "the tree forces it"],
    ["autologinUser", "machine", "nobody is logged in without a password here"],
  ]);
});
