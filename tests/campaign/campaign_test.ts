/** The campaign finds what is planted, and nothing where nothing is. */
import { deepEqual, equal, match } from "node:assert/strict";
import { executables } from "../support/launch.ts";
import { isRoot } from "../support/needs.ts";
import { randomHistory } from "./history.ts";
import { Random } from "./random.ts";
import { compareListings, expectedTree } from "./tree_listing.ts";

/** A case of smart-sync that nothing strikes: what is found there is what was planted. */
const SEED = "12";
const REPOSITORY = new URL("../..", import.meta.url).pathname.replace(/\/$/, "");

/** What a faulty smart-sync does at its end, `$root` being the machine's; and what the campaign says. */
const PLANTED: Readonly<Record<string, readonly [string, RegExp]>> = {
  "nothing is wrong": [":", /every promise was kept/],
  "a temporary file is left": [
    "mkdir $root/etc/hypervisor/.src-staging-stray",
    /left behind: etc\/hypervisor\/\.src-staging-stray/,
  ],
  "a file outside is changed": [
    "echo x >> $root/etc/group",
    /outside the owned folders: ~ etc\/group: content/,
  ],
  "a time outside is changed": [
    "touch $root/etc/passwd",
    /outside the owned folders: ~ etc\/passwd: modification time/,
  ],
  "the tree is not the commit": [
    "echo x >> $root/etc/hypervisor/src/flake.nix",
    /the tree is neither what it was nor [0-9a-f]{40}/,
  ],
  "a hash can be read": [
    "umask 022; mkdir -p $root/var/log/hypervisor; cp $root/etc/shadow $root/var/log/hypervisor/x; chmod 644 $root/var/log/hypervisor/x; chmod 755 $root/var/log/hypervisor",
    /the password hash of .* (can be read by others in|in the log)/,
  ],
  "the token is printed": ["echo token: $GITHUB_TOKEN", /!! the token in its output/],
  "a process is left": ["sleep 60 > /dev/null 2>&1 &", /!! process \d+ is left/],
  "an exit code is not documented": ["code=42", /exit code 42 is not documented/],
  "it says that it has a bug": ["echo this is a bug; code=1", /a bug is reported/],
};

for (const [what, [script, said]] of Object.entries(PLANTED)) {
  Deno.test({
    name: `the campaign notices when ${what}`,
    ignore: !isRoot,
    fn: async () => {
      const folder = Deno.makeTempDirSync({ prefix: "planted-" });
      try {
        Deno.chmodSync(folder, 0o755);
        const real = executables ? `${executables}/smart-sync` : `"${Deno.execPath()}" run -A ` +
          `--cached-only --no-prompt --config ${REPOSITORY}/deno.json ${REPOSITORY}/cmd/smart-sync.ts`;
        const lines = [
          "#!/bin/sh",
          `${real} "$@"`,
          "code=$?",
          "for root; do :; done",
          script,
          "exit $code",
        ];
        Deno.writeTextFileSync(`${folder}/smart-sync`, lines.join("\n") + "\n");
        Deno.chmodSync(`${folder}/smart-sync`, 0o755);
        const { code, stdout } = await new Deno.Command(Deno.execPath(), {
          args: ["run", "-A", `${REPOSITORY}/tests/campaign/main.ts`, "--seed", SEED],
          env: { HYPERVISOR_TEST_EXECUTABLES: folder },
          stdin: "null",
        }).output();
        const text = new TextDecoder().decode(stdout);
        match(text, said);
        equal(code, what === "nothing is wrong" ? 0 : 1, text);
      } finally {
        Deno.removeSync(folder, { recursive: true });
      }
    },
  });
}

Deno.test("the campaign says what is wrong with its options", async () => {
  const run = async (...args: string[]) =>
    await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", `${REPOSITORY}/tests/campaign/main.ts`, ...args],
    }).output();
  for (const args of [["--kind", "nonsense"], ["--minutes", "many"], ["--nonsense"]]) {
    equal((await run(...args)).code, 4);
  }
  const help = await run("--", "--help");
  equal(help.code, 0);
  match(new TextDecoder().decode(help.stdout), /--seed N .*exactly the case/);
});

Deno.test("randomHistory() makes the same repository of the same seed", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const shas = async (name: string, seed: number) =>
      (await randomHistory(`${folder}/${name}`, new Random(seed))).commits.map(({ sha }) => sha);
    const first = await shas("a", 7);
    deepEqual(await shas("b", 7), first);
    equal((await shas("c", 8))[0] === first[0], false);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("expectedTree() keeps what the owner made and gives up what the last sync put there", () => {
  const file = (content: string) => `100644 ${content}`;
  const base = new Map([["same", file("a")], ["gone", file("b")], ["edited", file("c")], [
    "gone-edited",
    file("d"),
  ]]);
  const before = new Map([
    ["same", file("a")],
    ["gone", file("b")],
    ["edited", file("mine")],
    ["gone-edited", file("mine, too")],
    ["new", file("mine")],
    ["folder", file("in the way")],
    ["result", "120000 link"],
  ]);
  const target = new Map([["same", file("a")], ["edited", file("e")], ["folder/x", file("f")]]);
  const { files, replaced } = expectedTree(before, base, target);
  deepEqual(
    compareListings(
      files,
      new Map([
        ...target,
        ["gone-edited", file("mine, too")],
        ["new", file("mine")],
        ["result", "120000 link"],
      ]),
    ),
    [],
  );
  deepEqual([...replaced.keys()], ["edited", "folder"]);
});
