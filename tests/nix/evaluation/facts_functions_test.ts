/** What the facts make of single values, as NixOS of any release may have them. */
import { deepEqual } from "node:assert/strict";
import { evaluateJson } from "../../../lib/nix/evaluation/evaluate.ts";
import { factsFunctions } from "../../../lib/nix/evaluation/facts_functions.ts";
import { testContext } from "../../support/context.ts";
import { hasNix } from "../../support/needs.ts";

/** A list of [code, what it is] pairs, evaluated at once. */
async function areAll(cases: readonly (readonly [code: string, value: unknown])[]): Promise<void> {
  const nixos = `{ config = { networking.hostName = "vmhost"; boot = { }; services.openssh = { };
    security.sudo = { }; }; options = { }; pkgs = { }; }`;
  const found = await evaluateJson(
    testContext(),
    `let nixos = ${nixos}; in let ${factsFunctions} in [ ${
      cases.map(([code]) => `(${code})`).join("\n")
    } ]`,
    { what: "the facts' functions" },
  ) as unknown[];
  cases.forEach(([code, value], index) => deepEqual(found[index], value, code));
}

Deno.test({
  name: "a rule of sudo counts where it lets somebody run everything as root on this machine",
  ignore: !hasNix,
  fn: async () => {
    const rule = (text: string) => `sudoRule { users = [ "anna" ]; ${text} }`;
    const grants = (noPassword: boolean) => [{ users: ["anna"], groups: [], noPassword }];
    const all = 'commands = [ "ALL" ];';
    await areAll([
      [rule(all), grants(false)],
      [
        rule('commands = [ { command = "ALL"; options = [ "SETENV" "NOPASSWD" ]; } ];'),
        grants(true),
      ],
      [rule('commands = [ "/bin/ls" { command = "ALL"; } ];'), grants(false)],
      // A tag holds for the commands behind it, until another one stands there.
      [rule('commands = [ { command = "ALL"; options = [ "NOPASSWD" ]; } "ALL" ];'), grants(true)],
      [
        rule(`commands = [ { command = "ALL"; options = [ "NOPASSWD" ]; }
          { command = "ALL"; options = [ "PASSWD" ]; } ];`),
        grants(false),
      ],
      [rule('commands = [ "/run/current-system/sw/bin/virsh" ];'), []],
      [rule('commands = [ "!ALL" ];'), []],
      [rule("commands = [ ];"), []],
      [rule(`runAs = "root"; ${all}`), grants(false)],
      [rule(`runAs = "ALL:ALL"; ${all}`), grants(false)],
      [rule(`runAs = "postgres"; ${all}`), []],
      // One configuration for several machines.
      [rule(`host = "vmhost"; ${all}`), grants(false)],
      [rule(`host = "ALL"; ${all}`), grants(false)],
      [rule(`host = "laptop"; ${all}`), []],
      ['sudoRule { groups = [ 27 ]; users = [ 1000 ]; commands = [ "ALL" ]; }', [
        { users: ["1000"], groups: ["27"], noPassword: false },
      ]],
    ]);
  },
});

Deno.test({
  name: "a declared password is told by its kind, and never leaves Nix",
  ignore: !hasNix,
  fn: async () => {
    await areAll([
      ["passwordKind { }", "none"],
      ['passwordKind { hashedPassword = "$6$salt$hash"; }', "hash"],
      ['passwordKind { hashedPassword = ""; }', "empty-hash"],
      ['passwordKind { hashedPassword = "!"; }', "locked-hash"],
      ['passwordKind { hashedPassword = "!$6$salt$hash"; }', "locked-hash"],
      ['passwordKind { hashedPassword = "*"; }', "locked-hash"],
      ['passwordKind { password = "secret"; hashedPassword = "!"; }', "plain"],
      ['passwordKind { hashedPasswordFile = "/x"; password = "secret"; }', "file"],
      ['passwordKind { passwordFile = /x; hashedPassword = "!"; }', "file"],
      [
        "passwordKind { hashedPasswordFile = null; password = null; hashedPassword = null; }",
        "none",
      ],
    ]);
  },
});

Deno.test({
  name: "keys are lines, whatever their ends; comments are none",
  ignore: !hasNix,
  fn: async () => {
    await areAll([
      ['keyLines "# mine\\r\\nssh-ed25519 AAAA a\\r\\n\\r\\n  # more\\n\\tssh-rsa BBBB"', [
        "ssh-ed25519 AAAA a",
        "\tssh-rsa BBBB",
      ]],
      ['keyLines ""', []],
      ['yes "yes"', true],
      ['yes "no"', false],
      ["yes true", true],
      ['gateway "192.0.2.1"', { address: "192.0.2.1", interface: null, metric: null }],
      ["names { b = true; a = false; }", ["b"]],
      ['names [ "b" "a" ]', ["b", "a"]],
    ]);
  },
});
