import { passwordHashes, readAccounts } from "../../machine/accounts/accounts.ts";
import { counted } from "../../layout/counted.ts";
import { exists, listIfExists, lstatIfExists } from "../../machine/files/files.ts";
import { loginUsers } from "../../machine/accounts/login_users.ts";
import { LinkInTheWay } from "../../machine/files/pinned.ts";
import { places } from "../../machine/places.ts";
import { readRegular } from "../../machine/files/regular_file.ts";
import { ToolError } from "../../machine/tool_error.ts";
import type { Context } from "../../machine/context.ts";
import { type Change, checksOf, denied, fail, type Finding, pass, skip, some } from "../check.ts";
import { octal, permissions, restrict } from "../ownership.ts";

/** The token's file in a home folder (reference, "Setting GitHub Token"). */
const TOKEN = ".config/github/token";
/** GitHub's tokens: classic with their kind, and fine-grained ones (GitHub's docs, "Token formats"). */
const TOKENS = /\b(gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{60,255})\b/;
const PRIVATE_KEY = /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----\n[A-Za-z0-9+/=\n]{64}/;
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
    fix: (ctx) => tokenFiles(ctx).flatMap(({ path, uid }) => close(path, 0o600, uid)),
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
  if (problems.length === 0) return pass(`${files.length}, readable by root alone`);
  return fail(
    `not root's alone: ${some(problems)}`,
    `chown root:root ${problems[0]} && chmod 0600 ${
      problems[0]
    }; change a password others may know`,
    problems,
  );
}

function privatePasswords(ctx: Context): string[] {
  const folder = ctx.root.follow(places.passwords);
  return listIfExists(folder).map((name) => `${folder}/${name}`)
    .filter((path) => lstatIfExists(path)?.isFile);
}

function shadow(ctx: Context): Finding {
  const path = ctx.root.follow("/etc/shadow");
  const info = lstatIfExists(path);
  if (info === undefined) return skip("there is none");
  const mode = permissions(info);
  return info.uid === 0 && (mode & 0o027) === 0
    ? pass(`${octal(mode)} of root`)
    : fail(`has mode ${octal(mode)} of user ${info.uid}`, `chmod 0640 ${path}, or validator --fix`);
}

function tokens(ctx: Context): Finding {
  const files = tokenFiles(ctx);
  const open = files.filter(({ info }) => isOpen(info));
  if (open.length === 0) {
    return pass(
      files.length === 0 ? "none is stored" : `${files.length}, readable by the owner alone`,
    );
  }
  const { user, path, real } = open[0]!;
  const items = open.map(({ path }) => path);
  return fail(
    `others can read ${some(items)}`,
    // With the user's rights: the user decides what the path leads to.
    (real === path
      ? `runuser -u ${user} -- chmod 0600 ${path}, or validator --fix; then replace`
      : `it leads to ${real}: keep it where others cannot read; replace`) +
      " the token at github.com/settings/tokens",
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
 */
function tokenFiles(ctx: Context): TokenFile[] {
  return loginUsers(readAccounts(ctx)).migratable.flatMap(({ name, uid, home }) => {
    try {
      const path = `${ctx.root.follow(home)}/${TOKEN}`;
      const real = ctx.root.follow(`${home}/${TOKEN}`);
      const info = lstatIfExists(real);
      return info?.isFile ? [{ user: name, uid, path, real, info }] : [];
    } catch (error) {
      if (error instanceof Deno.errors.PermissionDenied || error instanceof ToolError) return [];
      throw error;
    }
  });
}

/** The flake is copied to the store, where everyone reads it. */
function inFlake(ctx: Context): Finding {
  const hashes = [...passwordHashes(ctx).values()].filter((hash) => hash.startsWith("$"));
  if (!readAccounts(ctx).shadowReadable) return denied("/etc/shadow");
  const found: string[] = [];
  let count = 0;
  for (const path of filesBelow(ctx.root.follow(places.hypervisor))) {
    count++;
    const text = new TextDecoder().decode(readRegular(path));
    const what = hashes.some((hash) => text.includes(hash))
      ? "a password hash of this machine"
      : TOKENS.test(text)
      ? "a GitHub token"
      : PRIVATE_KEY.test(text)
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

/** Takes permissions away from a file of this user; what is behind a link is not touched. */
function close(path: string, atMost: number, uid: number): Change[] {
  try {
    return restrict(path, atMost, uid);
  } catch (error) {
    if (error instanceof LinkInTheWay) return [];
    throw error;
  }
}
