import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import fc from "fast-check";
import { ExitCode } from "../../../lib/machine/exit_code.ts";
import { ToolError } from "../../../lib/machine/tool_error.ts";
import { evaluateJson } from "../../../lib/nix/evaluation/evaluate.ts";
import { type Expression, mkOverride, path } from "../../../lib/nix/expressions/expression.ts";
import { printExpression } from "../../../lib/nix/expressions/expression_layout.ts";
import { printModule } from "../../../lib/nix/expressions/nix_module.ts";
import { testContext } from "../../support/context.ts";
import { hasNix } from "../../support/needs.ts";

const HOSTILE = [
  "",
  " ",
  "\n",
  "\n\n",
  "${x}",
  "$${x}",
  "$$${x}",
  "\\${x}",
  "\\\\${x}",
  "$",
  "$$",
  "''",
  "'''",
  "''${x}",
  "'${x}\n\n",
  "a\n''${x}\nb\n",
  "a\n${x}\n  b\n",
  "a\n$${x}\nb\n",
  "a\nb'\n",
  " a\n  b\n",
  "a\n \nb\n",
  "a\n\n\tb\n",
  "a\n\\n\n",
  "a\r\nb\r\n",
  "\r",
  "\ttab",
  '"quoted"',
  "back\\slash\\",
  "\x01\x1b[31m\x7f",
  "Zoë 🦊 \u202e \u2028",
  "end of ${",
  "*/ # /*",
];

/** Pieces that mean something to Nix, and anything else. */
const anyText = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 12 }),
  fc.array(
    fc.constantFrom("$", "{", "}", "'", '"', "\\", "\n", "\r", "\t", " ", "a", "${", "''", "é"),
    { maxLength: 12 },
  ).map((parts) => parts.join("")),
  fc.array(fc.constantFrom("a", " ", "${", "\t", "''", "$", "'", "\\"), { maxLength: 6 }).map(
    (parts) => parts.join("").split("a").map((line) => line + "\n").join(""),
  ),
).filter((text) => !text.includes("\0") && text.isWellFormed());

async function evaluated(expression: Expression): Promise<unknown> {
  return await evaluateJson(testContext(), printExpression(expression), { what: "the test" });
}

Deno.test({
  name: "printExpression() gives real Nix back every string, in lists, sets and as names",
  ignore: !hasNix,
  fn: async () => {
    const texts = [...HOSTILE, ...fc.sample(anyText, 1500)];
    const values = {
      list: texts,
      set: Object.fromEntries(texts.map((text, index) => [`t${index}`, { nested: text }])),
      names: Object.fromEntries([...new Set(texts)].map((text) => [text, 1])),
    };
    deepStrictEqual(await evaluated(values), values);
  },
});

Deno.test({
  name: "printExpression() gives real Nix back any value",
  ignore: !hasNix,
  fn: async () => {
    const { value } = fc.letrec<{ value: Expression }>((tie) => ({
      value: fc.oneof(
        { depthSize: "small" },
        fc.boolean(),
        fc.maxSafeInteger(),
        fc.constant(null),
        anyText,
        fc.array(tie("value"), { maxLength: 4 }),
        fc.dictionary(anyText, tie("value"), { maxKeys: 4, noNullPrototype: true }),
      ),
    }));
    const values = fc.sample(value, 400);
    deepStrictEqual(await evaluated(values), values);
  },
});

Deno.test({
  name: "printExpression() names paths that Nix reads as the same paths",
  ignore: !hasNix,
  fn: async () => {
    const paths = [
      "/",
      "/etc/nixos",
      "/etc//nixos/",
      "/a b/${c}/d'",
      "/etc/a@b",
      "/ümlaut",
      "/a~b",
    ];
    const expression = `map toString ${printExpression(paths.map(path))}`;
    const expected = paths.map((text) => text.replace("//", "/").replace(/(?<=.)\/$/, ""));
    deepStrictEqual(await evaluateJson(testContext(), expression, { what: "paths" }), expected);
  },
});

Deno.test("printExpression() collapses sets with one member and quotes names that need it", () => {
  strictEqual(
    printExpression({
      networking: { hostName: "alpha" },
      users: {
        users: {
          "j.doe": {
            isNormalUser: true,
            extraGroups: ["wheel", "kvm"],
            shell: path("/bin/zsh"),
          },
        },
      },
      with: { 1: {} },
      left: undefined,
    }),
    `{
  networking.hostName = "alpha";
  users.users."j.doe" = {
    isNormalUser = true;
    extraGroups = [ "wheel" "kvm" ];
    shell = /bin/zsh;
  };
  "with"."1" = { };
}`,
  );
});

Deno.test("printExpression() puts in parentheses what is more than one word", () => {
  strictEqual(
    printExpression({
      a: mkOverride(60, -1),
      b: [-1, mkOverride(1000, ["x"]), path("/etc/my file")],
      c: mkOverride(60, { enable: true, ports: [22] }),
    }),
    `{
  a = lib.mkOverride 60 (-1);
  b = [ (-1) (lib.mkOverride 1000 [ "x" ]) (/. + "/etc/my file") ];
  c = lib.mkOverride 60 {
    enable = true;
    ports = [ 22 ];
  };
}`,
  );
});

Deno.test("printExpression() breaks what is too wide, and keeps lines of text", () => {
  const key = "ssh-ed25519 " + "A".repeat(68);
  strictEqual(
    printExpression({
      keys: [key, key],
      listen: [{ addr: "0.0.0.0", port: 22 }, { addr: "::", port: 22 }],
      rules: "iptables -A a\n\n  iptables -A ${b}\n",
    }),
    `{
  keys = [
    "${key}"
    "${key}"
  ];
  listen = [
    { addr = "0.0.0.0"; port = 22; }
    { addr = "::"; port = 22; }
  ];
  rules = ''
    iptables -A a

      iptables -A ''\${b}
  '';
}`,
  );
});

Deno.test("printExpression() refuses what Nix cannot hold", () => {
  for (const text of ["a\0b", "\ud800", "x\udc00y"]) {
    const refused = (error: unknown) =>
      error instanceof ToolError && error.code === ExitCode.Configuration &&
      error.message.isWellFormed();
    throws(() => printExpression(text), refused);
    throws(() => printExpression({ [text]: 1 }), refused);
    throws(() => printModule({ comment: text, config: {} }), refused);
  }
  throws(() => printExpression(1.5), TypeError);
  throws(() => path("etc"), TypeError);
});
