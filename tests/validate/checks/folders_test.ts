import { deepEqual, equal, match } from "node:assert/strict";
import { encodeHostRecord } from "../../../lib/machine/host_record.ts";
import { CHECKS } from "../../../lib/validate/registry.ts";
import { testContext } from "../../support/context.ts";
import { isRoot } from "../../support/needs.ts";
import { type ScratchEntry, withScratch } from "../../support/scratch_files.ts";
import { look } from "../look.ts";

const SOURCE = {
  "etc/hypervisor/src/flake.nix": "{ }",
  "etc/hypervisor/src/flake.lock": "{ }",
  "etc/hypervisor/src/nix/host.nix": "{ }",
  "etc/hypervisor/src/nix/module/default.nix": "{ }",
};
const PUBLISHED = {
  "etc/hypervisor/configuration/host.json": encodeHostRecord({
    version: 2,
    hostName: "h",
    system: "x86_64-linux",
    base: null,
    tools: null,
    layout: "published",
  }),
  "etc/hypervisor/host/flake.nix": "{ }",
};
const LOGS = { "var/log/hypervisor/": "", "var/log/nixos/": "" };

type Owned = Readonly<Record<string, readonly [uid: number, mode: number]>>;
interface Case {
  readonly id: string;
  readonly files: Readonly<Record<string, ScratchEntry>>;
  readonly owned?: Owned;
  readonly status: string;
  readonly says?: RegExp;
  /** After --fix. */
  readonly after?: string;
}

const CASES: Readonly<Record<string, Case>> = {
  "the folder is as it should be": { id: "hypervisor-folder", files: SOURCE, status: "pass" },
  "the folder is missing": {
    id: "hypervisor-folder",
    files: {},
    status: "fail",
    says: /system-installer/,
  },
  "the folder is a file": {
    id: "hypervisor-folder",
    files: { "etc/hypervisor": "x" },
    status: "fail",
    says: /is not a folder.*ls -ld/,
    after: "fail",
  },
  "the folder is written by its group": {
    id: "hypervisor-folder",
    files: SOURCE,
    owned: { "etc/hypervisor": [0, 0o775] },
    status: "fail",
    says: /can be written by others \(0775\).*chown root:root .* && chmod 0755 /,
    after: "pass",
  },
  "the folder is closed": {
    id: "hypervisor-folder",
    files: SOURCE,
    owned: { "etc/hypervisor": [0, 0o700] },
    status: "warn",
    says: /has mode 0700, not 0755/,
    after: "pass",
  },
  // The published tree closes it at each activation.
  "the folder of a published tree is closed": {
    id: "hypervisor-folder",
    files: { ...SOURCE, ...PUBLISHED },
    owned: { "etc/hypervisor": [0, 0o750] },
    status: "pass",
    after: "pass",
  },
  "the tree is complete": { id: "source-files", files: SOURCE, status: "pass" },
  "the tree lacks a file": {
    id: "source-files",
    files: { "etc/hypervisor/src/flake.nix": "{ }" },
    status: "fail",
    says:
      /missing in \/etc\/hypervisor\/src: flake\.lock, nix\/host\.nix, nix\/module\/default\.nix.*smart-sync --force-full/,
  },
  "the tree is a link": {
    id: "source-files",
    files: { "etc/hypervisor/src": { link: "/home/a/src" }, "home/a/src/flake.nix": "{ }" },
    status: "warn",
    says: /is a link to \/home\/a\/src/,
    after: "warn",
  },
  "the published host's folder is missing": {
    id: "configuration-folder",
    files: {
      ...SOURCE,
      "etc/hypervisor/configuration/host.json": PUBLISHED["etc/hypervisor/configuration/host.json"],
    },
    status: "fail",
    says: /\/etc\/hypervisor\/host is missing/,
  },
  "one of two folders is open": {
    id: "configuration-folder",
    files: { ...SOURCE, ...PUBLISHED },
    owned: { "etc/hypervisor/configuration": [0, 0o700], "etc/hypervisor/host": [0, 0o777] },
    status: "fail",
    says: /\/host can be written by others/,
    after: "pass",
  },
  "the log folders are there": { id: "log-folders", files: { ...SOURCE, ...LOGS }, status: "pass" },
  "a log folder is missing": {
    id: "log-folders",
    files: { ...SOURCE, "var/log/nixos/": "" },
    status: "warn",
    says: /\/var\/log\/hypervisor is missing.*--fix/,
    after: "pass",
  },
  "a log folder on another disk": {
    id: "log-folders",
    files: {
      ...SOURCE,
      "var/log/nixos": { link: "/data/log" },
      "data/log/": "",
      "var/log/hypervisor/": "",
    },
    status: "pass",
  },
  "a file in a log folder's place": {
    id: "log-folders",
    files: { ...SOURCE, "var/log/nixos": "old log", "var/log/hypervisor/": "" },
    status: "warn",
    says: /not a folder: nothing is logged there.*ls -ld .*move it away, then validator --fix/,
    after: "warn",
  },
};

for (const [what, { id, files, owned = {}, status, says, after }] of Object.entries(CASES)) {
  Deno.test({
    name: `${id}, and ${what}: ${status}`,
    ignore: !isRoot,
    fn: async () => {
      await withScratch(files, async (root) => {
        for (const path of folders(root)) Deno.chmodSync(path, 0o755);
        for (const [path, [uid, mode]] of Object.entries(owned)) {
          Deno.chownSync(`${root}/${path}`, uid, uid);
          Deno.chmodSync(`${root}/${path}`, mode);
        }
        const ctx = testContext({ root });
        const found = await look(id, ctx);
        equal(found.status, status, found.detail);
        if (says) match(`${found.detail} ${found.remedy}`, says);
        if (after === undefined) return;
        const files = new Map(modesOfFiles(root));
        await CHECKS.find((check) => check.id === id)!.fix!(ctx);
        equal((await look(id, ctx)).status, after);
        deepEqual(new Map(modesOfFiles(root)), files, "no file's mode was changed");
      });
    },
  });
}

function* folders(folder: string): Generator<string> {
  yield folder;
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    if (isDirectory) yield* folders(`${folder}/${name}`);
  }
}

function* modesOfFiles(root: string): Generator<[string, number]> {
  for (const folder of folders(root)) {
    for (const { name, isFile } of Deno.readDirSync(folder)) {
      if (isFile) yield [`${folder}/${name}`, Deno.statSync(`${folder}/${name}`).mode!];
    }
  }
}
