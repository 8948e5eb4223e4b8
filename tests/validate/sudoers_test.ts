import { deepEqual, ok } from "node:assert/strict";
import { isGuestOperation } from "../../lib/validate/checks/sudo_rules.ts";
import { isAmong, passwordlessRules } from "../../lib/validate/sudoers.ts";
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
    // Of the entries of the same users for a command the last one counts.
    ["a ALL=(ALL) NOPASSWD: ALL\na ALL=(ALL) ALL", []],
    ["a ALL=NOPASSWD: /bin/x\na ALL=(ALL) ALL\na ALL=NOPASSWD: /bin/y", ["a: /bin/y"]],
    ["a ALL=NOPASSWD: ALL\na ALL=(postgres) ALL\na ALL=/bin/x", ["a: ALL"]],
    ["a ALL=NOPASSWD: ALL\nb ALL=ALL\na elsewhere=ALL", ["a: ALL"]],
  ] as const
) {
  Deno.test(`passwordlessRules() reads ${JSON.stringify(line)}`, () => {
    deepEqual(rules({ "/etc/sudoers": line + "\n" }), expected);
  });
}

for (
  const [what, files, expected] of [
    ["of users, defined later and elsewhere", {
      "/etc/sudoers": "OPS ALL=(ALL) NOPASSWD: ALL\n@includedir /etc/sudoers.d\n",
      "/etc/sudoers.d/people": "User_Alias OPS = alice, \\\n  %staff\n",
    }, ["alice, %staff: ALL"]],
    ["of commands, negated ones left out", {
      "/etc/sudoers": "Cmnd_Alias SHELLS = /bin/sh, sha256:x /bin/y : ALLOWED = /bin/x, !SHELLS\n" +
        "a ALL = NOPASSWD: ALLOWED, PASSWD: SHELLS\n",
    }, ["a: /bin/x"]],
    ["of commands that are everything", {
      "/etc/sudoers": "Cmnd_Alias ANY = ALL\na ALL=NOPASSWD: ANY\n",
    }, ["a: ALL"]],
    ["of Defaults", {
      "/etc/sudoers": "User_Alias BOTH = a, b\nDefaults:BOTH !authenticate\n",
    }, ["a, b: ALL"]],
    ["that nothing defines", { "/etc/sudoers": "NOBODY ALL=NOPASSWD: ALL\n" }, ["NOBODY: ALL"]],
    ["of hosts, of which this is one", {
      "/etc/hostname": "web\n",
      "/etc/sudoers": "Host_Alias FRONT = db, web\na FRONT=NOPASSWD: ALL\n",
    }, ["a: ALL"]],
    ["of hosts, of which this is none", {
      "/etc/hostname": "web\n",
      "/etc/sudoers": "Host_Alias BACK = db, mail : NOT = ALL, !web\n" +
        "a BACK=NOPASSWD: ALL\nb NOT=NOPASSWD: ALL\nc web, !web=NOPASSWD: ALL\n" +
        "Defaults@BACK !authenticate\n",
    }, []],
    ["of hosts by address, by name of a network, by pattern", {
      "/etc/hostname": "web\n",
      "/etc/sudoers": "a 192.0.2.0/24=NOPASSWD: ALL\nb +hosts=NOPASSWD: ALL\n" +
        "c w?b=NOPASSWD: ALL\nd web.example.org=NOPASSWD: ALL\n",
    }, ["a: ALL", "b: ALL", "c: ALL", "d: ALL"]],
  ] as const
) {
  Deno.test(`passwordlessRules() follows an alias ${what}`, () => {
    deepEqual(rules(files), expected);
  });
}

Deno.test("isAmong() takes the last item of a list that is about an account", () => {
  const groups = [{ name: "wheel", gid: 1 }, { name: "domain users", gid: 7 }];
  const isMeant = (who: string) => isAmong(who, { name: "alice", uid: 1000 }, groups);
  for (
    const who of ["alice", "ALL, !bob", "%wheel", "%#1", "#1000", '%"domain users"', "bob, alice"]
  ) {
    ok(isMeant(who), who);
  }
  for (const who of ["bob", "ALL, !alice", "ALL, !%wheel", "%staff", "#1", "everyone", ""]) {
    ok(!isMeant(who), who);
  }
});

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
