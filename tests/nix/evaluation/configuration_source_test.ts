import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { ExitCode } from "../../../lib/machine/exit_code.ts";
import {
  applyToSource,
  type ConfigurationSource,
  describeSource,
  NO_SPECIALISATION,
} from "../../../lib/nix/evaluation/configuration_source.ts";
import { testContext } from "../../support/context.ts";
import { hasNix } from "../../support/needs.ts";
import { withScratch } from "../../support/scratch_files.ts";

// A path of attributes on Nix's command line knows no escapes, so a name with a quote cannot be given.
const HOST_NAMES = ["vm", "vm.example.org", "or", "if", "host 1", "ö", "a#b", "50%"];

/** A Nix set of hosts, each of which says its name. */
function hosts(names: readonly string[]): string {
  const quoted = (name: string) => JSON.stringify(name).replaceAll("${", "\\${");
  const members = names.map((name) =>
    `${quoted(name)} = { config = { name = ${quoted(name)}; specialisation = {
      ${names.map((one) => `${quoted(one)}.configuration.name = ${quoted(`s-${one}`)};`).join("\n")}
    }; }; options = "those of the host"; };`
  );
  return `{ ${members.join("\n")} }`;
}

Deno.test({
  name: "applyToSource() finds a flake's host and its specialisation, whatever they are called",
  ignore: !hasNix,
  fn: async () => {
    const flake = `{ outputs = _: { nixosConfigurations = ${hosts(HOST_NAMES)}; }; }`;
    await withScratch({ "flake.nix": flake }, async (folder) => {
      const source = (host: string, specialisation?: string): ConfigurationSource => ({
        kind: "flake",
        flake: { url: `path:${folder}`, directory: folder },
        host,
        specialisation,
      });
      for (const host of HOST_NAMES) {
        const found = await applyToSource(testContext(), source(host), "n: n.config.name");
        equal(found, host);
      }
      for (const name of ["host 1", "or", "a#b"]) {
        const code = "n: [ n.config.name n.options ]";
        const found = await applyToSource(testContext(), source("vm", name), code);
        deepEqual(found, [`s-${name}`, "those of the host"]);
      }
      const missing = applyToSource(testContext(), source("vm", "none"), "n: n.config.name");
      await rejects(missing, (error: Error) => {
        const [, there] = error.message.split(NO_SPECIALISATION);
        match(there ?? "", /^ .*host 1, if, or,.* vm, vm\.example\.org/);
        return true;
      });
    });
  },
});

Deno.test({
  name:
    "applyToSource() takes a channel's configuration from any path, and no NIX_PATH but its own",
  ignore: !hasNix,
  fn: async () => {
    const nixos = "{ configuration }: { config = import configuration; }";
    for (const name of ["plain", "with space", "${x}", 'qu"ote', "ünï", "a//b", "+x@1"]) {
      const files = { "nixpkgs/nixos/default.nix": nixos, [`${name}/configuration.nix`]: '"read"' };
      await withScratch(files, async (folder) => {
        const ctx = testContext({ env: { NIX_PATH: "nixpkgs=/nonexistent" } });
        const found = await applyToSource(ctx, {
          kind: "channel",
          configuration: `${folder}/${name}/configuration.nix`,
          nixPath: `nixpkgs=${folder}/nixpkgs`,
        }, "n: n.config");
        equal(found, "read", name);
      });
    }
  },
});

Deno.test({
  name:
    "applyToSource() evaluates a host on a base where the tree lies, with the variables that it is given",
  ignore: !hasNix,
  fn: async () => {
    const host =
      `{ nixosHost }: { "vm.example.org" = { config = builtins.getEnv "HYPERVISOR_STAGED"; }; }`;
    await withScratch({ "a b/nix/host.nix": host }, async (folder) => {
      const source = (name: string): ConfigurationSource => ({
        kind: "onBase",
        tree: `${folder}/a b`,
        host: name,
        env: { HYPERVISOR_STAGED: "/run/staged" },
      });
      const found = await applyToSource(testContext(), source("vm.example.org"), "n: n.config");
      equal(found, "/run/staged");
      await rejects(applyToSource(testContext(), source("other"), "n: n.config"), {
        code: ExitCode.Configuration,
        message: /the new configuration of other failed: .*'other' missing/,
      });
    });
  },
});

Deno.test("describeSource() names a source as a person does, with the machine's own paths", () => {
  const root = Deno.makeTempDirSync();
  const ctx = testContext({ root });
  const flake = { url: "github:ann/config" };
  equal(
    describeSource(ctx, {
      kind: "channel",
      configuration: `${root}/etc/nixos/configuration.nix`,
      nixPath: "",
    }),
    "/etc/nixos/configuration.nix",
  );
  equal(describeSource(ctx, { kind: "flake", flake, host: "vm" }), "github:ann/config#vm");
  equal(
    describeSource(ctx, { kind: "flake", flake, host: "vm", specialisation: "lean" }),
    "the specialisation lean of github:ann/config#vm",
  );
  Deno.removeSync(root);
});
