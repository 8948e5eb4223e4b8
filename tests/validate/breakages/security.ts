import { type Breakage, own } from "./breakage.ts";

const STATE = "/var/lib/hyper-nixos";
const SOURCE = "/etc/hypervisor/src";
const CONFIGURATION = "/etc/hypervisor/configuration";

/** What breaks the group "Security". */
export const SECURITY: readonly Breakage[] = [
  {
    id: "state-folder",
    what: "others can look into the state folder",
    expect: "fail",
    fixed: true,
    break: (m) => m.chmod(STATE, 0o755),
  },
  {
    id: "state-folder",
    what: "the state folder belongs to someone else",
    expect: "fail",
    break: (m) => own(m, STATE),
  },
  {
    id: "password-files",
    what: "a password hash is readable by others",
    expect: "fail",
    fixed: true,
    besideOthers: true,
    break: (m) => m.write(`${STATE}/passwords/alice`, "$6$salt$hash\n", 0o644),
  },
  {
    id: "shadow",
    what: "everyone reads the hashes",
    expect: "fail",
    fixed: true,
    besideOthers: true,
    break: (m) => m.chmod("/etc/shadow", 0o644),
  },
  {
    id: "github-token",
    what: "everyone reads a token",
    expect: "fail",
    fixed: true,
    besideOthers: true,
    break: (m) => m.write("/root/.config/github/token", "token-of-root\n", 0o644),
  },
  {
    id: "secrets-in-flake",
    what: "a hash is in a module",
    expect: "fail",
    full: true,
    break: (m) => {
      const hash = m.read("/etc/shadow").match(/^alice:(\$[^:]+)/m)![1]!;
      m.write(`${CONFIGURATION}/local.nix`, `{ /* ${hash} */ }\n`);
    },
  },
  {
    id: "secrets-in-flake",
    what: "a token is in the tree",
    expect: "fail",
    full: true,
    besideOthers: true,
    break: (m) => m.write(`${SOURCE}/notes.txt`, `ghp_${"a1B2".repeat(9)}\n`),
  },
  {
    id: "writable-files",
    what: "everyone can change a module",
    expect: "fail",
    fixed: true,
    besideOthers: true,
    break: (m) => m.chmod(`${SOURCE}/nix/module/default.nix`, 0o666),
  },
  {
    id: "writable-files",
    what: "a module belongs to another user",
    expect: "fail",
    besideOthers: true,
    break: (m) => own(m, `${CONFIGURATION}/local.nix`),
  },
  {
    id: "writable-files",
    what: "the owner's configuration is a user's, which an installation takes",
    expect: "warn",
    break: (m) => {
      for (const { name } of Deno.readDirSync(m.host("/etc/nixos"))) {
        if (name !== "flake.nix") own(m, `/etc/nixos/${name}`);
      }
      own(m, "/etc/nixos");
    },
  },
  {
    id: "sudo-rules",
    what: "wheel needs no password",
    expect: "fail",
    besideOthers: true,
    break: (m) =>
      m.change("/etc/sudoers", /%wheel.*/, "%wheel\tALL=(ALL:ALL)\tNOPASSWD:SETENV: ALL"),
  },
  {
    id: "groups",
    what: "a group is missing",
    expect: "fail",
    besideOthers: true,
    break: (m) => m.change("/etc/group", /libvirtd:.*\n/, ""),
  },
  {
    id: "group-members",
    what: "a user is not in a group",
    expect: "fail",
    full: true,
    besideOthers: true,
    break: (m) => m.change("/etc/group", /^kvm:.*$/m, "kvm:x:302:bob"),
  },
  {
    id: "administrators",
    what: "nobody can become root",
    expect: "fail",
    besideOthers: true,
    break: (m) => m.change("/etc/group", /^wheel:.*$/m, "wheel:x:1:"),
  },
  {
    id: "empty-passwords",
    what: "a password is empty",
    expect: "fail",
    besideOthers: true,
    break: (m) => m.change("/etc/shadow", /^bob:[^:]*/m, "bob:"),
  },
];
