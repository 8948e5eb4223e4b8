/**
 * A machine whose account files hold everything that can go wrong: quotes, a dollar with a brace, backslashes and
 * unicode in descriptions, dots and capitals in names, locked and empty passwords, a shared UID, three
 * hundred people, accounts without a login shell, lines that are not accounts at all.
 */
import { BASH, hashes, person, publicKey, superuser } from "./accounts.ts";
import {
  CONFIGURATION_HEAD,
  hardwareConfiguration,
  sshdConfig,
  STATE_VERSION_COMMENT,
} from "./configurations.ts";
import type { MachineAccount, MachineDescription } from "./description.ts";
import { uefi } from "./uefi.ts";

const strange: readonly MachineAccount[] = [
  person({
    name: "alice",
    uid: 1000,
    gecos: "Alice Admin,Room 1,,",
    groups: ["wheel", "weird-group"],
    keys: [
      publicKey("alice@home"),
      `from="10.0.0.0/8",command="echo \\"hi\\" \${HOME}" ${publicKey('it\'s "alice" $(id) ${x}')}`,
    ],
  }),
  person({ name: "quote", uid: 1001, gecos: `Eve "The 'Quote'" O'Neil`, declared: false }),
  person({
    name: "dollar",
    uid: 1002,
    gecos: "${builtins.abort \"no\"} $HOME ''${x}'' $${y}",
    declared: false,
  }),
  person({ name: "slash", uid: 1003, gecos: 'C:\\new\\table \\" \\${z} \\', declared: false }),
  person({
    name: "unicode",
    uid: 1004,
    gecos: "Zoë Müller-Łuk 日本語 🦉 \u202edrow",
    declared: false,
  }),
  person({ name: "Jean.Pierre", uid: 1005, gecos: "Jean,Büro,+49 1,", declared: false }),
  person({ name: "CamelCase", uid: 1006, gecos: "", declared: false }),
  person({ name: "under_score-dash", uid: 1007, gecos: "''", declared: false }),
  person({ name: "ws01$", uid: 1008, gecos: "Samba machine", declared: false }),
  person({ name: "true", uid: 1009, gecos: "a keyword of Nix", declared: false }),
  person({ name: "1digit", uid: 1010, gecos: "starts with a digit", declared: false }),
  person({
    name: "locked",
    uid: 1011,
    gecos: "Locked",
    hash: "!" + hashes.sha512,
    declared: false,
  }),
  person({ name: "empty", uid: 1012, gecos: "No password", hash: hashes.empty, declared: false }),
  person({
    name: "starred",
    uid: 1013,
    gecos: "Never had one",
    hash: hashes.none,
    declared: false,
  }),
  person({ name: "twin", uid: 1000, gecos: "Shares the UID of alice", declared: false }),
  person({
    name: "backup",
    uid: 1015,
    gecos: "No shell",
    shell: "/run/current-system/sw/bin/nologin",
    hash: hashes.locked,
    declared: false,
  }),
  person({ name: "gitonly", uid: 1016, gecos: "", shell: "/bin/false", declared: false }),
  person({
    name: "zsher",
    uid: 1017,
    gecos: "Another shell and home",
    shell: "/run/current-system/sw/bin/zsh",
    home: "/srv/zsh er",
    declared: false,
  }),
  person({ name: "edge", uid: 65533, gecos: "The last UID of a person", declared: false }),
  person({ name: "beyond", uid: 70000, gecos: "Not a person by its UID", declared: false }),
];

const crowd = Array.from({ length: 300 }, (_, index) =>
  person({
    name: `user${String(index + 1).padStart(3, "0")}`,
    uid: 2000 + index,
    gecos: `User ${index + 1}`,
    hash: index % 3 === 0 ? hashes.sha512 : hashes.yescrypt,
    groups: index % 10 === 0 ? ["video"] : [],
    declared: false,
  }));

export const hostile: MachineDescription = {
  ...uefi,
  kind: "hostile",
  hostName: "menagerie",
  accounts: [superuser({ hash: hashes.empty, shell: BASH }), ...strange, ...crowd],
  groups: [
    { name: "weird-group", gid: 1234 },
    { name: "Group.With.Dots", gid: 1235 },
    { name: "empty-group", gid: 1236 },
  ],
  extraPasswdLines: [
    "",
    "not an account line",
    "short:x:1020",
    "nan:x:abc:100:UID is not a number:/home/nan:/bin/sh",
    ":x:1021:100:no name:/home/noname:/bin/sh",
    "+nisuser::::::",
    "toomany:x:1022:100:a:b:/home/toomany:/bin/sh:extra",
    "alice:x:1030:100:a second line for alice:/home/alice2:/bin/sh",
  ],
  extraShadowLines: ["", "garbage", "ghost:$6$nobody:1::::::", "alice:!:1::::::"],
  sshdConfig: sshdConfig({ port: 22, permitRootLogin: "yes", passwords: true }),
  nixos: {
    "hardware-configuration.nix": hardwareConfiguration({
      mounts: uefi.mounts,
      available: ["xhci_pci", "nvme"],
      modules: ["kvm-intel"],
      swap: [],
      cpu: "intel",
      cards: ["enp3s0"],
    }),
    "configuration.nix": `${CONFIGURATION_HEAD}
{ config, pkgs, ... }:
{
  imports = [ ./hardware-configuration.nix ];
  boot.loader.systemd-boot.enable = true;
  boot.loader.efi.canTouchEfiVariables = true;
  networking.hostName = "menagerie";
  time.timeZone = "Europe/Berlin";
  i18n.defaultLocale = "en_US.UTF-8";
  console.keyMap = "de";
  users.groups.weird-group.gid = 1234;
  users.users.alice = {
    isNormalUser = true;
    uid = 1000;
    description = "Alice Admin";
    extraGroups = [ "wheel" "weird-group" ];
  };
  services.openssh.enable = true;
  services.openssh.settings.PermitRootLogin = "yes";
${STATE_VERSION_COMMENT}  system.stateVersion = "23.11";
}
`,
  },
};
