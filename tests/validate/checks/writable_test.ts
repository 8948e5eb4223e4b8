import { deepEqual, equal, match } from "node:assert/strict";
import { encodeHostRecord } from "../../../lib/machine/host_record.ts";
import { CHECKS } from "../../../lib/validate/registry.ts";
import { testContext } from "../../support/context.ts";
import { isRoot } from "../../support/needs.ts";
import { type ScratchEntry, withScratch } from "../../support/scratch_files.ts";
import { look } from "../look.ts";

const ALICE = 1000;
const MACHINE = {
  "etc/passwd": `root:x:0:0::/root:/bin/sh\nalice:x:${ALICE}:100::/home/alice:/bin/sh\n`,
  "etc/hypervisor/src/flake.nix": "{ }",
  "etc/nixos/configuration.nix": "{ }",
};
const RECORD = "etc/hypervisor/configuration/host.json";
const base = (configuration: string) =>
  encodeHostRecord({
    version: 2,
    hostName: "host",
    system: "x86_64-linux",
    tools: null,
    base: { kind: "channel", configuration, searchPath: [] },
  });
const flakeBase = (directory: string) =>
  encodeHostRecord({
    version: 2,
    hostName: "host",
    system: "x86_64-linux",
    tools: null,
    base: { kind: "flake", url: `path:${directory}`, host: "host", directory },
  });

interface Case {
  readonly files?: Readonly<Record<string, ScratchEntry>>;
  /** Owner and mode of what is at these paths. */
  readonly owned?: Readonly<Record<string, readonly [uid: number, mode: number]>>;
  readonly status: string;
  readonly says: RegExp;
}

const CASES: Readonly<Record<string, Case>> = {
  "all is root's": { status: "pass", says: /root's alone to change/ },
  "a module that everyone writes": {
    owned: { "etc/nixos/configuration.nix": [0, 0o666] },
    status: "fail",
    says: /configuration\.nix \(0666\).*validator --fix/,
  },
  "a module of another user": {
    owned: { "etc/nixos/configuration.nix": [ALICE, 0o644] },
    status: "fail",
    says: /configuration\.nix \(user 1000\).*chown -hR root:root \S+configuration\.nix$/,
  },
  "a name that a shell takes for two": {
    files: { "etc/nixos/my module.nix": "{ }" },
    owned: { "etc/nixos/my module.nix": [ALICE, 0o644] },
    status: "fail",
    says: /chown -hR root:root '\S+my module\.nix'$/,
  },
  // The link is root's, and what is built is what she writes.
  "a link to a file of another user": {
    files: {
      "etc/hypervisor/configuration/local.nix": { link: "/home/alice/local.nix" },
      "home/alice/local.nix": "{ }",
    },
    owned: { "home/alice": [ALICE, 0o700], "home/alice/local.nix": [ALICE, 0o644] },
    status: "fail",
    says: /local\.nix \(\S+\/home\/alice belongs to user 1000.*let root alone own/,
  },
  // Parts of an owner's configuration are often kept at home: worth a word, and no reason to stop updates.
  "a link of the owner's to a file of one user": {
    files: {
      "etc/nixos/home.nix": { link: "/home/alice/dots/home.nix" },
      "home/alice/dots/home.nix": "{ }",
    },
    owned: {
      "home/alice": [ALICE, 0o700],
      "home/alice/dots": [ALICE, 0o755],
      "home/alice/dots/home.nix": [ALICE, 0o644],
    },
    status: "warn",
    says: /home\.nix leads to what belongs to alice, who thereby controls root/,
  },
  "links of the owner's to files of two users": {
    files: {
      "etc/nixos/a.nix": { link: "/home/alice/a.nix" },
      "etc/nixos/b.nix": { link: "/home/bob/b.nix" },
      "home/alice/a.nix": "{ }",
      "home/bob/b.nix": "{ }",
    },
    owned: { "home/alice": [ALICE, 0o700], "home/bob": [ALICE + 1, 0o700] },
    status: "fail",
    says: /a\.nix \(.*b\.nix \(/,
  },
  "a link through a folder that everyone writes": {
    files: {
      "etc/nixos/common.nix": { link: "../../srv/shared/common.nix" },
      "srv/shared/common.nix": "{ }",
    },
    owned: { "srv/shared": [0, 0o777] },
    status: "fail",
    says: /common\.nix \(\S+\/srv\/shared can be written by everyone\)/,
  },
  "links into the store, and to nowhere": {
    files: {
      "etc/nixos/flake.nix": { link: "/etc/static/nixos/flake.nix" },
      "etc/static/nixos/flake.nix": { link: "/nix/store/x-flake.nix" },
      "nix/store/x-flake.nix": "{ }",
      "etc/nixos/old.nix": { link: "gone.nix" },
    },
    owned: { "nix/store": [0, 0o1775] },
    status: "pass",
    says: /./,
  },
  "/etc/nixos that is a link to root's own": {
    files: { "srv/nixos/configuration.nix": "{ }" },
    status: "pass",
    says: /./,
  },
  // An installation takes it so, and says it.
  "her own configuration": {
    files: { [RECORD]: base("/etc/nixos/configuration.nix") },
    owned: { "etc/nixos": [ALICE, 0o755], "etc/nixos/configuration.nix": [ALICE, 0o644] },
    status: "warn",
    says: /\/etc\/nixos belongs to alice, who thereby controls root/,
  },
  "her own configuration behind a link": {
    files: {
      [RECORD]: base("/etc/nixos/configuration.nix"),
      "etc/nixos/configuration.nix": { link: "/home/alice/dots/configuration.nix" },
      "home/alice/dots/configuration.nix": "{ }",
    },
    owned: {
      "home/alice": [ALICE, 0o700],
      "home/alice/dots": [ALICE, 0o755],
      "home/alice/dots/configuration.nix": [ALICE, 0o644],
    },
    status: "warn",
    says: /\/home\/alice\/dots belongs to alice/,
  },
  "her own flake, which her group writes too": {
    files: { [RECORD]: flakeBase("/home/alice/nixos"), "home/alice/nixos/flake.nix": "{ }" },
    owned: {
      "home/alice": [ALICE, 0o700],
      "home/alice/nixos": [ALICE, 0o775],
      "home/alice/nixos/flake.nix": [ALICE, 0o644],
    },
    status: "fail",
    says: /flake\.nix \(\S+\/home\/alice\/nixos can be written by its group/,
  },
  "her own flake": {
    files: { [RECORD]: flakeBase("/home/alice/nixos"), "home/alice/nixos/flake.nix": "{ }" },
    owned: {
      "home/alice": [ALICE, 0o700],
      "home/alice/nixos": [ALICE, 0o755],
      "home/alice/nixos/flake.nix": [ALICE, 0o644],
    },
    status: "warn",
    says: /\/home\/alice\/nixos belongs to alice/,
  },
};

for (const [what, { files = {}, owned = {}, status, says }] of Object.entries(CASES)) {
  Deno.test({
    name: `writable-files and ${what}: ${status}`,
    ignore: !isRoot,
    fn: async () => {
      const all: Record<string, ScratchEntry> = { ...MACHINE, ...files };
      await withScratch(all, async (root) => {
        Deno.chmodSync(root, 0o755);
        if ("srv/nixos/configuration.nix" in files) {
          Deno.removeSync(`${root}/etc/nixos`, { recursive: true });
          Deno.symlinkSync("/srv/nixos", `${root}/etc/nixos`);
        }
        for (const [path, [uid, mode]] of Object.entries(owned)) {
          Deno.chownSync(`${root}/${path}`, uid, uid === 0 ? 0 : 100);
          Deno.chmodSync(`${root}/${path}`, mode);
        }
        const found = await look("writable-files", testContext({ root }));
        equal(found.status, status, found.detail);
        match(`${found.detail} ${found.remedy}`, says);
      });
    },
  });
}

Deno.test({
  name: "writable-files repairs what is root's, and leaves another's and what links lead to",
  ignore: !isRoot,
  fn: async () => {
    await withScratch({
      ...MACHINE,
      "etc/nixos/hers.nix": "{ }",
      "etc/nixos/out.nix": { link: "/srv/out.nix" },
      "srv/out.nix": "{ }",
    }, async (root) => {
      const modes = {
        "etc/nixos/configuration.nix": 0o666,
        "etc/nixos/hers.nix": 0o666,
        "srv/out.nix": 0o666,
      };
      for (const [path, mode] of Object.entries(modes)) Deno.chmodSync(`${root}/${path}`, mode);
      Deno.chownSync(`${root}/etc/nixos/hers.nix`, ALICE, 100);
      const changes = await CHECKS.find(({ id }) => id === "writable-files")!.fix!(
        testContext({ root }),
      );
      deepEqual(changes.map(({ what, before, after }) => [what, before, after]), [
        [`${root}/etc/nixos/configuration.nix`, "0666", "0644"],
      ]);
      equal(Deno.statSync(`${root}/srv/out.nix`).mode! & 0o777, 0o666);
    });
  },
});

Deno.test({
  name: "writable-files takes nothing from a system that a link makes a part of /etc/nixos",
  ignore: !isRoot,
  fn: async () => {
    for (const target of ["/", "..", "/etc"]) {
      await withScratch({ ...MACHINE, "tmp/": "" }, async (root) => {
        Deno.removeSync(`${root}/etc/nixos`, { recursive: true });
        Deno.symlinkSync(target, `${root}/etc/nixos`);
        Deno.chmodSync(`${root}/tmp`, 0o1777);
        Deno.chmodSync(`${root}/etc/passwd`, 0o666);
        const ctx = testContext({ root });
        const found = await look("writable-files", ctx);
        equal(found.status, "fail");
        match(found.detail, /^\/etc\/nixos leads to \S+, which holds more than a configuration/);
        deepEqual(await CHECKS.find(({ id }) => id === "writable-files")!.fix!(ctx), []);
        equal(Deno.statSync(`${root}/tmp`).mode! & 0o7777, 0o1777);
      });
    }
  },
});
