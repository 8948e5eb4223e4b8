import assert from "node:assert/strict";
import { stateVersionIn } from "../../../lib/install/plan/machine_reading.ts";

Deno.test("stateVersionIn() finds the machine's own state version, and guesses none", () => {
  const cases: [text: string, version: string | undefined][] = [
    ['{ system.stateVersion = "23.11"; # Did you read the comment?\n}', "23.11"],
    ['{\r\n  system.stateVersion="16.09";\r\n}\r\n', "16.09"],
    ['{ system = { stateVersion = "24.05"; }; }', "24.05"],
    ['{ system.stateVersion = lib.mkDefault "22.11"; }', "22.11"],
    ['# system.stateVersion = "20.03";\n{ system.stateVersion = "23.11"; }', "23.11"],
    ['/* system.stateVersion = "20.03";\n */ { system.stateVersion = "23.11"; }', "23.11"],
    // home-manager's, of a user.
    [
      '{ home-manager.users.anna.home.stateVersion = "22.05"; system.stateVersion = "23.11"; }',
      "23.11",
    ],
    [
      '{ home-manager.users.anna = { home = { stateVersion = "22.05"; }; };\n system.stateVersion = "23.11"; }',
      "23.11",
    ],
    ['{ home-manager.users.anna.home.stateVersion = "22.05"; }', undefined],
    [
      '{ users = { anna.home = { stateVersion = "22.05"; }; }; system = { stateVersion = "23.11"; }; }',
      undefined,
    ],
    ["{ system.stateVersion = config.system.nixos.release; }", undefined],
    ["{ imports = [ ./common.nix ]; }", undefined],
    ["", undefined],
  ];
  for (const [text, version] of cases) assert.equal(stateVersionIn(text), version, text);
});
