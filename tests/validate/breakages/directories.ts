import { type Breakage, own } from "./breakage.ts";

const STATE = "/var/lib/hyper-nixos";
const SOURCE = "/etc/hypervisor/src";
const CONFIGURATION = "/etc/hypervisor/configuration";

/** What breaks the group "Core Directories". */
export const DIRECTORIES: readonly Breakage[] = [
  {
    id: "hypervisor-folder",
    what: "the folder can be written by everyone",
    expect: "fail",
    fixed: true,
    break: (m) => m.chmod("/etc/hypervisor", 0o777),
  },
  {
    id: "source-files",
    what: "a file that the flake needs is missing",
    expect: "fail",
    break: (m) => m.remove(`${SOURCE}/nix/host.nix`),
  },
  {
    id: "source-files",
    what: "the tree belongs to another user",
    expect: "fail",
    fixed: true,
    break: (m) => own(m, SOURCE),
  },
  {
    id: "configuration-folder",
    what: "the generated modules' folder is closed",
    expect: "warn",
    fixed: true,
    besideOthers: true,
    break: (m) => m.chmod(CONFIGURATION, 0o700),
  },
  {
    id: "log-folders",
    what: "a log folder is missing",
    expect: "warn",
    fixed: true,
    besideOthers: true,
    break: (m) => m.remove("/var/log/nixos"),
  },
  {
    id: "flake-link",
    what: "the link is missing",
    expect: "fail",
    fixed: true,
    besideOthers: true,
    break: (m) => m.remove("/etc/nixos/flake.nix"),
  },
  {
    id: "flake-link",
    what: "the link leads nowhere",
    expect: "fail",
    besideOthers: true,
    break: (m) => {
      m.remove("/etc/nixos/flake.nix");
      m.link("/etc/nixos/flake.nix", "/etc/elsewhere/flake.nix");
    },
  },
  {
    id: "interrupted-sync",
    what: "an update was cut off among its renames",
    expect: "fail",
    fixed: true,
    besideOthers: true,
    break: (m) => {
      const staging = "/etc/hypervisor/.src-staging-cut";
      for (const folder of ["new/lib", "previous/tree/lib"]) {
        Deno.mkdirSync(m.host(`${staging}/${folder}`), { recursive: true });
      }
      m.write(`${staging}/new/lib/new.ts`, "new\n");
      for (const name of ["state.json", "index"]) {
        Deno.copyFileSync(m.host(`${STATE}/sync/${name}`), m.host(`${staging}/${name}`));
      }
      const operations = [{ do: "put", path: "lib/new.ts" }];
      m.write(`${staging}/journal.json`, JSON.stringify({ version: 1, operations }), 0o600);
    },
  },
  {
    id: "interrupted-sync",
    what: "staged files were left behind",
    expect: "warn",
    fixed: true,
    besideOthers: true,
    break: (m) => m.write("/etc/hypervisor/.src-staging-left/new/file", "staged\n"),
  },
  {
    id: "unfinished-install",
    what: "an installation was cut off",
    expect: "fail",
    besideOthers: true,
    break: (m) => {
      const folder = `${STATE}/receipts`;
      const [name] = [...Deno.readDirSync(m.host(folder))].map((entry) => entry.name);
      m.change(`${folder}/${name}`, '"state": "activated"', '"state": "applying"');
    },
  },
  {
    id: "unfinished-install",
    what: "a receipt is damaged",
    expect: "fail",
    besideOthers: true,
    break: (m) => m.write(`${STATE}/receipts/0.json`, "{ half", 0o600),
  },
  {
    id: "synced-files",
    what: "a file was modified",
    expect: "warn",
    full: true,
    besideOthers: true,
    break: (m) => m.write(`${SOURCE}/deno.json`, "{}\n"),
  },
  {
    id: "synced-files",
    what: "a file is missing, another one extra",
    expect: "warn",
    full: true,
    break: (m) => {
      m.remove(`${SOURCE}/deno.lock`);
      m.write(`${SOURCE}/notes/today.txt`, "mine\n");
    },
  },
];
