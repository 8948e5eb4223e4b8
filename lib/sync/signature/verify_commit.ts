import { makeTemporaryDirectory } from "../../machine/files/temporary.ts";
import type { Context } from "../../machine/context.ts";
import { ExitCode } from "../../machine/exit_code.ts";
import { ToolError } from "../../machine/tool_error.ts";
import { printableLine } from "../../layout/printable.ts";
import type { Signers } from "./signers.ts";

/** What git says when a signature is one of theirs; gpg's doc/DETAILS, ssh-keygen(1). */
const GOOD: Readonly<Record<Signers["kind"], RegExp>> = {
  ssh: /^Good "git" signature for (.+) with \S+ key /m,
  gpg: /^\[GNUPG:\] GOODSIG \S+ (.+)$/m,
};

/** The commands that git starts for each kind. */
const NEEDED: Readonly<Record<Signers["kind"], readonly string[]>> = {
  ssh: ["git", "ssh-keygen"],
  gpg: ["git", "gpg"],
};

/**
 * Lets git itself verify a commit's signature, in a repository of its own that holds nothing else and with
 * no other keys than these.
 * @param content the commit object
 * @returns who signed it, as the signers' file names them
 * @throws ToolError exit 2 without git or what it starts, 6 for a commit that none of them has signed
 */
export async function verifyCommit(
  ctx: Context,
  signers: Signers,
  commit: string,
  content: Uint8Array,
): Promise<string> {
  requireCommands(ctx, signers);
  const folder = makeTemporaryDirectory(ctx, "hyper-nixos-signature-");
  try {
    const git = await privateGit(ctx, signers, folder);
    await git(["init", "--quiet", "--bare"]);
    const written = await git(["hash-object", "-w", "-t", "commit", "--stdin"], content);
    if (written.stdout.trim() !== commit) throw refusal(commit, signers, "git names it otherwise");
    const { code, stdout, stderr } = await git(["verify-commit", "--raw", commit]);
    const said = `${stdout}\n${stderr}`;
    const signer = GOOD[signers.kind].exec(said)?.[1];
    if (code === 0 && signer !== undefined) return printableLine(signer.trim());
    throw refusal(commit, signers, isSigned(content) ? reason(said) : "it has no signature");
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

function requireCommands(ctx: Context, { kind }: Signers): void {
  const missing = NEEDED[kind].filter((command) => ctx.run.which(command) === undefined);
  if (missing.length === 0) return;
  throw new ToolError(`signatures are verified by ${missing.join(" and ")}, not found here`, {
    code: ExitCode.MissingDependency,
    hint: "add it to the configuration: environment.systemPackages = [ pkgs.git pkgs.gnupg ];",
  });
}

/** git without anybody's configuration or keys, but for the signers'. */
async function privateGit(ctx: Context, { kind, path }: Signers, folder: string) {
  const keys = `${folder}/gnupg`;
  Deno.mkdirSync(keys, { mode: 0o700 });
  const env = {
    HOME: folder,
    XDG_CONFIG_HOME: folder,
    GNUPGHOME: keys,
    GIT_DIR: `${folder}/repository`,
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
  };
  if (kind === "gpg") {
    await ctx.run("gpg", ["--batch", "--quiet", "--no-autostart", "--import", path], { env });
  }
  // A signature of the other kind finds no key. X.509 is nobody's here.
  const settings = [
    `gpg.ssh.allowedSignersFile=${kind === "ssh" ? path : "/dev/null"}`,
    `gpg.minTrustLevel=${kind === "ssh" ? "fully" : "undefined"}`,
    "gpg.x509.program=false",
  ].flatMap((setting) => ["-c", setting]);
  return (args: readonly string[], input?: Uint8Array) =>
    ctx.run("git", [...settings, ...args], {
      env,
      cwd: folder,
      accept: args[0] === "verify-commit" ? "any" : [0],
      timeout: 60_000,
      ...(input === undefined ? {} : { input }),
    });
}

/** A signature is a header of the commit; gitformat-signature(5). */
function isSigned(content: Uint8Array): boolean {
  const [head = ""] = new TextDecoder().decode(content).split("\n\n", 1);
  return /^gpgsig(-sha256)? /m.test(head);
}

/** The line that says most of why a signature is none of theirs. */
function reason(said: string): string {
  if (/NO_PUBKEY|unknown signer/i.test(said)) return "by a key that is not there";
  // ssh-keygen passes over lines that are not for that day (valid-after, valid-before).
  if (/No principal matched/i.test(said)) return "by a key that is not there, or not for that day";
  if (/EXPKEYSIG|EXPSIG|REVKEYSIG/.test(said)) {
    return "its key or signature has expired or was revoked";
  }
  if (/BADSIG|incorrect signature|Could not verify/i.test(said)) {
    return "its signature does not fit it";
  }
  const lines = said.split("\n").filter((line) =>
    line.trim() !== "" && !line.startsWith("[GNUPG:]")
  );
  return printableLine(lines.at(-1)?.trim() ?? "git gives no reason");
}

function refusal(commit: string, { name }: Signers, why: string): ToolError {
  return new ToolError(
    `commit ${commit.slice(0, 12)} is signed by nobody of ${name}: ${why}`,
    {
      code: ExitCode.Configuration,
      hint:
        "nothing was changed; ask who makes the commits, and add their key to that file if they " +
        "should; --no-signed-by syncs it without a signature",
    },
  );
}
