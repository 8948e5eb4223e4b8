import { deepEqual } from "node:assert/strict";
import { evaluateJson } from "../../../lib/nix/evaluation/evaluate.ts";
import { PLAIN_OPTIONS } from "../../../lib/nix/evaluation/plain_options.ts";
import { readConfiguration } from "../../../lib/nix/evaluation/read_configuration.ts";
import { printExpression } from "../../../lib/nix/expressions/expression_layout.ts";
import { testContext } from "../../support/context.ts";
import { hasNix } from "../../support/needs.ts";
import { withScratch } from "../../support/scratch_files.ts";
import { STAND_IN_NIXPKGS } from "../../support/scratch_machine.ts";

Deno.test({
  name:
    "what PLAIN_OPTIONS names are options, not members of an option's value, where nobody would find them",
  ignore: !hasNix,
  fn: async () => {
    const names = printExpression(PLAIN_OPTIONS);
    const lost = await evaluateJson(
      testContext({ env: { NIX_PATH: `nixpkgs=${STAND_IN_NIXPKGS}` } }),
      `let
        nixos = import <nixpkgs/nixos> { configuration = { }; };
        inherit (builtins) hasAttr isAttrs filter isString split tryEval;
        at = path: set: builtins.foldl' (inner: name:
          if isAttrs inner && hasAttr name inner then inner.\${name} else null) set path;
        dots = name: filter isString (split "[.]" name);
        isSomewhere = name: (at (dots name) nixos.config) != null;
        isOption = name: let o = at (dots name) nixos.options; in isAttrs o && (o._type or "") == "option";
      in filter (name: isSomewhere name && !(isOption name)) ${names}`,
      { what: "the test" },
    );
    deepEqual(lost, []);
  },
});

Deno.test({
  name: "the tables of routes that an owner named are read with the other plain options",
  ignore: !hasNix,
  fn: async () => {
    const module = `{ lib, ... }: {
      systemd.network.config.routeTables = { mgmt = 100; vpn = lib.mkForce 200; };
      boot.kernel.sysctl."net.ipv4.ip_forward" = 1;
    }`;
    await withScratch({ "configuration.nix": module }, async (folder) => {
      const { plain } = await readConfiguration(testContext(), {
        kind: "channel",
        configuration: `${folder}/configuration.nix`,
        nixPath: `nixpkgs=${STAND_IN_NIXPKGS}`,
      });
      const said = (plain ?? []).flatMap(({ said }) => said)
        .map(({ option, value }) => [option.join("."), value]);
      deepEqual(said, [
        ["boot.kernel.sysctl", { "net.ipv4.ip_forward": 1 }],
        ["systemd.network.config", { routeTables: { mgmt: 100, vpn: 200 } }],
      ]);
    });
  },
});
