import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { describeSource, findConfiguration } from "../../lib/nix/configuration_source.ts";
import { readConfiguration } from "../../lib/nix/read_configuration.ts";
import { testContext } from "../support/context.ts";
import { hasNix } from "../support/needs.ts";
import { withScratch } from "../support/scratch_files.ts";
import { scratchMachine } from "../support/scratch_machine.ts";

const flakeWith = (hosts: string) =>
  `{ outputs = { self }: { nixosConfigurations = { ${hosts} }; }; }`;

Deno.test("findConfiguration() takes configuration.nix and the channels of a mounted machine", async () => {
  using machine = scratchMachine("uefi");
  // The caller's NIX_PATH, the installation medium's for example, is only the last resort.
  const ctx = testContext({ root: machine.root, env: { NIX_PATH: "nixpkgs=/medium" } });
  const found = await findConfiguration(ctx);
  deepStrictEqual(found, {
    kind: "found",
    source: {
      kind: "channel",
      configuration: machine.host("/etc/nixos/configuration.nix"),
      searchPath: [`nixpkgs=${machine.nixpkgs}`, `nixos=${machine.nixpkgs}`],
    },
  });
  ok(found.kind === "found");
  strictEqual(describeSource(ctx, found.source), "/etc/nixos/configuration.nix");
});

Deno.test({
  name:
    "findConfiguration() follows a linked flake.nix inside the root and takes the host's own name",
  ignore: !hasNix,
  fn: () =>
    withScratch({
      "etc/hostname": "beta\n",
      "etc/hypervisor/src/flake.nix": flakeWith("alpha = 1; beta = 2;"),
      "etc/nixos/flake.nix": { link: "/etc/hypervisor/src/flake.nix" },
      "etc/nixos/configuration.nix": "{ }",
    }, async (folder) => {
      const root = Deno.realPathSync(folder);
      const directory = `${root}/etc/hypervisor/src`;
      deepStrictEqual(await findConfiguration(testContext({ root })), {
        kind: "found",
        source: { kind: "flake", flake: { url: `path:${directory}`, directory }, host: "beta" },
      });
    }),
});

Deno.test({
  name: "findConfiguration() takes the only host, and asks when none of several has the name",
  ignore: !hasNix,
  fn: () =>
    withScratch({
      "one/etc/nixos/flake.nix": flakeWith("alpha = 1;"),
      "two/etc/nixos/flake.nix": flakeWith("alpha = 1; beta = 2;"),
      "two/etc/hostname": "gamma\n",
    }, async (folder) => {
      const one = await findConfiguration(testContext({ root: `${folder}/one` }));
      ok(one.kind === "found" && one.source.kind === "flake" && one.source.host === "alpha");
      const two = await findConfiguration(testContext({ root: `${folder}/two` }));
      ok(two.kind === "ambiguous");
      deepStrictEqual(two.hosts, ["alpha", "beta"]);
    }),
});

Deno.test({
  name: "findConfiguration() says why there is none",
  ignore: !hasNix,
  fn: () =>
    withScratch({
      "empty/etc/": "",
      "channelless/etc/nixos/configuration.nix": "{ }",
      "hostless/etc/nixos/flake.nix": flakeWith(""),
      "broken/etc/nixos/flake.nix": "{ outputs = ",
    }, async (folder) => {
      const reason = async (name: string) => {
        const found = await findConfiguration(
          testContext({ root: `${folder}/${name}`, env: { NIX_PATH: "" } }),
        );
        return found.kind === "none" ? found.reason : found.kind;
      };
      ok(/neither .*flake\.nix nor .*configuration\.nix/.test(await reason("empty")));
      ok(/no channel/.test(await reason("channelless")));
      ok(/has no nixosConfigurations/.test(await reason("hostless")));
      ok(/syntax error/.test(await reason("broken")));
    }),
});

Deno.test({
  name: "readConfiguration() shows a flake's host the root, its own environment and other inputs",
  ignore: !hasNix,
  fn: async () => {
    using machine = scratchMachine("flake");
    machine.write(
      "/srv/flake/flake.nix",
      `{
        inputs.nixpkgs.url = "path:/nowhere";
        outputs = { self, nixpkgs }: {
          nixosConfigurations."a.b" = nixpkgs.lib.nixosSystem { system = "x86_64-linux"; modules = [ {
            networking.hostName = builtins.getEnv "NAME";
            environment.etc = { };
            services.openssh.extraConfig = builtins.getEnv "HYPERVISOR_ROOT";
          } ]; };
        };
      }`,
    );
    const facts = await readConfiguration(testContext({ root: machine.root }), {
      kind: "flake",
      flake: { url: `path:${machine.root}/srv/flake` },
      host: "a.b",
      env: { NAME: "staged" },
      overrideInputs: { nixpkgs: `path:${machine.nixpkgs}` },
    });
    deepStrictEqual([facts.hostName, facts.ssh.extraConfig], ["staged", machine.root]);
  },
});
