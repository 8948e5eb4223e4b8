import { deepEqual, ok } from "node:assert/strict";
import { isGuestOperation } from "../../lib/validate/checks/sudo_rules.ts";
import { passwordlessRules } from "../../lib/validate/sudoers.ts";
import { testContext } from "../support/context.ts";

function rules(files: Readonly<Record<string, string>>) {
  const root = Deno.makeTempDirSync();
  try {
    for (const [path, text] of Object.entries(files)) {
      Deno.mkdirSync((root + path).replace(/\/[^/]*$/, ""), { recursive: true });
      Deno.writeTextFileSync(root + path, text);
    }
    return passwordlessRules(testContext({ root })).map(({ who, command }) => `${who}: ${command}`);
  } finally {
    Deno.removeSync(root, { recursive: true });
  }
}

for (
  const [line, expected] of [
    ["%wheel\tALL=(ALL:ALL)\tSETENV: ALL", []],
    ["%wheel ALL=(ALL) NOPASSWD: ALL", ["%wheel: ALL"]],
    ["%wheel\tALL=(ALL:ALL)\tNOPASSWD:SETENV: ALL", ["%wheel: ALL"]],
    ["%wheel ALL = (ALL) SETENV: NOPASSWD: ALL", ["%wheel: ALL"]],
    ["a ALL=(root) NOPASSWD: /bin/x, /bin/y, PASSWD: /bin/z", ["a: /bin/x", "a: /bin/y"]],
    ["a ALL=NOPASSWD: ALL, !/bin/su", ["a: ALL"]],
    ["#1000 ALL=(ALL) NOPASSWD: ALL", ["#1000: ALL"]],
    ["# a ALL=(ALL) NOPASSWD: ALL", []],
    ["Defaults !authenticate", ["everyone: ALL"]],
    ["Defaults:bob env_reset, !authenticate", ["bob: ALL"]],
    ["Defaults authenticate", []],
    ["a, b ALL=(ALL) \\\n  NOPASSWD: /bin/x a\\,b", ["a, b: /bin/x a\\,b"]],
    ["User_Alias X = a", []],
  ] as const
) {
  Deno.test(`passwordlessRules() reads ${JSON.stringify(line)}`, () => {
    deepEqual(rules({ "/etc/sudoers": line + "\n" }), expected);
  });
}

Deno.test("passwordlessRules() follows includes, and leaves out what sudo leaves out", () => {
  const rule = "a ALL=(ALL) NOPASSWD: /bin/";
  deepEqual(
    rules({
      "/etc/sudoers": "@includedir /etc/sudoers.d\n#include other\n@include /etc/none\n",
      "/etc/sudoers.d/one": `${rule}one\n`,
      "/etc/sudoers.d/two.bak": `${rule}two\n`,
      "/etc/sudoers.d/three~": `${rule}three\n`,
      "/etc/other": `${rule}other\n@include /etc/other\n`,
    }).slice(0, 2),
    ["a: /bin/one", "a: /bin/other"],
  );
});

Deno.test("isGuestOperation() takes what operators.nix grants, and nothing near it", () => {
  const module = new URL("../../nix/module/operators.nix", import.meta.url);
  const text = Deno.readTextFileSync(module);
  const list = (name: string) =>
    [...new RegExp(`${name} = \\[([^\\]]*)\\]`).exec(text)![1]!.matchAll(/"([^"]+)"/g)]
      .map((match) => match[1]!);
  const virsh = /virsh = "([^"]+)"/.exec(text)![1]!;
  const name = / name = "([^"]+)"/.exec(text)![1]!;
  const verbs = list("onGuest");
  ok(verbs.length > 10);
  for (const words of [...list("overview"), `^(${verbs.join("|")}) ${name}$`]) {
    ok(isGuestOperation(`${virsh} ${words}`), words);
  }
  for (
    const command of [
      "ALL",
      virsh,
      `${virsh} *`,
      `${virsh} define /tmp/x`,
      `${virsh} ^(start|define) ${name}$`,
      `${virsh} ^(start) .*$`,
      `/home/a/virsh list`,
    ]
  ) ok(!isGuestOperation(command), command);
});

Deno.test("passwordlessRules() comes to an end with files that include each other, and with long lists", () => {
  const rule = "a ALL=(ALL) NOPASSWD: /bin/x\n";
  const bomb = "@include /etc/sudoers\n@includedir /etc/sudoers.d\n".repeat(20);
  const found = rules({
    "/etc/sudoers": rule + bomb,
    "/etc/sudoers.d/a": bomb,
    "/etc/sudoers.d/b": `${"a,".repeat(2000)}a ALL\n`,
  });
  deepEqual([...new Set(found)], ["a: /bin/x"]);
});
