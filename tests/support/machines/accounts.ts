/**
 * The account files of a scratch machine as NixOS 24.05 writes them (update-users-groups.pl): its own
 * system accounts and build users, then the machine's.
 */
import { createHash } from "node:crypto";
import type { MachineAccount, MachineDescription, MachineGroup } from "./description.ts";
import type { MachineFiles } from "./machine_files.ts";

const NOLOGIN = "/run/current-system/sw/bin/nologin";
export const BASH = "/run/current-system/sw/bin/bash";

/** Two real crypt(5) hashes (of no password that anybody uses), and what locks an account. */
export const hashes = {
  yescrypt: "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7",
  sha512:
    "$6$8m6ZTkBpuOyX3Qzr$Bojl8npk4Q.lVXA0hSZLhdLwts5TmIw4uMvDdiuLLw6yc/1j1lQmuF0EPoSdsOJbwCAnxzvEaxZpj05H3VLcb/",
  locked: "!",
  none: "*",
  empty: "",
} as const;

/** IDs are those of nixos/modules/misc/ids.nix. */
const SYSTEM_GROUPS: readonly MachineGroup[] = ([
  ["root", 0],
  ["wheel", 1],
  ["kmem", 2],
  ["tty", 3],
  ["messagebus", 4],
  ["disk", 6],
  ["audio", 17],
  ["floppy", 18],
  ["uucp", 19],
  ["lp", 20],
  ["cdrom", 24],
  ["tape", 25],
  ["video", 26],
  ["dialout", 27],
  ["utmp", 29],
  ["adm", 55],
  ["systemd-journal", 62],
  ["keys", 96],
  ["users", 100],
  ["systemd-journal-gateway", 110],
  ["systemd-network", 152],
  ["systemd-resolve", 153],
  ["systemd-timesync", 154],
  ["input", 174],
  ["kvm", 302],
  ["render", 303],
  ["sgx", 304],
  ["shadow", 318],
  ["systemd-oom", 997],
  ["systemd-coredump", 996],
  ["sshd", 998],
  ["nscd", 999],
  ["nixbld", 30000],
  ["nogroup", 65534],
] as const).map(([name, gid]) => ({ name, gid }));

const SYSTEM_ACCOUNTS: readonly MachineAccount[] = [
  system("messagebus", 4, 4, "D-Bus system message bus daemon user", "/run/dbus"),
  system("systemd-network", 152, 152, "systemd network management daemon", "/var/empty"),
  system("systemd-resolve", 153, 153, "systemd network name resolution daemon", "/var/empty"),
  system("systemd-timesync", 154, 154, "systemd NTP daemon", "/var/empty"),
  system("systemd-coredump", 996, 996, "systemd Core Dumper", "/var/empty"),
  system("systemd-oom", 997, 997, "systemd-oomd service user", "/var/empty"),
  system("sshd", 998, 998, "SSH privilege separation user", "/var/empty"),
  system("nscd", 999, 999, "", "/var/empty"),
  ...Array.from(
    { length: 32 },
    (_, index) =>
      system(
        `nixbld${index + 1}`,
        30001 + index,
        30000,
        `Nix build user ${index + 1}`,
        "/var/empty",
      ),
  ),
  system("nobody", 65534, 65534, "Unprivileged account (don't use!)", "/var/empty"),
];

/** An account of a person, with the parts that matter given. */
export function person(
  account: Partial<MachineAccount> & { readonly name: string; readonly uid: number },
): MachineAccount {
  return {
    gid: 100,
    gecos: "",
    home: `/home/${account.name}`,
    shell: BASH,
    hash: hashes.yescrypt,
    groups: [],
    keys: [],
    declaredKeys: [],
    declared: true,
    ...account,
  };
}

/** The superuser. */
export function superuser(account: Partial<MachineAccount> = {}): MachineAccount {
  return person({
    name: "root",
    uid: 0,
    gid: 0,
    gecos: "System administrator",
    home: "/root",
    ...account,
  });
}

/** A public key of the right form (RFC 4253 6.6, RFC 8709), the same for the same comment. */
export function publicKey(comment: string): string {
  const type = new TextEncoder().encode("ssh-ed25519");
  const key = new Uint8Array(createHash("sha256").update(comment).digest());
  const blob = new Uint8Array([0, 0, 0, type.length, ...type, 0, 0, 0, key.length, ...key]);
  return `ssh-ed25519 ${btoa(String.fromCharCode(...blob))} ${comment}`;
}

/** Writes passwd, shadow, group, gshadow, subuid, homes, keys and what NixOS remembers of them. */
export function writeAccounts(files: MachineFiles, machine: MachineDescription): void {
  const accounts = [...machine.accounts, ...SYSTEM_ACCOUNTS];
  const groups = [...SYSTEM_GROUPS, ...machine.groups];
  const members = (group: string) =>
    accounts.filter((account) =>
      account.groups.includes(group) || (group === "nixbld" && account.name.startsWith("nixbld"))
    ).map((account) => account.name).join(",");
  const passwd = accounts.map(({ name, uid, gid, gecos, home, shell }) =>
    [name, "x", uid, gid, gecos, home, shell].join(":")
  );
  const shadow = accounts.map(({ name, hash }) => `${name}:${hash}:1::::::`);
  const text = (lines: readonly string[]) => lines.map((line) => line + "\n").join("");

  files.file("/etc/passwd", text([...passwd, ...machine.extraPasswdLines ?? []]));
  files.file("/etc/shadow", text([...shadow, ...machine.extraShadowLines ?? []]), {
    mode: 0o640,
    gid: 318,
  });
  files.file(
    "/etc/group",
    text(groups.map(({ name, gid }) => `${name}:x:${gid}:${members(name)}`)),
  );
  files.file("/etc/gshadow", text(groups.map(({ name }) => `${name}:!::${members(name)}`)), {
    mode: 0o640,
    gid: 318,
  });
  // passwd(1) leaves it behind on every machine where a password was ever set.
  files.file("/etc/.pwd.lock", "", { mode: 0o600 });
  for (const file of ["/etc/subuid", "/etc/subgid"]) {
    const people = machine.accounts.filter((account) => account.uid >= 1000);
    files.file(file, text(people.map(({ name }, i) => `${name}:${100000 + i * 65536}:65536`)));
  }
  writeHomes(files, machine.accounts);
  writeMemory(files, accounts, groups, machine.accounts);
}

function writeHomes(files: MachineFiles, accounts: readonly MachineAccount[]): void {
  files.folder("/home");
  for (const account of accounts) {
    const owner = { uid: account.uid, gid: account.gid };
    const below = account.home.startsWith("/home/") || account.home === "/root";
    if (below) files.folder(account.home, { mode: 0o700, ...owner });
    if (account.keys.length > 0) {
      files.folder(`${account.home}/.ssh`, { mode: 0o700, ...owner });
      files.file(`${account.home}/.ssh/authorized_keys`, account.keys.join("\n") + "\n", {
        mode: 0o600,
        ...owner,
      });
    }
    if (account.declaredKeys.length > 0) {
      const path = `/etc/ssh/authorized_keys.d/${account.name}`;
      files.file(path, account.declaredKeys.join("\n") + "\n", { mode: 0o444 });
    }
  }
}

/** /var/lib/nixos: what update-users-groups.pl keeps between activations. */
function writeMemory(
  files: MachineFiles,
  accounts: readonly MachineAccount[],
  groups: readonly MachineGroup[],
  own: readonly MachineAccount[],
): void {
  const declared = accounts.filter((account) => account.declared || !own.includes(account));
  files.folder("/var/lib/nixos");
  const names = (list: readonly { readonly name: string }[]) =>
    list.map(({ name }) => name).sort().join(" ");
  files.file("/var/lib/nixos/declarative-users", names(declared));
  files.file("/var/lib/nixos/declarative-groups", names(groups));
  const ids = (entries: [string, number][]) => JSON.stringify(Object.fromEntries(entries));
  files.file("/var/lib/nixos/uid-map", ids(accounts.map(({ name, uid }) => [name, uid])));
  files.file("/var/lib/nixos/gid-map", ids(groups.map(({ name, gid }) => [name, gid])));
}

function system(
  name: string,
  uid: number,
  gid: number,
  gecos: string,
  home: string,
): MachineAccount {
  return {
    name,
    uid,
    gid,
    gecos,
    home,
    shell: NOLOGIN,
    hash: hashes.locked,
    groups: [],
    keys: [],
    declaredKeys: [],
    declared: true,
  };
}
