import { equal } from "node:assert/strict";
import { hostNameProblem, optionsFor, stateVersionProblem } from "../../lib/install/options.ts";

Deno.test("hostNameProblem() takes what a host may be called, and says what is wrong", () => {
  for (const name of ["a", "vps4711", "a-b", "A1", "x".repeat(63)]) {
    equal(hostNameProblem(name), undefined, name);
  }
  const wrong: readonly (readonly [string, RegExp])[] = [
    ["", /letters, digits/],
    ["-a", /letters, digits/],
    ["a-", /letters, digits/],
    ["a_b", /letters, digits/],
    ["a b", /letters, digits/],
    ["ä", /letters, digits/],
    ["a\n", /letters, digits/],
    ["${x}", /letters, digits/],
    ["a.example.org", /without its domain/],
    ["x".repeat(64), /63 characters/],
  ];
  for (const [name, problem] of wrong) equal(problem.test(hostNameProblem(name) ?? ""), true, name);
});

Deno.test("stateVersionProblem() takes releases of NixOS", () => {
  for (const version of ["23.11", "24.05", "13.10".replace("10", "09"), "17.03"]) {
    equal(stateVersionProblem(version), undefined, version);
  }
  for (const version of ["", "24", "24.5", "24.06", "24.05 ", "24.05\n", "unstable", "124.05"]) {
    equal(stateVersionProblem(version) === undefined, false, version);
  }
});

Deno.test("optionsFor() makes the host of a published tree without a base", () => {
  const given = { keepConfig: true } as Parameters<typeof optionsFor>[0];
  equal(optionsFor(given, "published").keepConfig, false);
  equal(optionsFor(given, "native"), given);
  equal(optionsFor(given), given);
});
