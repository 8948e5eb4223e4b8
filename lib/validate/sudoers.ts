import { listIfExists, lstatIfExists, parentOf, readIfExists } from "../machine/files/files.ts";
import { readHostName } from "../machine/host_name.ts";
import type { Context } from "../machine/context.ts";

/** A command that someone may run through sudo or doas without a password. */
export interface PasswordlessRule {
  /** A user, `%group`, `#uid` or alias; or several of them, with commas. */
  readonly who: string;
  readonly command: string;
  /** Whether it runs as root, and not as somebody else only. */
  readonly asRoot: boolean;
}

/** A larger file (bytes) is none that people write. */
const LARGEST = 1024 * 1024;

/** A name or number of a list of sudoers(5), perhaps with exclamation marks. */
const ITEM = String.raw`(?:!\s*)*(?:[%+:]*"[^"]*"|(?:\\.|[^\s,\\="])+)`;
const LIST = String.raw`${ITEM}(?:\s*,\s*${ITEM})*`;
/** A list of hosts that is looked for at each colon: so long and no longer, for a file that a stranger wrote. */
const HOSTS = String.raw`(?:!\s?)?[^\s,="]{1,256}(?:\s{0,9},\s{0,9}(?:!\s?)?[^\s,="]{1,256}){0,32}`;
const TAG = "(?:NO)?(?:PASSWD|EXEC|SETENV|LOG_INPUT|LOG_OUTPUT|FOLLOW|MAIL|INTERCEPT)";
/** What stands before a command: whom it runs as, options, tags, digests. */
const BEFORE = new RegExp(
  String.raw`^(?:\((?<runas>[^)]*)\)|(?<tag>${TAG})\s*:|sha(?:224|256|384|512):\S+|` +
    "(?:ROLE|TYPE|PRIVS|LIMITPRIVS|APPARMOR_PROFILE|CWD|CHROOT|TIMEOUT|NOTBEFORE|NOTAFTER)" +
    String.raw`\s*=\s*(?:"[^"]*"|(?:\\.|[^\s\\])+))\s*`,
);
const DEFAULTS = new RegExp(String.raw`^Defaults(?:\s*([@:>!])\s*(${LIST}))?\s+(.*)$`);
const USER_LIST = new RegExp(String.raw`^(${LIST})\s+(.*)$`);
/** Where further hosts with commands of their own begin: a colon that belongs to no tag and no digest. */
const NEXT_HOSTS = new RegExp(String.raw`(?<!\\|\b${TAG}\s*|\bsha\d{3}):\s*(?=${HOSTS}\s*=)`);
const INCLUDE = /^[@#]include(dir)?\s+("[^"]*"|(?:\\.|[^\s\\])+)/;

/**
 * What sudoers(5) and the files it includes grant without a password; where no password is asked of
 * somebody (`!authenticate`, `exempt_group`) that is the command "ALL". Aliases are not resolved: their
 * names stand for what they hold.
 * @throws Deno.errors.PermissionDenied for others than root
 */
export function passwordlessRules(ctx: Context): PasswordlessRule[] {
  return rulesOf(ctx, "/etc/sudoers", new Set());
}

/** @param read the files that were read: some include each other */
function rulesOf(ctx: Context, path: string, read: Set<string>): PasswordlessRule[] {
  const host = ctx.root.follow(path);
  if (read.has(host)) return [];
  read.add(host);
  const text = new TextDecoder().decode(readIfExists(host, LARGEST));
  return text.replace(/\\[ \t]*\r?\n/g, " ").split("\n").map((line) => line.trim()).flatMap(
    (line) => {
      const [, folder, named] = INCLUDE.exec(line) ?? [];
      if (named === undefined) return rulesOfLine(withoutComment(line));
      const name = named.replace(/^"(.*)"$/, "$1").replace(/\\(.)/g, "$1")
        .replaceAll("%h", readHostName(ctx)?.name.split(".")[0] ?? "");
      const absolute = name.startsWith("/") ? name : `${parentOf(path)}/${name}`;
      const files = folder ? filesIn(ctx, absolute) : [absolute];
      return files.flatMap((file) => rulesOf(ctx, file, read));
    },
  );
}

/** Names with a dot or a trailing tilde are left out of a folder, and what is no file; sudoers(5). */
function filesIn(ctx: Context, folder: string): string[] {
  return listIfExists(ctx.root.follow(folder)).filter((name) => !/\.|~$/.test(name))
    .map((name) => `${folder}/${name}`)
    .filter((path) => lstatIfExists(ctx.root.follow(path))?.isFile);
}

/** `#1000` is a user, `# text` a comment. */
function withoutComment(line: string): string {
  return line.replace(/("[^"]*"|\\.)|#(?!\d).*$/g, (_, kept = "") => kept).trim();
}

function rulesOfLine(line: string): PasswordlessRule[] {
  if (/^(?:User|Runas|Host|Cmnd|Cmd)_Alias\b/.test(line)) return [];
  const defaults = DEFAULTS.exec(line);
  if (defaults) return rulesOfDefaults(defaults[1], defaults[2] ?? "", defaults[3]!);
  const [, who, rest = ""] = USER_LIST.exec(line) ?? [];
  if (who === undefined) return [];
  return rest.split(NEXT_HOSTS).flatMap((spec) => {
    const at = spec.indexOf("=");
    return at < 0 ? [] : rulesOfCommands(who, spec.slice(at + 1));
  });
}

function rulesOfDefaults(kind: string | undefined, list: string, text: string): PasswordlessRule[] {
  return separated(text).flatMap((setting) => {
    const exempt = /^exempt_group\s*=\s*"?([^"]+)"?$/.exec(setting)?.[1];
    if (exempt !== undefined) return [{ who: `%${exempt}`, command: "ALL", asRoot: true }];
    if (!/^!\s*authenticate$/.test(setting)) return [];
    const who = kind === ":" ? list : "everyone";
    return [{ who, command: kind === "!" ? list : "ALL", asRoot: true }];
  });
}

/** Whom a command runs as and its tags hold for the commands after it too. */
function rulesOfCommands(who: string, commands: string): PasswordlessRule[] {
  const rules: PasswordlessRule[] = [];
  let free = false;
  let asRoot = true;
  for (let part of separated(commands)) {
    for (let before = BEFORE.exec(part); before; before = BEFORE.exec(part)) {
      const { runas, tag } = before.groups!;
      if (runas !== undefined) asRoot = includesRoot(runas);
      if (tag?.endsWith("PASSWD")) free = tag.startsWith("NO");
      part = part.slice(before[0].length);
    }
    if (free && part !== "" && !part.startsWith("!")) rules.push({ who, command: part, asRoot });
  }
  return rules;
}

/** `(alice, bob : group)`: without users before the colon it is the user who runs it. */
function includesRoot(runas: string): boolean {
  const users = separated(runas.split(":")[0]!);
  const named = (names: readonly string[]) => users.some((user) => names.includes(user));
  return named(["ALL", "root", "#0"]) && !named(["!root", "!#0"]);
}

/** What commas separate, but those in quotes, in parentheses and behind a backslash. */
function separated(text: string): string[] {
  return (text.match(/(?:"[^"]*"|\([^()]*\)|\\.|[^,])+/g) ?? []).map((part) => part.trim());
}
