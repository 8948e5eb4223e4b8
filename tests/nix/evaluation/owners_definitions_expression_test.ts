/** What NixOS itself defines is never taken for the owner's, by whatever path its files are reached. */
import { deepEqual } from "node:assert/strict";
import type { ConfigurationSource } from "../../../lib/nix/evaluation/configuration_source.ts";
import { readConfiguration } from "../../../lib/nix/evaluation/read_configuration.ts";
import { testContext } from "../../support/context.ts";
import { hasNix } from "../../support/needs.ts";
import { withScratch } from "../../support/scratch_files.ts";
import { STAND_IN_NIXPKGS } from "../../support/scratch_machine.ts";

const MINE = `{
  networking.hosts."192.0.2.1" = [ "printer" ];
  networking.firewall.extraCommands = "iptables -A mine";
  boot.kernelModules = [ "mine" ];
  system.stateVersion = "24.05";
}`;

/** The owner's own modules lie in a folder that is named as NixOS's. */
const FILES = {
  // As /nix/var/nix/profiles/per-user/root/channels/nixos: links, the last part too.
  "profiles/channels": { link: "channels-1-link" },
  "profiles/channels-1-link/nixos": { link: STAND_IN_NIXPKGS },
  "configuration.nix": "{ imports = [ ./nixos/modules/mine.nix ]; }",
  "nixos/modules/module-list.nix": "[ ]",
  "nixos/modules/mine.nix": MINE,
  "flake/flake.nix": `{
    inputs.nixpkgs.url = "path:${STAND_IN_NIXPKGS}";
    outputs = { nixpkgs, ... }: {
      nixosConfigurations.alpha = nixpkgs.lib.nixosSystem {
        system = "x86_64-linux";
        modules = [ ./nixos/modules/mine.nix ];
      };
    };
  }`,
  "flake/nixos/modules/mine.nix": MINE,
};

const channel = (folder: string, nixpkgs: string): ConfigurationSource => ({
  kind: "channel",
  configuration: `${folder}/configuration.nix`,
  nixPath: `nixpkgs=${nixpkgs}`,
});

const ways: Record<string, (folder: string) => ConfigurationSource> = {
  "a link to a link": (folder) => channel(folder, `${folder}/profiles/channels/nixos`),
  "a link": (folder) => channel(folder, `${folder}/profiles/channels-1-link/nixos`),
  "the folder itself": (folder) => channel(folder, STAND_IN_NIXPKGS),
  "a flake": (folder) => ({
    kind: "flake",
    flake: { url: `path:${folder}/flake`, directory: `${folder}/flake` },
    host: "alpha",
  }),
};

for (const [way, sourceOf] of Object.entries(ways)) {
  Deno.test({
    name: `readConfiguration() tells the owner's settings from NixOS's through ${way}`,
    ignore: !hasNix,
    fn: () =>
      withScratch(FILES, async (folder) => {
        const source = sourceOf(Deno.realPathSync(folder));
        const facts = await readConfiguration(testContext(), source);
        deepEqual(facts.unreadable, []);
        deepEqual(facts.boot.kernelModules, ["mine"]);
        deepEqual(facts.firewall.extraCommands, "iptables -A mine");
        deepEqual(
          facts.plain?.flatMap(({ name, said }) => said.map(({ value }) => [name, value])),
          [["networking.hosts", { "192.0.2.1": ["printer"] }]],
        );
      }),
  });
}
