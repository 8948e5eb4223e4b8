import { deepEqual, equal, match } from "node:assert/strict";
import { encodeHostRecord, type HostBase } from "../../../lib/machine/host_record.ts";
import { CHECKS } from "../../../lib/validate/registry.ts";
import { testContext } from "../../support/context.ts";
import { type ScratchEntry, withScratch } from "../../support/scratch_files.ts";
import { look } from "../look.ts";

const RECORD = "etc/hypervisor/configuration/host.json";
const CHANNEL: HostBase = {
  kind: "channel",
  configuration: "/etc/nixos/configuration.nix",
  searchPath: [],
};
const FLAKE: HostBase = {
  kind: "flake",
  url: "path:/etc/nixos",
  host: "h",
  directory: "/etc/nixos",
};
const record = (base: HostBase | null) => ({
  [RECORD]: encodeHostRecord({
    version: 2,
    hostName: "h",
    system: "x86_64-linux",
    base,
    tools: null,
  }),
});
const first = {
  [RECORD]: encodeHostRecord({
    version: 1,
    hostName: "h",
    system: "x86_64-linux",
    base: null,
    tools: null,
  }),
};
const TREE = { "etc/hypervisor/src/flake.nix": "{ }", "etc/nixos/": "" };
/** A generation that brings the link. */
const GENERATION = {
  "run/current-system": { link: "/nix/store/x-system" },
  "nix/store/x-system/etc": { link: "/nix/store/x-etc/etc" },
  "nix/store/x-etc/etc/nixos/flake.nix": { link: "/etc/hypervisor/src/flake.nix" },
  "etc/static": { link: "/nix/store/x-etc/etc" },
};

type Files = Readonly<Record<string, ScratchEntry>>;
const CASES: Readonly<Record<string, readonly [Files, string, RegExp]>> = {
  "the link of a generation": [
    {
      ...TREE,
      ...GENERATION,
      ...record(CHANNEL),
      "etc/nixos/flake.nix": { link: "/etc/static/nixos/flake.nix" },
    },
    "pass",
    /→ \/etc\/static/,
  ],
  "no link, which the generation has": [
    { ...TREE, ...GENERATION, ...record(CHANNEL) },
    "fail",
    /missing.*ln -sfn \/etc\/static\/nixos\/flake\.nix \S+\/etc\/nixos\/flake\.nix, or --fix/,
  ],
  "a folder that is gone with the link": [
    { "etc/hypervisor/src/flake.nix": "{ }", ...GENERATION, ...record(CHANNEL) },
    "fail",
    /mkdir -p \S+\/etc\/nixos && ln -sfn .*or --fix/,
  ],
  "a file in the link's place": [
    { ...TREE, ...GENERATION, ...record(CHANNEL), "etc/nixos/flake.nix": "{ mine = 1; }" },
    "fail",
    /a file of its own.*keep a copy of it, then ln -sfn/,
  ],
  "a link that leads nowhere": [
    {
      ...TREE,
      ...GENERATION,
      ...record(CHANNEL),
      "etc/nixos/flake.nix": { link: "/gone/flake.nix" },
    },
    "fail",
    /leads to \/gone\/flake\.nix, which is not there.*ln -sfn/,
  ],
  "a link to another flake": [
    {
      ...TREE,
      ...GENERATION,
      ...record(CHANNEL),
      "home/a/flake.nix": "{ }",
      "etc/nixos/flake.nix": { link: "/home/a/flake.nix" },
    },
    "warn",
    /smart-sync updates another flake than is built/,
  ],
  "links that lead in a circle": [
    { ...TREE, ...GENERATION, ...record(CHANNEL), "etc/nixos/flake.nix": { link: "flake.nix" } },
    "fail",
    /flake\.nix.*/,
  ],
  "the first version, whose link was made by hand": [
    { ...TREE, ...first, "etc/nixos/flake.nix": { link: "../hypervisor/src/flake.nix" } },
    "pass",
    /→ \.\.\/hypervisor/,
  ],
  "an owner's flake as the base": [
    { ...TREE, ...record(FLAKE), "etc/nixos/flake.nix": "{ }" },
    "pass",
    /your flake is the base/,
  ],
  "an owner's flake beside a channel's base": [
    { ...TREE, ...record(CHANNEL), "etc/nixos/flake.nix": "{ }" },
    "pass",
    /^yours/,
  ],
  "an installation that was not activated yet": [
    { ...TREE, ...record(CHANNEL) },
    "skip",
    /first Hyper-NixOS generation/,
  ],
  "nothing to lead to": [
    { "etc/hypervisor/": "", "etc/nixos/": "" },
    "fail",
    /run system-installer/,
  ],
};

for (const [what, [files, status, says]] of Object.entries(CASES)) {
  Deno.test(`flake-link and ${what}: ${status}`, async () => {
    await withScratch(files, async (root) => {
      const ctx = testContext({ root });
      const found = await look("flake-link", ctx).catch((error) => ({
        status: "fail",
        detail: (error as Error).message,
        remedy: undefined,
      }));
      equal(found.status, status, found.detail);
      match(`${found.detail} ${found.remedy}`, says);
      const changes = await CHECKS.find(({ id }) => id === "flake-link")!.fix!(ctx);
      const mended = found.remedy?.endsWith("or --fix") ?? false;
      equal(changes.length, mended ? 1 : 0, "--fix makes a missing link, and replaces nothing");
      if (mended) equal((await look("flake-link", ctx)).status, "pass");
    });
  });
}

Deno.test("flake-link repairs nothing where nothing is installed", async () => {
  await withScratch({ "etc/nixos/": "" }, async (root) => {
    deepEqual(await CHECKS.find(({ id }) => id === "flake-link")!.fix!(testContext({ root })), []);
  });
});
