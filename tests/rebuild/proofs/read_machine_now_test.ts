import { deepEqual, equal } from "node:assert/strict";
import { readMachineNow } from "../../../lib/rebuild/proofs/read_machine_now.ts";
import { testContext } from "../../support/context.ts";
import { accountFacts, configurationFacts, KEY } from "../../support/facts.ts";
import { type ScratchEntry, withScratch } from "../../support/scratch_files.ts";

const HASH = "$y$j9T$abcdefghijklmnopqrstu1$4yMEAb8r0CAXQFDp";
const PASSWD = "root:x:0:0:System administrator:/root:/run/current-system/sw/bin/bash\n" +
  "alice:x:1000:100::/home/alice:/run/current-system/sw/bin/bash\n";

/** What is read of a machine with these files besides its accounts. */
async function now(
  files: Readonly<Record<string, ScratchEntry>>,
  after = configurationFacts(),
  before = configurationFacts(),
) {
  let read: ReturnType<typeof readMachineNow> | undefined;
  await withScratch({ "etc/passwd": PASSWD, "etc/group": "users:x:100:\n", ...files }, (root) => {
    read = readMachineNow(testContext({ root }), before, after);
    return Promise.resolve();
  });
  return read!;
}

Deno.test("readMachineNow() takes what a password file holds as NixOS's activation takes it", async () => {
  const table: readonly (readonly [text: string, string])[] = [
    [`${HASH}\n`, "hash"],
    [HASH, "hash"],
    ["", "empty"],
    ["\n", "empty"],
    [`!${HASH}\n`, "locked"],
    // All but one line's end becomes part of the hash, which then fits no password.
    [`${HASH}\r\n`, "none"],
    [`${HASH} \n`, "none"],
    [` ${HASH}\n`, "none"],
    [`${HASH}\n\n`, "none"],
    [`${HASH}\nsecond line\n`, "none"],
    [`alice:${HASH}\n`, "none"],
    ["secret\n", "none"],
  ];
  const passwordFile = "/secret/alice";
  const after = configurationFacts(({ users }) =>
    users.accounts.push(accountFacts({ name: "alice", password: "file", passwordFile }))
  );
  for (const [text, expected] of table) {
    const { passwordFiles } = await now({ "secret/alice": text }, after);
    deepEqual(passwordFiles, { [passwordFile]: expected }, JSON.stringify(text));
  }
  deepEqual((await now({}, after)).passwordFiles, {});
});

Deno.test("readMachineNow() reads keys where either configuration looks, but for what NixOS itself makes", async () => {
  const store = "nix/store/aaaa-alice/alice";
  const files = {
    "home/alice/.ssh/authorized_keys": `# mine\n\n${KEY}\n`,
    "keys/alice": KEY,
    [store]: KEY,
    "linked/alice": { link: `/${store}` },
    // NixOS copies it, as it has a mode; the other is made by hand, and stays.
    "etc/ssh/authorized_keys.d/alice": KEY,
    "etc/ssh/authorized_keys.d/root": KEY,
    "etc/.clean": "ssh/authorized_keys.d/alice\nsudoers\n",
  };
  const before = configurationFacts(({ ssh }) =>
    ssh.authorizedKeysFiles.push("/keys/%u", "/linked/%u")
  );
  const { keyFiles } = await now(files, configurationFacts(), before);
  deepEqual(keyFiles, {
    "/home/alice/.ssh/authorized_keys": ["# mine", KEY],
    "/keys/alice": [KEY],
    "/etc/ssh/authorized_keys.d/root": [KEY],
  });
  const inMatch = configurationFacts(({ ssh }) => {
    ssh.authorizedKeysFiles = [];
    ssh.extraConfig = "Match User alice\n  AuthorizedKeysFile /keys/%u\n";
  });
  deepEqual((await now(files, inMatch, inMatch)).keyFiles, { "/keys/alice": [KEY] });
});

Deno.test("readMachineNow() says of a mounted machine nothing that is of the one it is mounted on", async () => {
  const read = await now({});
  deepEqual([read.session, read.person], [{ kind: "console" }, undefined]);
  deepEqual([read.interfaces, read.gateways, read.loadedModules], [[], [], undefined]);
  deepEqual(read.accounts.map(({ name, password }) => [name, password]), [
    ["root", "none"],
    ["alice", "none"],
  ]);
});

Deno.test("readMachineNow() reads a machine of which nothing can be read as one that has nothing", async () => {
  const loops = { "etc/passwd": { link: "passwd" }, "etc/pam.d": { link: "pam.d" } };
  const read = await now(loops);
  deepEqual([read.accounts, read.keyFiles, read.declaredBefore], [[], {}, []]);
  equal(read.pam, undefined);
});
