import { deepEqual, equal, rejects } from "node:assert/strict";
import { ExitCode } from "../../../lib/machine/exit_code.ts";
import { assembleFacts } from "../../../lib/nix/evaluation/assemble_facts.ts";
import { readApart } from "../../../lib/nix/evaluation/read_apart.ts";
import { testContext } from "../../support/context.ts";
import { hasNix } from "../../support/needs.ts";
import { withScratch } from "../../support/scratch_files.ts";
import { STAND_IN_NIXPKGS } from "../../support/scratch_machine.ts";

/** What is read of a configuration part by part. */
async function apart(module: string, nixpkgs = STAND_IN_NIXPKGS) {
  let found: Record<string, unknown> = {};
  await withScratch({ "configuration.nix": module }, async (folder) => {
    found = await readApart(testContext(), {
      kind: "channel",
      configuration: `${folder}/configuration.nix`,
      nixPath: `nixpkgs=${nixpkgs}`,
    }, {});
  });
  return found;
}

Deno.test({
  name: "readApart() loses what Nix cannot evaluate and nothing beside it",
  ignore: !hasNix,
  fn: async () => {
    // A missing attribute takes an evaluation with it, whatever is caught.
    const facts = assembleFacts(
      await apart(`{ pkgs, ... }: {
        networking.hostName = "vm";
        services.openssh.ports = [ 22 2222 ];
        users.users = {
          ann = { isNormalUser = true; openssh.authorizedKeys.keys = [ "ssh-ed25519 AAAA ann" ]; };
          bob = { isNormalUser = true; openssh.authorizedKeys.keys = [ "a" { }.nothing ]; };
        };
      }`),
    );
    equal(facts.hostName, "vm");
    deepEqual(facts.ssh.ports, [22, 2222]);
    const people = facts.users.accounts.filter(({ name }) => /^(ann|bob)$/.test(name));
    deepEqual(people.find(({ name }) => name === "ann")?.authorizedKeys, ["ssh-ed25519 AAAA ann"]);
    deepEqual(people.find(({ name }) => name === "bob")?.home, "/home/bob");
    deepEqual(facts.unreadable, ["users.accounts.bob.authorizedKeys"]);
  },
});

Deno.test({
  name:
    "readApart() finds nothing where nothing evaluates, and passes on what is no mistake of the configuration",
  ignore: !hasNix,
  fn: async () => {
    deepEqual(await apart("{ imports = [ { }.nothing ]; }"), {});
    const ctx = testContext({ env: { NIX_CONFIG: "substituters =" } });
    const source = { kind: "channel" as const, configuration: "/x", nixPath: "" };
    await rejects(readApart(ctx, source, { timeout: 1 }), { code: ExitCode.General });
  },
});
