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
    // The grammar of sudoers(5), of which NixOS itself writes little.
    ["a ALL = (root, postgres) NOPASSWD: ALL", ["a: ALL"]],
    ["a one, two = NOPASSWD: ALL", ["a: ALL"]],
    ["a one = /bin/x : two, three = NOPASSWD: ALL", ["a: ALL"]],
    ["a one = NOPASSWD: /bin/x : two = ALL", ["a: /bin/x"]],
    ["a ALL=(ALL) NOPASSWD : ALL", ["a: ALL"]],
    ["a ALL=(ALL) CWD=/tmp TIMEOUT=5m NOPASSWD: ALL", ["a: ALL"]],
    ['a ALL=(ALL) CWD="/a b" NOPASSWD: /bin/x', ["a: /bin/x"]],
    ["a ALL=NOPASSWD: NOEXEC: /bin/x, PASSWD: /bin/y", ["a: /bin/x"]],
    ["a ALL=NOPASSWD: sha256:abc=, sha224:x /bin/x, /bin/y a\\:b=c", [
      "a: /bin/x",
      "a: /bin/y a\\:b=c",
    ]],
    ["DOMAIN\\\\the\\ admins ALL=(ALL) NOPASSWD: ALL", ["DOMAIN\\\\the\\ admins: ALL"]],
    ['"the admins", %"domain users" ALL=(ALL) NOPASSWD: ALL', [
      '"the admins", %"domain users": ALL',
    ]],
    ["ALL, !b ALL=(ALL) NOPASSWD: ALL", ["ALL, !b: ALL"]],
    ["a ALL=NOPASSWD: /bin/x # and no more, NOPASSWD: ALL", ["a: /bin/x"]],
    ["a ALL=(ALL) ALL # b ALL = NOPASSWD: ALL", []],
    ["a ALL=NOPASSWD: /bin/x \\#1", ["a: /bin/x \\#1"]],
    ["Defaults env_reset # !authenticate is not for us", []],
    ["Defaults: bob, %c !authenticate", ["bob, %c: ALL"]],
    ["Defaults!/bin/x, /bin/y !authenticate", ["everyone: /bin/x, /bin/y"]],
    ["Defaults exempt_group=users, env_reset", ["%users: ALL"]],
    ['Defaults secure_path="/a:/b", !lecture', []],
    ["a ALL=NOPASSWD: /bin/x\r", ["a: /bin/x"]],
    ["this is no rule", []],
  ] as const
) {
  Deno.test(`passwordlessRules() reads ${JSON.stringify(line)}`, () => {
    deepEqual(rules({ "/etc/sudoers": line + "\n" }), expected);
  });
}

Deno.test("passwordlessRules() tells what runs as root from what runs as somebody else", () => {
  const asRoot = (line: string) => {
    const root = Deno.makeTempDirSync();
    try {
      Deno.mkdirSync(`${root}/etc`);
      Deno.writeTextFileSync(`${root}/etc/sudoers`, line);
      return passwordlessRules(testContext({ root })).map((rule) => rule.asRoot);
    } finally {
      Deno.removeSync(root, { recursive: true });
    }
  };
  deepEqual(asRoot("a ALL=NOPASSWD: ALL"), [true]);
  deepEqual(asRoot("a ALL=(b, #0) NOPASSWD: ALL"), [true]);
  deepEqual(asRoot("a ALL=(ALL:ALL) NOPASSWD: ALL"), [true]);
  deepEqual(asRoot("a ALL=(postgres) NOPASSWD: /bin/x, /bin/y, (root) /bin/z"), [
    false,
    false,
    true,
  ]);
  deepEqual(asRoot("a ALL=(ALL, !root) NOPASSWD: ALL"), [false]);
  deepEqual(asRoot("a ALL=(:wheel) NOPASSWD: ALL"), [false]);
});

Deno.test("passwordlessRules() reads what is included as sudo finds it", () => {
  const rule = "a ALL=(ALL) NOPASSWD: /bin/";
  deepEqual(
    rules({
      "/etc/hostname": "host.example\n",
      "/etc/sudoers":
        '@includedir "/etc/more rules"\n@include /etc/sudoers.%h\n@include with\\ space\n',
      "/etc/more rules/one": `${rule}one\n@include two.conf\n`,
      "/etc/more rules/two.conf": `${rule}two\n`,
      "/etc/more rules/folder/file": `${rule}never\n`,
      "/etc/sudoers.host": `${rule}three\n`,
      "/etc/with space": `${rule}four\n`,
    }),
    ["a: /bin/one", "a: /bin/two", "a: /bin/three", "a: /bin/four"],
  );
});

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
    "/etc/sudoers.d/c": `a ALL = ${":".repeat(200_000)}\n`,
    "/etc/sudoers.d/d": `a ALL = ${"(".repeat(200_000)}\n`,
    "/etc/sudoers.d/e": `a ALL = ${"a,:".repeat(50_000)}\n`,
    "/etc/sudoers.d/f": `a ALL = ${'":'.repeat(50_000)}\n`,
    "/etc/sudoers.d/g": `${" ".repeat(200_000)}a,${" ".repeat(200_000)}\n`,
  });
  deepEqual([...new Set(found)], ["a: /bin/x"]);
});
