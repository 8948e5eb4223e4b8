import { deepEqual, equal, notEqual, ok } from "node:assert/strict";
import * as v from "valibot";
import { applyToSource } from "../../../lib/nix/evaluation/configuration_source.ts";
import {
  compareIdentities,
  type Identity,
  IdentitySchema,
} from "../../../lib/nix/evaluation/identity.ts";
import {
  IDENTITY_GROUPS,
  identityExpression,
} from "../../../lib/nix/evaluation/identity_expression.ts";
import { testContext } from "../../support/context.ts";
import { hasNix } from "../../support/needs.ts";
import { withScratch } from "../../support/scratch_files.ts";
import { STAND_IN_NIXPKGS } from "../../support/scratch_machine.ts";

/** What a configuration with this module is made of. */
async function identityOf(
  module: string,
  files: Record<string, string> = {},
): Promise<Identity> {
  let found: unknown;
  await withScratch({ ...files, "configuration.nix": module }, async (folder) => {
    const code = `nixos: builtins.foldl' (a: b: a // b) { }
      (builtins.attrValues ((${identityExpression}) nixos))`;
    found = await applyToSource(testContext(), {
      kind: "channel",
      configuration: `${folder}/configuration.nix`,
      nixPath: `nixpkgs=${STAND_IN_NIXPKGS}`,
    }, code);
  });
  return v.parse(IdentitySchema, found);
}

/** What differs between two modules: `kind name state`. */
async function differences(before: string, after: string): Promise<string[]> {
  const compared = compareIdentities(await identityOf(before), await identityOf(after));
  return compared.differences.map(({ kind, name, state }) => `${kind} ${name} ${state}`);
}

const USER = (line: string) => `{ users.users.ann = { isNormalUser = true; ${line} }; }`;

Deno.test({
  name: "a password never is part of what a system is made of, and whether it changed is",
  ignore: !hasNix,
  fn: async () => {
    const hash = "$6$salt$neverShown";
    for (
      const line of [
        `hashedPassword = "${hash}";`,
        'password = "neverShown";',
        'initialPassword = "neverShown";',
        'initialHashedPassword = "neverShown";',
      ]
    ) {
      const identity = await identityOf(USER(line));
      equal(JSON.stringify(identity).includes("neverShown"), false, line);
      ok(identity.account?.ann, line);
    }
    const changed = ["account ann changed"];
    deepEqual(
      await differences(USER(`hashedPassword = "${hash}";`), USER('hashedPassword = "!";')),
      changed,
    );
    deepEqual(await differences(USER(""), USER('hashedPasswordFile = "/var/x";')), changed);
  },
});

Deno.test({
  name: "what is not in a file's text counts: its mode and owner, what wants a unit, a key",
  ignore: !hasNix,
  fn: async () => {
    const etc = (line: string) => `{ environment.etc."x/y.conf" = { text = "same"; ${line} }; }`;
    deepEqual(await differences(etc(""), etc('mode = "0600";')), ["etc x/y.conf changed"]);
    deepEqual(await differences(etc(""), etc("enable = false;")), ["etc x/y.conf gone"]);
    const unit = (line: string) => `{ systemd.services.a = { script = "true"; ${line} }; }`;
    ok(
      (await differences(unit(""), unit('wantedBy = [ "multi-user.target" ];'))).includes(
        "unit a.service changed",
      ),
    );
    ok(
      (await differences(USER(""), USER('openssh.authorizedKeys.keys = [ "ssh-ed25519 AAAA" ];')))
        .includes("account ann changed"),
    );
    deepEqual(await differences(etc(""), etc("")), []);
  },
});

Deno.test({
  name: "a file that a configuration names by its path is known by what is in it",
  ignore: !hasNix,
  fn: async () => {
    const module = "{ environment.etc.motto.source = ./motto; }";
    const one = await identityOf(module, { motto: "one" });
    const same = await identityOf(module, { motto: "one" });
    const other = await identityOf(module, { motto: "other" });
    deepEqual(one.etc?.motto, same.etc?.motto);
    notEqual(JSON.stringify(one.etc?.motto), JSON.stringify(other.etc?.motto));
    const absent = await identityOf('{ environment.etc.motto.source = "/run/keys/motto"; }');
    ok(JSON.stringify(absent.etc?.motto).includes('"source":"/run/keys/motto"'));
  },
});

Deno.test({
  name: "one value that throws is unreadable by itself, and the groups can be read apart",
  ignore: !hasNix,
  fn: async () => {
    const identity = await identityOf(
      `{ environment.etc = { good.text = "x"; bad.text = throw "no"; }; }`,
    );
    ok(identity.etc?.good && "is" in identity.etc.good);
    deepEqual(identity.etc?.bad, { unreadable: true });
    equal(typeof identity.toplevel, "object");
    await withScratch({ "configuration.nix": "{ }" }, async (folder) => {
      const groups = await applyToSource(testContext(), {
        kind: "channel",
        configuration: `${folder}/configuration.nix`,
        nixPath: `nixpkgs=${STAND_IN_NIXPKGS}`,
      }, `nixos: builtins.attrNames ((${identityExpression}) nixos)`);
      deepEqual(groups, [...IDENTITY_GROUPS].sort());
    });
  },
});

Deno.test({
  name: "two packages with units of one name are two",
  ignore: !hasNix,
  fn: async () => {
    const packages = (...contents: string[]) =>
      `{ systemd.packages = map (content: derivation { name = "units-1.0"; system = "x86_64-linux";
        builder = "/bin/sh"; args = [ content ]; }) [ ${
        contents.map((one) => `"${one}"`).join(" ")
      } ]; }`;
    const changed = await differences(packages("a", "b"), packages("a", "c"));
    ok(changed.includes("unitPackage units-1.0 changed"), changed.join());
    // The order in which modules add them, or one that two of them add, is no difference.
    deepEqual(await differences(packages("a", "b"), packages("b", "a", "b")), []);
  },
});
