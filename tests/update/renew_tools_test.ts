import { deepEqual, equal, match } from "node:assert/strict";
import { encodeHostRecord, requireHostRecord } from "../../lib/machine/host_record.ts";
import { TOOLS_ROOT } from "../../lib/nix/tools.ts";
import { renewTools } from "../../lib/update/renew_tools.ts";
import { testContext } from "../support/context.ts";
import { hasNix, isRoot } from "../support/needs.ts";
import { withScratch } from "../support/scratch_files.ts";

/** Its builder is part of Nix: the scratch machine's store has no shell. */
const FLAKE = `{
  outputs = { self }: {
    packages.x86_64-linux.default = derivation {
      name = "tools";
      system = "builtin";
      builder = "builtin:buildenv";
      derivations = [ ];
      manifest = builtins.toFile "manifest.nix" "new";
    };
  };
}`;
const OLD = "/nix/store/0000000000000000000000000000000a-tools";
const RECORD = encodeHostRecord({
  version: 2,
  hostName: "vmhost",
  system: "x86_64-linux",
  base: { kind: "channel", configuration: "/etc/nixos/configuration.nix", searchPath: [] },
  tools: OLD,
});

Deno.test({
  name:
    "renewTools() names the tools of the new tree, keeps them, and keeps the old ones where it cannot",
  ignore: !hasNix || !isRoot,
  fn: () =>
    withScratch({
      "etc/hypervisor/src/flake.nix": FLAKE,
      "etc/hypervisor/configuration/host.json": RECORD,
      "nix/var/nix/gcroots/": "",
      "var/lib/": "",
    }, async (folder) => {
      const root = Deno.realPathSync(folder);
      const ctx = testContext({ root });
      await renewTools(ctx);
      const record = requireHostRecord(ctx);
      const tools = record?.version === 2 ? record.tools ?? "" : "";
      match(tools, /^\/nix\/store\/[a-z0-9]{32}-tools$/);
      equal(Deno.statSync(root + tools).isDirectory, true);
      equal(Deno.readLinkSync(root + TOOLS_ROOT), tools);

      Deno.writeTextFileSync(`${root}/etc/hypervisor/src/flake.nix`, "{ broken");
      await renewTools(ctx);
      deepEqual(requireHostRecord(ctx), record);
      match(ctx.messages("warn").join(), /could not be built/);
    }),
});
