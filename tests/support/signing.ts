/** Real keys, and real commits that are signed with them. */
import { gitEnvironment } from "./github/git_environment.ts";

/** A key that git can sign with. */
export interface SigningKey {
  readonly kind: "ssh" | "gpg";
  /** The file of the private SSH key, or the address of the gpg key. */
  readonly key: string;
  /** What goes into the file of signers. */
  readonly signers: Uint8Array;
  readonly env: Readonly<Record<string, string>>;
}

/** Makes an SSH key; its line in an allowed_signers names this person. */
export async function sshKey(folder: string, person: string): Promise<SigningKey> {
  const key = `${folder}/${person}`;
  await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", person, "-f", key]);
  const [type, text] = Deno.readTextFileSync(`${key}.pub`).split(" ");
  const signers = new TextEncoder().encode(`# signers\n${person} ${type} ${text}\n`);
  return { kind: "ssh", key, signers, env: {} };
}

/** Makes a gpg key in a keyring of its own. */
export async function gpgKey(
  folder: string,
  person: string,
  options: { readonly armour: boolean },
): Promise<SigningKey> {
  const env = { GNUPGHOME: `${folder}/gnupg-${person}` };
  Deno.mkdirSync(env.GNUPGHOME, { mode: 0o700 });
  const gpg = (...args: string[]) =>
    run("gpg", ["--batch", "--quiet", "--no-tty", "--passphrase", "", ...args], env);
  await gpg("--quick-gen-key", `Test <${person}>`, "ed25519", "sign", "never");
  const signers = await gpg("--export", ...(options.armour ? ["--armor"] : []));
  return { kind: "gpg", key: person, signers, env };
}

/** Ends what gpg has started for a key. */
export async function forget({ kind, env }: SigningKey): Promise<void> {
  if (kind === "gpg") await run("gpgconf", ["--kill", "all"], env);
}

/** How to make a commit. */
export interface SignedCommitOptions {
  /** The tree, or a commit that has it. */
  readonly tree: string;
  readonly parents?: readonly string[];
  readonly by?: SigningKey;
  /** The branch that then leads to it; `main` by default. */
  readonly branch?: string;
}

/** Makes a commit of a tree that is there; returns its SHA. */
export async function signedCommit(
  directory: string,
  { tree, parents = [], by, branch = "main" }: SignedCommitOptions,
): Promise<string> {
  const settings = ["user.name=Test", "user.email=test@example.org"];
  if (by) {
    settings.push(
      `gpg.format=${by.kind === "ssh" ? "ssh" : "openpgp"}`,
      `user.signingkey=${by.key}`,
    );
  }
  const git = async (...args: string[]) => {
    const all = ["--git-dir", directory, ...settings.flatMap((one) => ["-c", one]), ...args];
    const output = await run("git", all, { ...gitEnvironment, ...by?.env });
    return new TextDecoder().decode(output).trim();
  };
  const message = `Signed ${crypto.randomUUID()}`;
  const commit = await git(
    "commit-tree",
    `${tree}^{tree}`,
    ...parents.flatMap((parent) => ["-p", parent]),
    ...(by ? ["-S"] : []),
    "-m",
    message,
  );
  await git("update-ref", `refs/heads/${branch}`, commit);
  return commit;
}

async function run(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Uint8Array> {
  const { success, stdout, stderr } = await new Deno.Command(command, {
    args: [...args],
    env: { ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  if (!success) throw new Error(`${command} ${args[0]}: ${new TextDecoder().decode(stderr)}`);
  return stdout;
}
