import assert from "node:assert/strict";
import { groupsOf, passwordHashes, readAccounts } from "../../../lib/machine/accounts/accounts.ts";
import { testContext } from "../../support/context.ts";
import { makeFifo, withScratch } from "../../support/scratch_files.ts";

const HASH = "$6$salt$abcdefghijklmnopqrstuvwxyz0123456789";

/** shadow(5): a line with this password field. */
function shadowLine(name: string, field: string): string {
  return `${name}:${field}:19000:0:99999:7:::\n`;
}

Deno.test("readAccounts() reads every field, quotes and unicode as they are", async () => {
  const gecos = `Zoë "\${x}" \\n 'q', Room 5,,`;
  await withScratch({
    "etc/passwd": `root:x:0:0:root:/root:/bin/sh\nMary.Ann:x:1001:1001:${gecos}:/home/mary ann:\n`,
    "etc/group": "root:x:0:\nMary.Ann:x:1001:\nwheel:x:1:root,Mary.Ann,,root\n",
    "etc/shadow": shadowLine("root", "*") + shadowLine("Mary.Ann", HASH),
  }, (root) => {
    const read = readAccounts(testContext({ root }));
    assert.deepEqual(read.warnings, []);
    assert.equal(read.shadowReadable, true);
    const mary = read.accounts[1]!;
    assert.deepEqual(mary, {
      name: "Mary.Ann",
      uid: 1001,
      gid: 1001,
      description: gecos,
      home: "/home/mary ann",
      shell: "",
      passwordState: "hash",
    });
    const { primary, supplementary } = groupsOf(read, mary);
    assert.equal(primary?.name, "Mary.Ann");
    assert.deepEqual(supplementary, [{ name: "wheel", gid: 1, members: ["root", "Mary.Ann"] }]);
  });
});

Deno.test("readAccounts() tells locked, empty and impossible passwords apart", async () => {
  const fields: Record<string, string> = {
    hash: HASH,
    yescrypt: "$y$j9T$salt$hash",
    des: "abJnggxhB/yWI",
    locked: `!${HASH}`,
    twice: `!!${HASH}`,
    empty: "",
    never: "*",
    bang: "!",
    bangs: "!!",
    words: "no password!",
  };
  const names = Object.keys(fields);
  await withScratch({
    "etc/passwd": [...names, "absent"].map((name, at) => `${name}:x:${1000 + at}:100::/:/bin/sh\n`)
      .join("") + `old:${HASH}:3000:100::/:/bin/sh\n`,
    "etc/shadow": names.map((name) => shadowLine(name, fields[name]!)).join(""),
  }, (root) => {
    const { accounts } = readAccounts(testContext({ root }));
    const states = Object.fromEntries(accounts.map((one) => [one.name, one.passwordState]));
    assert.deepEqual(states, {
      hash: "hash",
      yescrypt: "hash",
      des: "hash",
      locked: "locked",
      twice: "locked",
      empty: "empty",
      never: "none",
      bang: "none",
      bangs: "none",
      words: "none",
      absent: "none",
      old: "hash",
    });
  });
});

Deno.test("readAccounts() skips what is malformed and names file and line", async () => {
  await withScratch({
    "etc/passwd": [
      "# a comment",
      "root:x:0:0:root:/root:/bin/sh",
      "short:x:1000:1000:/home/short",
      "nouid:x:ten:1000::/:/bin/sh",
      "minus:x:4294967295:1000::/:/bin/sh",
      "../../etc/cron.d/x:x:1002:1000::/:/bin/sh",
      ":x:1003:1000::/:/bin/sh",
      "root:x:0:0:again:/:/bin/sh",
      "es\x1b[31mcape:x:1004:1000::/:/bin/sh",
      "",
      "+nisuser::::::",
      "+",
      "last:x:1005:1000::/:/bin/sh",
    ].join("\n"),
    "etc/group": "users:x:1000:\nbroken:x\n",
    "etc/shadow": `root:${HASH}:1:::::\nlast:${HASH}\n`,
  }, (root) => {
    const ctx = testContext({ root });
    const { accounts, warnings } = readAccounts(ctx);
    assert.deepEqual(accounts.map((one) => one.name), ["root", "last"]);
    assert.equal(accounts[0]!.description, "root");
    const skipped = warnings.map((text) =>
      /^(\S+ line \d+): .*; the entry is skipped$/.exec(text)?.[1]
    );
    assert.deepEqual(skipped, [
      "/etc/passwd line 3",
      "/etc/passwd line 4",
      "/etc/passwd line 5",
      "/etc/passwd line 6",
      "/etc/passwd line 7",
      "/etc/passwd line 8",
      "/etc/passwd line 9",
      "/etc/group line 2",
      "/etc/shadow line 1",
      "/etc/shadow line 2",
    ]);
    assert.deepEqual(accounts.map((one) => one.passwordState), ["unknown", "unknown"]);
    assert.ok(!warnings.join().includes(HASH), "a warning holds a hash");
    assert.ok(!warnings.join().includes("\x1b"), "a warning holds a control character");
  });
});

Deno.test("readAccounts() says so when shadow cannot be read, and never waits for a pipe", async () => {
  await withScratch({ "etc/passwd": "root:x:0:0::/root:/bin/sh\n" }, (root) => {
    makeFifo(`${root}/etc/shadow`);
    const ctx = testContext({ root });
    const read = readAccounts(ctx);
    assert.equal(read.shadowReadable, false);
    assert.equal(read.accounts[0]!.passwordState, "unknown");
    assert.match(read.warnings[0]!, /^\/etc\/shadow cannot be read: /);
    assert.equal(passwordHashes(ctx).size, 0);
  });
});

Deno.test("readAccounts() keeps a machine's links inside its root", async () => {
  await withScratch({
    "etc/passwd": { link: "/static/passwd" },
    "static/passwd": "inside:x:1000:100::/:/bin/sh\n",
    "etc/group": { link: "/../../../../../../etc/group" },
  }, (root) => {
    const read = readAccounts(testContext({ root }));
    assert.deepEqual(read.accounts.map((one) => one.name), ["inside"]);
    assert.deepEqual(read.groups, []);
  });
});

Deno.test("readAccounts() reads Windows line ends and Latin-1, and says which", async () => {
  const latin1 = Uint8Array.from("m:x:1000:100:M\xfcller:/:/bin/sh\r\n", (c) => c.charCodeAt(0));
  await withScratch({ "etc/passwd": latin1 }, (root) => {
    const { accounts, warnings } = readAccounts(testContext({ root }));
    assert.equal(accounts[0]!.description, "Müller");
    assert.equal(accounts[0]!.shell, "/bin/sh");
    assert.deepEqual(warnings, ["/etc/passwd has Windows line ends on 1 lines; they are left out"]);
  });
});

Deno.test("readAccounts() reports accounts that share a UID", async () => {
  await withScratch({
    "etc/passwd": "root:x:0:0::/:/bin/sh\ntoor:x:0:0::/:/bin/sh\na:x:1000:1::/:\nb:x:1000:1::/:\n",
  }, (root) => {
    assert.deepEqual(readAccounts(testContext({ root })).warnings, [
      "uid 0 is shared by root, toor: they are one user to the kernel",
      "uid 1000 is shared by a, b: they are one user to the kernel",
    ]);
  });
});

Deno.test("passwordHashes() gives fields as they stand; accounts hold none of them", async () => {
  const names = Array.from({ length: 300 }, (_, at) => `user${at}`);
  await withScratch({
    "etc/passwd": names.map((name, at) => `${name}:x:${1000 + at}:100::/:/bin/sh\n`).join(""),
    "etc/shadow": names.map((name) => shadowLine(name, `!${HASH}${name}`)).join(""),
  }, (root) => {
    const ctx = testContext({ root });
    const hashes = passwordHashes(ctx);
    assert.equal(hashes.size, 300);
    assert.equal(hashes.get("user299"), `!${HASH}user299`);
    assert.ok(!JSON.stringify(readAccounts(ctx)).includes(HASH));
  });
});

Deno.test("readAccounts() reads this machine's accounts", () => {
  const { accounts, groups } = readAccounts(testContext());
  assert.equal(accounts.find((one) => one.name === "root")?.uid, 0);
  assert.ok(groups.some((group) => group.gid === 0));
});

Deno.test("readAccounts() reads no file of more accounts than anybody has", async () => {
  const passwd = "root:x:0:0::/root:/bin/sh\n".repeat(200_000);
  await withScratch({ "etc/passwd": passwd, "etc/group": "" }, (root) => {
    const { accounts, warnings } = readAccounts(testContext({ root }));
    assert.deepEqual(accounts, []);
    assert.match(warnings.join(), /\/etc\/passwd cannot be read: .* is larger than 4194304 bytes/);
  });
});

Deno.test("readAccounts() knows the day from which an account lets nobody in (shadow(5))", async () => {
  const lines = {
    "20000:0:99999:7:::": undefined,
    "20000:0:99999:7::20500:": 20500,
    // 90 days for a password and 30 more to change it; the day after them is too late.
    "20000:0:90:7:30::": 20121,
    "20000:0:90:7:30:20100:": 20100,
    "20000:0:90:7:::": undefined,
    "0:0:90:7:30::": undefined,
    "1::::::": undefined,
  };
  const names = Object.keys(lines).map((_, index) => `user${index}`);
  await withScratch({
    "etc/passwd": names.map((name, index) => `${name}:x:${1000 + index}:100::/:/bin/sh\n`).join(""),
    "etc/shadow": Object.keys(lines).map((line, index) => `user${index}:${HASH}:${line}\n`).join(
      "",
    ),
  }, (root) => {
    const { accounts } = readAccounts(testContext({ root }));
    assert.deepEqual(accounts.map(({ lastDay }) => lastDay), Object.values(lines));
  });
});
