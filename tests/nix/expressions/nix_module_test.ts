import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { evaluateJson } from "../../../lib/nix/evaluation/evaluate.ts";
import { mkOverride, path } from "../../../lib/nix/expressions/expression.ts";
import { printModule } from "../../../lib/nix/expressions/nix_module.ts";
import { testContext } from "../../support/context.ts";
import { hasNix } from "../../support/needs.ts";

Deno.test("printModule() writes head, used arguments and settings", () => {
  strictEqual(
    printModule({
      comment: "Written by system-installer.\nDo not edit.",
      config: {
        networking: { hostName: mkOverride(60, "alpha") },
        users: { defaultUserShell: path("./shell.nix") },
      },
    }),
    `# Written by system-installer.
# Do not edit.
{ lib, ... }:
{
  networking.hostName = lib.mkOverride 60 "alpha";
  users.defaultUserShell = ./shell.nix;
}
`,
  );
});

Deno.test("printModule() asks for no argument when nothing is referred to", () => {
  strictEqual(printModule({ comment: "x", config: {} }), "# x\n{ ... }:\n{ }\n");
});

Deno.test({
  name: "printModule() cannot be left through its comment",
  ignore: !hasNix,
  fn: async () => {
    const text = printModule({
      comment: "a\rthrow 1\nthrow 2\r\nthrow 3",
      config: { a: mkOverride(50, "x") },
    });
    const value = await evaluateJson(testContext(), `(${text}) { lib.mkOverride = _: x: [ x ]; }`, {
      what: "the test",
    });
    deepStrictEqual(value, { a: ["x"] });
  },
});
