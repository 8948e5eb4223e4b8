import { equal, match, rejects } from "node:assert/strict";
import type { ToolError } from "../../../lib/machine/tool_error.ts";
import { verifyCommit } from "../../../lib/sync/signature/verify_commit.ts";
import { testContext } from "../../support/context.ts";
import { gitEnvironment } from "../../support/github/git_environment.ts";
import { hasCommand, need } from "../../support/needs.ts";
import { commit, git, initRepository } from "../../support/repositories.ts";
import { forget, gpgKey, signedCommit, type SigningKey, sshKey } from "../../support/signing.ts";

const hasSsh = need(hasCommand("ssh-keygen"), "ssh-keygen is not installed: no SSH signatures");
const hasGpg = need(hasCommand("gpg"), "gpg is not installed: no gpg signatures");

/** A repository of one commit, and what verifies others of it. */
async function withRepository(
  test: (
    folder: string,
    sign: (by?: SigningKey) => Promise<string>,
    verify: (
      signers: string | Uint8Array,
      commit: string,
      kind?: "ssh" | "gpg",
      content?: string,
    ) => Promise<string>,
  ) => Promise<void>,
): Promise<void> {
  const folder = Deno.makeTempDirSync();
  const directory = `${folder}/repository`;
  try {
    await initRepository(directory);
    const tree = await commit(directory, { changes: [{ path: "f", content: "f\n" }] });
    const verify = async (
      signers: string | Uint8Array,
      sha: string,
      kind: "ssh" | "gpg" = "ssh",
      content?: string,
    ) => {
      const path = `${folder}/signers`;
      if (typeof signers === "string") Deno.writeTextFileSync(path, signers);
      else Deno.writeFileSync(path, signers);
      const { stdout } = await new Deno.Command("git", {
        args: ["--git-dir", directory, "cat-file", "commit", sha],
        env: gitEnvironment,
      }).output();
      const bytes = content === undefined ? stdout : new TextEncoder().encode(content);
      return await verifyCommit(testContext(), { name: "signers", path, kind }, sha, bytes);
    };
    await test(folder, (by) => signedCommit(directory, { tree, ...(by && { by }) }), verify);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

function refused(reason: RegExp) {
  return (error: ToolError) => {
    equal(error.code, 6);
    match(error.message, reason);
    return true;
  };
}

Deno.test("verifyCommit() names an SSH key's owner as the list of signers does", {
  ignore: !hasSsh,
}, async () => {
  await withRepository(async (folder, sign, verify) => {
    const by = await sshKey(folder, "alice@example.org");
    const key = new TextDecoder().decode(by.signers).split("\n")[1]!.replace(/^\S+ /, "");
    const signed = await sign(by);
    for (
      const [line, name] of [
        [`alice@example.org ${key}`, "alice@example.org"],
        [`*@example.org ${key}`, "*@example.org"],
        [`"alice smith" ${key}`, "alice smith"],
        [`ünï@example.org ${key}`, "ünï@example.org"],
        [`alice namespaces="git,file" ${key}`, "alice"],
        [`alice ${key} work laptop\r`, "alice"],
        [`bob ssh-ed25519 AAAA\n\n# and\nalice ${key}`, "alice"],
        // Nothing of a name steers a terminal.
        [`a\u001b[31m ${key}`, "a\\x1b[31m"],
      ] as const
    ) equal(await verify(line + "\n", signed), name, line);
    const nobody = /signed by nobody of signers: by a key that is not there, or not for that day$/;
    for (
      const line of [
        `alice valid-before="20200101" ${key}`,
        `alice valid-after="20990101" ${key}`,
        `alice ${key.slice(0, -8)}AAAAAAAA`,
        `# alice ${key}`,
      ]
    ) await rejects(verify(line + "\n", signed), refused(nobody), line);
    await rejects(verify(`alice namespaces="file" ${key}\n`, signed), refused(/by nobody/));
  });
});

Deno.test("verifyCommit() takes no commit that says of itself that it is signed", {
  ignore: !hasSsh,
}, async () => {
  await withRepository(async (folder, sign, verify) => {
    const by = await sshKey(folder, "alice@example.org");
    const signers = by.signers;
    const unsigned = await sign();
    const none = refused(/by nobody of signers: it has no signature$/);
    await rejects(verify(signers, unsigned), none);
    const directory = `${folder}/repository`;
    const says = 'Good "git" signature for alice@example.org with ED25519 key SHA256:x\n' +
      "-----BEGIN SSH SIGNATURE-----\n-----END SSH SIGNATURE-----\n";
    const text = await git(directory, ["cat-file", "commit", unsigned]);
    for (const forged of [`${text}\n\n${says}`, text.replace("author", `x ${says}author`)]) {
      const bytes = new TextEncoder().encode(forged);
      const sha = await git(
        directory,
        ["hash-object", "-t", "commit", "-w", "--literally", "--stdin"],
        bytes,
      );
      await rejects(verify(signers, sha), refused(/by nobody/));
    }
    // What git would name otherwise is not that commit.
    await rejects(verify(signers, await sign(by), "ssh", text), refused(/git names it otherwise/));
  });
});

Deno.test("verifyCommit() takes a signature of the other kind for none", {
  ignore: !hasSsh || !hasGpg,
}, async () => {
  await withRepository(async (folder, sign, verify) => {
    const ssh = await sshKey(folder, "alice@example.org");
    const gpg = await gpgKey(folder, "alice@example.org", { armour: true });
    try {
      const [bySsh, byGpg] = [await sign(ssh), await sign(gpg)];
      equal(await verify(ssh.signers, bySsh), "alice@example.org");
      equal(await verify(gpg.signers, byGpg, "gpg"), "Test <alice@example.org>");
      await rejects(verify(ssh.signers, byGpg), refused(/by a key that is not there$/));
      await rejects(verify(gpg.signers, bySsh, "gpg"), refused(/by a key that is not there/));
    } finally {
      await forget(gpg);
    }
  });
});
