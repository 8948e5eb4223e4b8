import assert from "node:assert/strict";
import { readCheckout } from "../../../lib/install/source/checkout_origin.ts";
import { withScratch } from "../../support/scratch_files.ts";

const COMMIT = "0123456789abcdef0123456789abcdef01234567";
const OTHER = "f".repeat(40);

/** A checkout whose `origin` has these lines (git-config(1)). */
async function originOf(
  config: string,
  files: Record<string, string> = { HEAD: `${COMMIT}\n` },
): Promise<ReturnType<typeof readCheckout>> {
  let found: ReturnType<typeof readCheckout>;
  const inGit = Object.entries(files).map(([name, text]) => [`.git/${name}`, text]);
  await withScratch({ ".git/config": config, ...Object.fromEntries(inGit) }, (folder) => {
    found = readCheckout(folder);
  });
  return found;
}

Deno.test("readCheckout() reads which repository of GitHub `origin` is", async () => {
  const remote = (...lines: string[]) => `[remote "origin"]\n\t${lines.join("\n\t")}\n`;
  const cases: [config: string, repository: string | undefined][] = [
    [remote("url = https://github.com/Owner/Name.git"), "Owner/Name"],
    [remote("url = https://github.com/Owner/Name"), "Owner/Name"],
    [remote("url = https://github.com/Owner/Name/"), "Owner/Name"],
    [remote("url = https://GitHub.com/Owner/Name.git"), "Owner/Name"],
    [remote("url = https://www.github.com/Owner/Name.git"), "Owner/Name"],
    [remote("url = https://user:token@github.com/Owner/Name.git"), "Owner/Name"],
    [remote("url = git@github.com:Owner/Name.git"), "Owner/Name"],
    [remote("url = ssh://git@github.com/Owner/Name.git"), "Owner/Name"],
    [remote("url = git://github.com/Owner/dotted.name.git"), "Owner/dotted.name"],
    [remote("url=https://github.com/Owner/Name.git   "), "Owner/Name"],
    [remote('url = "https://github.com/Owner/Name.git"'), "Owner/Name"],
    [remote("URL = https://github.com/Owner/Name.git"), "Owner/Name"],
    [remote("url = https://github.com/Owner/Name.git # mine"), "Owner/Name"],
    [remote("url = https://github.com/Owner/Name.git").replaceAll("\n", "\r\n"), "Owner/Name"],
    ['[Remote "origin"] url = https://github.com/Owner/Name.git', "Owner/Name"],
    // Where one pushes to is not where it comes from.
    [
      remote("pushurl = git@github.com:me/Fork.git", "url = https://github.com/Owner/Name.git"),
      "Owner/Name",
    ],
    [remote("pushurl = git@github.com:me/Fork.git"), undefined],
    [
      remote("# url = https://github.com/old/Old.git", "url = https://github.com/Owner/Name"),
      "Owner/Name",
    ],
    [remote("; url = https://github.com/old/Old.git"), undefined],
    [
      '[remote "upstream"]\n\turl = https://github.com/up/Up\n' +
      remote("url = https://github.com/Owner/Name"),
      "Owner/Name",
    ],
    [
      remote("fetch = +refs/heads/*:refs/remotes/origin/*") +
      '[remote "upstream"]\n\turl = https://github.com/up/Up\n',
      undefined,
    ],
    // Other hosts, whatever they are called.
    [remote("url = https://notgithub.com/Owner/Name.git"), undefined],
    [remote("url = https://github.com.example.org/Owner/Name.git"), undefined],
    [remote("url = https://git.example.org/github.com/Owner/Name.git"), undefined],
    [remote("url = git@git.example.org:github.com/Owner/Name.git"), undefined],
    [remote("url = /srv/mirror/github.com/Owner/Name.git"), undefined],
    [remote("url = https://github.com@example.org/github.com/Name.git"), undefined],
    [remote("url = https://github.com/Owner"), undefined],
    ["", undefined],
  ];
  for (const [config, repository] of cases) {
    const expected = repository && { repository, commit: COMMIT };
    assert.deepEqual(await originOf(config), expected, config);
  }
});

Deno.test("readCheckout() reads the commit of HEAD, wherever git keeps it", async () => {
  const config = '[remote "origin"]\n\turl = https://github.com/Owner/Name.git\n';
  const head = { HEAD: "ref: refs/heads/feature/x\n" };
  const cases: [files: Record<string, string>, commit: string | undefined][] = [
    [{ HEAD: COMMIT }, COMMIT],
    [{ ...head, "refs/heads/feature/x": `${COMMIT}\n` }, COMMIT],
    [{
      ...head,
      "packed-refs":
        `# pack-refs with: peeled\n${OTHER} refs/heads/x\n${COMMIT} refs/heads/feature/x\n^${OTHER}\n`,
    }, COMMIT],
    [{
      ...head,
      "packed-refs":
        `${OTHER} refs/remotes/o/refs/heads/feature/x\n${COMMIT} refs/heads/feature/x\n`,
    }, COMMIT],
    [
      { ...head, "refs/heads/feature/x": COMMIT, "packed-refs": `${OTHER} refs/heads/feature/x\n` },
      COMMIT,
    ],
    [head, undefined],
    [{ HEAD: "ref: refs/../../outside\n", outside: COMMIT }, undefined],
    [{ HEAD: COMMIT.toUpperCase() }, undefined],
    // SHA-256 repositories have no counterpart at GitHub.
    [{ HEAD: "a".repeat(64) }, undefined],
    [{}, undefined],
  ];
  for (const [files, commit] of cases) {
    const expected = commit && { repository: "Owner/Name", commit };
    assert.deepEqual(await originOf(config, files), expected, JSON.stringify(files));
  }
});

Deno.test("readCheckout() takes neither a link nor a file for a repository", async () => {
  await withScratch({
    "real/.git/config": '[remote "origin"]\n\turl = https://github.com/Owner/Name\n',
    "real/.git/HEAD": COMMIT,
    "linked/.git": { link: "../real/.git" },
    "worktree/.git": "gitdir: ../real/.git\n",
  }, (folder) => {
    assert.equal(readCheckout(`${folder}/linked`), undefined);
    assert.equal(readCheckout(`${folder}/worktree`), undefined);
    assert.equal(readCheckout(`${folder}/nothing`), undefined);
  });
});
