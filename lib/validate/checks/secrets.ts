import {
  type Accounts,
  groupsOf,
  passwordHashes,
  readAccounts,
} from "../../machine/accounts/accounts.ts";
import { counted } from "../../layout/counted.ts";
import { exists, listIfExists, lstatIfExists } from "../../machine/files/files.ts";
import { loginUsers } from "../../machine/accounts/login_users.ts";
import { readMounts } from "../../machine/hardware/mounts.ts";
import { answersAt } from "../../machine/files/remote_place.ts";
import { LinkInTheWay } from "../../machine/files/pinned.ts";
import { places } from "../../machine/places.ts";
import { readRegular } from "../../machine/files/regular_file.ts";
import { commandLine, shellWord } from "../../machine/shell_words.ts";
import { ToolError } from "../../machine/tool_error.ts";
import type { Context } from "../../machine/context.ts";
import { type Change, checksOf, fail, type Finding, pass, skip, some } from "../check.ts";
import type { Facts } from "../facts.ts";
import { octal, permissions, restrict } from "../ownership.ts";
import { toGiveToRoot } from "../../machine/files/file_trust.ts";

/** The token's file in a home folder (reference, "Setting GitHub Token"). */
const TOKEN = ".config/github/token";
/** GitHub's tokens: classic with their kind, and fine-grained ones (GitHub's docs, "Token formats"). */
const TOKENS = /\b(gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{60,255})\b/;
const PRIVATE_KEY = /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----/g;
const AGE_KEY = /\bAGE-SECRET-KEY-(?:PQ-)?1[A-Z0-9]{50}/;
/** The shortest private key in base64; what is shorter is somebody's example. */
const KEY_TEXT = /^[A-Za-z0-9+/=]{64}/;
/** After which its first 64 characters have come, however far they are indented. */
const KEY_WITHIN = 1024;
/** Larger files (bytes) are no configuration. */
const LARGEST = 1024 * 1024;
const READABLE_BY_OTHERS = 0o077;

/** Secrets are in files that only their owner reads, and nowhere in the flake. */
export const secretChecks = checksOf("Security", [
  {
    id: "password-files",
    title: "password files",
    check: passwordFiles,
    fix: (ctx) => privatePasswords(ctx).flatMap((path) => close(path, 0o600, 0)),
  },
  {
    id: "shadow",
    title: "/etc/shadow",
    check: shadow,
    fix: (ctx) => close(ctx.root.follow("/etc/shadow"), 0o640, 0),
  },
  {
    id: "github-token",
    title: "GitHub tokens",
    check: tokens,
    fix: async (ctx) =>
      (await tokenFiles(ctx)).files.flatMap(({ path, uid }) => close(path, 0o600, uid)),
  },
  {
    id: "secrets-in-flake",
    title: "secrets in the flake",
    quick: false,
    blocksUpdate: true,
    check: inFlake,
  },
]);

function passwordFiles(ctx: Context): Finding {
  if (!exists(ctx.root.host(places.state))) return skip("no state folder");
  const files = privatePasswords(ctx);
  const problems = files.filter((path) => {
    const info = lstatIfExists(path);
    return info !== undefined && (isOpen(info) || info.uid !== 0);
  });
  if (problems.length === 0) {
    return pass(files.length === 0 ? "there are none" : `${files.length}, readable by root alone`);
  }
  return fail(
    `not root's alone: ${some(problems)}`,
    `${toGiveToRoot(problems[0]!, "0600")}; change a password others may know`,
    problems,
  );
}

function privatePasswords(ctx: Context): string[] {
  const folder = ctx.root.follow(places.passwords);
  return listIfExists(folder).map((name) => `${folder}/${name}`)
    .filter((path) => lstatIfExists(path)?.isFile);
}

function shadow(ctx: Context, facts: Facts): Finding {
  const path = ctx.root.follow("/etc/shadow");
  const info = lstatIfExists(path);
  if (info === undefined) return skip("there is none");
  if (!info.isFile) {
    return fail(
      `${path} is not a file: nobody has a password`,
      `look at it: ls -ld ${shellWord(path)}`,
    );
  }
  const mode = octal(permissions(info));
  if (info.uid !== 0) {
    return fail(
      `belongs to user ${info.uid}, who can read and change it (${mode})`,
      `${toGiveToRoot(path, "0600")}; then new passwords for all`,
    );
  }
  if ((permissions(info) & 0o027) !== 0) {
    return fail(`has mode ${mode} of root`, `chmod 0640 ${shellWord(path)}, or validator --fix`);
  }
  const readers = readersOf(info, facts.accounts());
  return readers.length === 0 ? pass(`${mode} of root`) : fail(
    `its group lets ${some(readers)} read it (${mode})`,
    `chmod 0600 ${shellWord(path)}; then new passwords for all`,
    readers,
  );
}

/** The people who may read a file of root's by its group. */
function readersOf(info: Deno.FileInfo, accounts: Accounts): string[] {
  if ((permissions(info) & 0o040) === 0) return [];
  return loginUsers(accounts).migratable.filter((account) =>
    account.uid !== 0 && (account.gid === info.gid ||
      groupsOf(accounts, account).supplementary.some(({ gid }) => gid === info.gid))
  ).map(({ name }) => name);
}

async function tokens(ctx: Context): Promise<Finding> {
  const { files, silent } = await tokenFiles(ctx);
  const open = files.filter(({ info }) => isOpen(info));
  if (open.length === 0 && silent.length > 0) return skip(`no answer from ${some(silent)}`);
  if (open.length === 0) {
    return pass(
      files.length === 0 ? "none is stored" : `${files.length}, readable by the owner alone`,
    );
  }
  const { user, uid, path, real, info } = open[0]!;
  const items = open.map(({ path }) => path);
  // With the user's rights: the user decides what the path leads to.
  const asUser = (command: string, ...words: string[]) =>
    commandLine("runuser", ["-u", user, "--", command, ...words, path]);
  const remedy = real !== path
    ? `it leads to ${real}: keep it where others cannot read; replace`
    : info.uid === uid
    ? `${asUser("chmod", "0600")}, or validator --fix; then replace`
    : `it belongs to user ${info.uid}, not to ${user}: ${asUser("rm", "-f")}; replace`;
  return fail(
    `others can read ${some(items)}`,
    `${remedy} the token at github.com/settings/tokens`,
    items,
  );
}

interface TokenFile {
  readonly user: string;
  readonly uid: number;
  /** Host path below the home folder. */
  readonly path: string;
  /** The same, behind links. */
  readonly real: string;
  /** Of the file behind links. */
  readonly info: Deno.FileInfo;
}

/**
 * A home that this user cannot enter counts as one without: it is closed to others too. What a link
 * leads to counts when it is a file; nothing is read.
 * @returns also the homes whose file system does not answer
 */
async function tokenFiles(
  ctx: Context,
): Promise<{ readonly files: TokenFile[]; readonly silent: string[] }> {
  const mounts = readMounts(ctx);
  const files: TokenFile[] = [];
  const silent: string[] = [];
  const people = loginUsers(readAccounts(ctx)).migratable;
  const answers = await Promise.all(people.map(({ home }) => answersAt(ctx, mounts, home)));
  for (const [at, { name, uid, home }] of people.entries()) {
    if (!answers[at]) {
      silent.push(home);
      continue;
    }
    try {
      const path = `${ctx.root.follow(home)}/${TOKEN}`;
      const real = ctx.root.follow(`${home}/${TOKEN}`);
      const info = lstatIfExists(real);
      if (info?.isFile) files.push({ user: name, uid, path, real, info });
    } catch (error) {
      if (error instanceof Deno.errors.PermissionDenied || error instanceof ToolError) continue;
      throw error;
    }
  }
  return { files, silent };
}

/** The flake is copied to the store, where everyone reads it. */
function inFlake(ctx: Context, facts: Facts): Finding {
  facts.requireShadow();
  // Of a locked account, too.
  const hashes = [...passwordHashes(ctx).values()].map((field) => field.replace(/^!+/, ""))
    .filter((hash) => hash.startsWith("$"));
  const found: string[] = [];
  let count = 0;
  for (const path of filesBelow(ctx.root.follow(places.hypervisor))) {
    count++;
    const text = new TextDecoder().decode(readRegular(path));
    // "\$6\$…" in a string of Nix or of a shell.
    const plain = text.replaceAll("\\$", "$");
    const what = hashes.some((hash) => plain.includes(hash))
      ? "a password hash of this machine"
      : TOKENS.test(text)
      ? "a GitHub token"
      : holdsPrivateKey(text)
      ? "a private key"
      : undefined;
    if (what) found.push(`${path}: ${what}`);
  }
  return found.length === 0 ? pass(`none in ${counted(count, "file")}`) : fail(
    `everyone can read ${some(found, 2)}`,
    "take it out and replace it by a new one; passwords belong into hashedPasswordFile",
    found,
  );
}

/** As a file, indented in a module, with line ends of Windows, or in one line with `\n`. */
function holdsPrivateKey(text: string): boolean {
  return AGE_KEY.test(text) || [...text.matchAll(PRIVATE_KEY)].some(({ 0: head, index }) => {
    const begin = index + head.length;
    const body = text.slice(begin, begin + KEY_WITHIN).replace(/\\[rn]/g, "\n")
      .replace(/^[\s#"']*[\w-]+: .*$/gm, "").replace(/[\s"'#\\]+/g, "");
    return KEY_TEXT.test(body);
  });
}

function* filesBelow(folder: string): Generator<string> {
  for (const name of listIfExists(folder)) {
    const path = `${folder}/${name}`;
    const info = lstatIfExists(path);
    if (info?.isDirectory && name !== ".git") yield* filesBelow(path);
    else if (info?.isFile && info.size <= LARGEST) yield path;
  }
}

function isOpen(info: Deno.FileInfo): boolean {
  return (permissions(info) & READABLE_BY_OTHERS) !== 0;
}

/** Takes permissions away from a file of this user; a folder in its place, and what is behind a link, is not touched. */
function close(path: string, atMost: number, uid: number): Change[] {
  try {
    return lstatIfExists(path)?.isFile ? restrict(path, atMost, uid) : [];
  } catch (error) {
    if (error instanceof LinkInTheWay) return [];
    throw error;
  }
}
