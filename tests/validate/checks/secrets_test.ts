import { deepEqual, equal, match } from "node:assert/strict";
import { Facts } from "../../../lib/validate/facts.ts";
import { CHECKS } from "../../../lib/validate/registry.ts";
import type { Finding } from "../../../lib/validate/check.ts";
import { testContext } from "../../support/context.ts";
import { isRoot } from "../../support/needs.ts";
import { type ScratchEntry, withScratch } from "../../support/scratch_files.ts";
import { type Answer, answering, look, lookAt } from "../look.ts";

const HASH = "$6$saltsalt$0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOP";
const LOCKED = "$y$j9T$saltsaltsalt$0123456789abcdefghijklmnopqrstuvwxyz0123456";
const ACCOUNTS = {
  "etc/passwd": "root:x:0:0::/root:/bin/sh\nalice:x:1000:100::/home/alice:/bin/sh\n" +
    "bob:x:1001:100::/home/bob:/bin/sh\n",
  "etc/group": "root:x:0:\nusers:x:100:\nshadow:x:318:\n",
  "etc/shadow": `root:!:1::::::\nalice:${HASH}:1::::::\nbob:!${LOCKED}:1::::::\n`,
};
/** As `openssl genpkey -algorithm ed25519` writes it, of no key at all. */
const BODY = "MC4CAQAwBQYDK2VwBCIEIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
const HEAD = "-----BEGIN PRIVATE KEY-----";
const LONG = [
  "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW",
  "QyNTUxOQ==",
];

for (
  const [what, text, found] of [
    ["nothing", "{ services.openssh.enable = true; }\n", undefined],
    ["a hash", `{ hashedPassword = "${HASH}"; }`, "a password hash of this machine"],
    [
      "a hash whose dollars are escaped",
      `x="${HASH.replaceAll("$", "\\$")}"`,
      "a password hash of this machine",
    ],
    [
      "the hash of a locked account",
      `{ hashedPassword = "${LOCKED}"; }`,
      "a password hash of this machine",
    ],
    ["another machine's hash", "$6$other$hash", undefined],
    ["a classic token", `token = "ghp_${"a1B2".repeat(9)}";`, "a GitHub token"],
    ["a fine-grained token", `github_pat_${"11ABCDE0Y0".repeat(7)}`, "a GitHub token"],
    ["what only begins like one", "ghp_xxxx and github_pat_11AA", undefined],
    ["a key in a file", `${HEAD}\n${BODY}\n-----END PRIVATE KEY-----\n`, "a private key"],
    ["a key of Windows", `${HEAD}\r\n${BODY}\r\n`, "a private key"],
    // The likeliest place: a module with the key in a string of several lines.
    ["a key that is indented", `  text = ''\n    ${HEAD}\n    ${BODY}\n  '';\n`, "a private key"],
    ["a key in one line", `{ "key": "${HEAD}\\n${BODY}\\n" }`, "a private key"],
    ["a key that is commented out", `# ${HEAD}\n# ${BODY}\n`, "a private key"],
    ["OpenSSH's", `-----BEGIN OPENSSH PRIVATE KEY-----\n${LONG.join("\n")}\n`, "a private key"],
    [
      "one that a passphrase locks",
      `-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00FF\n\n${BODY}\n`,
      "a private key",
    ],
    [
      "one of PGP",
      `-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: 2\n\n${BODY}\n`,
      "a private key",
    ],
    ["one of age", `AGE-SECRET-KEY-1${"QPZRY9X8GF".repeat(6)}\n`, "a private key"],
    ["a secret that age encrypted", `-----BEGIN AGE ENCRYPTED FILE-----\n${BODY}\n`, undefined],
    ["a public key", `-----BEGIN PUBLIC KEY-----\n${BODY}\n`, undefined],
    [
      "the word for one",
      `if (text.includes("${HEAD}")) { refuse(); } // ${"and so on, ".repeat(9)}`,
      undefined,
    ],
    ["an example that is cut off", `${HEAD}\nMIIE...\n-----END PRIVATE KEY-----\n`, undefined],
  ] as const
) {
  Deno.test(`secrets-in-flake and ${what}`, async () => {
    const path = "etc/hypervisor/configuration/local.nix";
    const { status, items } = await lookAt("secrets-in-flake", { ...ACCOUNTS, [path]: text });
    equal(status, found === undefined ? "pass" : "fail");
    if (found) equal(items![0]!.endsWith(`/${path}: ${found}`), true, items![0]);
  });
}

Deno.test("secrets-in-flake looks into every file that the flake's copy has", async () => {
  const token = `ghp_${"a1B2".repeat(9)}`;
  const found = await lookAt("secrets-in-flake", {
    ...ACCOUNTS,
    "etc/hypervisor/src/notes/deep/er/token": token,
    "etc/hypervisor/host/machine.nix": token,
    "etc/hypervisor/src/link": { link: "/nowhere" },
    "etc/hypervisor/src/image.bin": Uint8Array.from([0xff, 0xfe, 0, 1, 2]),
  });
  equal(found.items?.length, 2);
  match(found.detail, /host\/machine\.nix.*src\/notes\/deep\/er\/token/);
});

/** What a check finds on files of these owners and modes, and after it was repaired. */
async function lookOwned(
  id: string,
  files: Readonly<Record<string, ScratchEntry>>,
  owned: Readonly<Record<string, readonly [uid: number, gid: number, mode: number]>>,
): Promise<{ readonly found: Finding; readonly after: Finding; readonly changes: number }> {
  let result: Awaited<ReturnType<typeof lookOwned>> | undefined;
  await withScratch({ ...ACCOUNTS, ...files }, async (root) => {
    for (const [path, [uid, gid, mode]] of Object.entries(owned)) {
      Deno.chownSync(`${root}/${path}`, uid, gid);
      Deno.chmodSync(`${root}/${path}`, mode);
    }
    const ctx = testContext({ root });
    const found = await look(id, ctx, new Facts(ctx));
    const changes = await CHECKS.find((check) => check.id === id)!.fix!(ctx);
    result = { found, after: await look(id, ctx, new Facts(ctx)), changes: changes.length };
  });
  return result!;
}

for (
  const [what, [uid, gid, mode], status, says, after] of [
    ["as NixOS makes it", [0, 318, 0o640], "pass", /^0640 of root/, "pass"],
    ["closed altogether", [0, 0, 0o000], "pass", /^0000 of root/, "pass"],
    ["open to all", [0, 0, 0o644], "fail", /chmod 0640 .*or validator --fix/, "pass"],
    ["written by its group", [0, 318, 0o660], "fail", /chmod 0640/, "pass"],
    // Mode 0640 is right, and lets everybody in whose group it is.
    [
      "of the users' group",
      [0, 100, 0o640],
      "fail",
      /alice, bob read it.*chmod 0600 .*new passwords/,
      "fail",
    ],
    [
      "of another user",
      [1000, 100, 0o600],
      "fail",
      /user 1000.*chown root:root .*chmod 0600/,
      "fail",
    ],
  ] as const
) {
  Deno.test({
    name: `shadow and one ${what}: ${status}`,
    ignore: !isRoot,
    fn: async () => {
      const looked = await lookOwned("shadow", {}, { "etc/shadow": [uid, gid, mode] });
      equal(looked.found.status, status);
      match(`${looked.found.detail} ${looked.found.remedy}`, says);
      equal(looked.after.status, after);
      // What is said to be repaired by --fix is.
      const { remedy = "" } = looked.found;
      if (remedy.includes("--fix")) deepEqual([looked.changes, looked.after.status], [1, "pass"]);
    },
  });
}

Deno.test("shadow leaves alone what is no file, as a folder or what a link leads to", async () => {
  for (const shadow of [{ "etc/shadow/": "" }, { "etc/shadow": { link: "/" } }]) {
    await withScratch(shadow, async (root) => {
      Deno.chmodSync(root, 0o755);
      const ctx = testContext({ root });
      const found = await look("shadow", ctx);
      equal(found.status, "fail");
      match(found.detail, /is not a file/);
      deepEqual(await CHECKS.find(({ id }) => id === "shadow")!.fix!(ctx), []);
      equal(Deno.statSync(root).mode! & 0o7777, 0o755);
    });
  }
});

const TOKEN = "home/alice/.config/github/token";

for (
  const [what, [uid, mode], status, says] of [
    ["closed", [1000, 0o600], "pass", /^1, readable by the owner alone/],
    [
      "open to all",
      [1000, 0o644],
      "fail",
      /runuser -u alice -- chmod 0600 .*or validator --fix.*replace/,
    ],
    ["open to the group", [1000, 0o640], "fail", /chmod 0600/],
    // She cannot change the mode of what sudo wrote; she can remove it.
    [
      "root's, and open",
      [0, 0o644],
      "fail",
      /belongs to user 0, not to alice: runuser -u alice -- rm -f .*replace/,
    ],
  ] as const
) {
  Deno.test({
    name: `github-token and one that is ${what}: ${status}`,
    ignore: !isRoot,
    fn: async () => {
      const looked = await lookOwned("github-token", { [TOKEN]: "x" }, {
        [TOKEN]: [uid, 100, mode],
      });
      equal(looked.found.status, status);
      match(`${looked.found.detail} ${looked.found.remedy}`, says);
      const { remedy = "" } = looked.found;
      if (remedy.includes("--fix")) deepEqual([looked.changes, looked.after.status], [1, "pass"]);
    },
  });
}

Deno.test("github-token waits for no home whose server is gone", async () => {
  await withScratch({
    ...ACCOUNTS,
    "proc/self/mountinfo": "21 1 8:2 / / rw - ext4 /dev/sda2 rw\n" +
      "22 21 0:40 / /home rw - nfs4 server:/home rw,hard\n",
  }, async (root) => {
    const looked = async (stat: Answer) =>
      await look("github-token", answering(testContext({ root }), { stat }));
    const gone = await looked({ code: 137, timedOut: true });
    deepEqual([gone.status, gone.detail], ["skip", "no answer from /home/alice, /home/bob"]);
    equal((await looked("")).status, "pass");
  });
});

Deno.test("github-token names what a link leads to, and changes nothing there", async () => {
  await withScratch({
    ...ACCOUNTS,
    [TOKEN]: { link: "/srv/my secrets/token" },
    "srv/my secrets/token": "x",
  }, async (root) => {
    Deno.chmodSync(`${root}/srv/my secrets/token`, 0o644);
    const ctx = testContext({ root });
    const { status, remedy } = await look("github-token", ctx);
    equal(status, "fail");
    match(remedy!, /it leads to .*\/srv\/my secrets\/token: keep it where others cannot read/);
    deepEqual(await CHECKS.find((check) => check.id === "github-token")!.fix!(ctx), []);
    equal(Deno.statSync(`${root}/srv/my secrets/token`).mode! & 0o777, 0o644);
  });
});

Deno.test({
  name: "password-files wants each root's alone, whatever it is called",
  ignore: !isRoot,
  fn: async () => {
    const folder = "var/lib/hyper-nixos/passwords";
    const files = {
      [`${folder}/al ice`]: HASH,
      [`${folder}/bob`]: HASH,
      [`${folder}/link`]: { link: "bob" },
    };
    const looked = await lookOwned("password-files", files, {
      [`${folder}/al ice`]: [0, 0, 0o640],
      [`${folder}/bob`]: [0, 0, 0o600],
    });
    equal(looked.found.items?.length, 1);
    match(
      looked.found.remedy!,
      /^chown root:root '.*al ice' && chmod 0600 '.*al ice'; change a password/,
    );
    deepEqual([looked.changes, looked.after.status, looked.after.detail], [
      1,
      "pass",
      "2, readable by root alone",
    ]);
    const none = await lookAt("password-files", { "var/lib/hyper-nixos/": "" });
    deepEqual([none.status, none.detail], ["pass", "there are none"]);
    equal((await lookAt("password-files", {})).status, "skip");
  },
});
