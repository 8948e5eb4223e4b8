import assert from "node:assert/strict";
import { noHosts } from "../../../lib/nix/flakes/flake_outputs.ts";
import { resolveFlake } from "../../../lib/nix/flakes/flake_reference.ts";
import { testContext } from "../../support/context.ts";
import { hasNix } from "../../support/needs.ts";
import { withScratch } from "../../support/scratch_files.ts";

/** A machine in a hive, as colmena's evaluation leaves it: only its name may be looked at. */
const UNREAD = 'throw "evaluated"';

Deno.test({
  name: "noHosts() says what a flake has in the place of hosts, and what makes hosts of that",
  ignore: !hasNix,
  fn: async () => {
    const cases: readonly (readonly [outputs: string, has: string, hint: RegExp])[] = [
      [
        // colmena 0.4 (docs: "Usage with Flakes").
        `colmena = { meta = ${UNREAD}; defaults = ${UNREAD}; web = ${UNREAD}; db = ${UNREAD}; };
         devShells = ${UNREAD};`,
        ", but colmena (db, web), devShells",
        /add nixosConfigurations = \(colmena\.lib\.makeHive self\.colmena\)\.nodes;.* or OTHERWISE/,
      ],
      [
        // colmena 0.5 beside it.
        `colmena = { meta = ${UNREAD}; web = ${UNREAD}; };
         colmenaHive = { nodes = { web = ${UNREAD}; }; toplevel = ${UNREAD}; };`,
        ", but colmena (web), colmenaHive (web)",
        /add nixosConfigurations = self\.colmenaHive\.nodes; to the outputs in its flake\.nix/,
      ],
      [
        `packages = ${UNREAD}; deploy.nodes = { web = ${UNREAD}; }; checks = ${UNREAD};`,
        ", but deploy (web), checks, packages",
        /nixosConfigurations\.HOST, the system that deploy\.nodes\.HOST activates/,
      ],
      [
        `clan.nixosConfigurations = { jon = ${UNREAD}; sara = ${UNREAD}; };`,
        ", but clan (jon, sara)",
        /inherit \(self\.clan\) nixosConfigurations;/,
      ],
      [
        `clanInternals.machines.x86_64-linux.jon = ${UNREAD};
         clanInternals.machines.aarch64-linux.jon = ${UNREAD};`,
        ", but clanInternals (jon)",
        /buildClan/,
      ],
      // A Mac's, a home's, a library of modules; blueprint without a host.
      [
        `darwinConfigurations.mac = ${UNREAD}; homeConfigurations."a@b" = ${UNREAD};`,
        ", but darwinConfigurations, homeConfigurations",
        /^OTHERWISE$/,
      ],
      [
        `nixosConfigurations = { }; nixosModules = ${UNREAD};`,
        ", but nixosModules",
        /^OTHERWISE$/,
      ],
      ["", ": it has nothing at all", /^OTHERWISE$/],
      // What cannot be read is no reason to fail otherwise.
      ["colmena = 1;", "", /^OTHERWISE$/],
    ];
    for (const [outputs, has, hint] of cases) {
      await withScratch({
        "flake.nix": `{ outputs = { self }: { ${outputs} }; }`,
      }, async (folder) => {
        const ctx = testContext();
        const flake = resolveFlake(ctx, folder);
        const error = await noHosts(ctx, flake, "OTHERWISE");
        assert.equal(error.message, `${flake.url} has no nixosConfigurations${has}`);
        assert.match(error.hint ?? "", hint);
        assert.equal(error.code, 6);
      });
    }
  },
});
