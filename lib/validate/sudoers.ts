import { listIfExists, lstatIfExists, parentOf, readIfExists } from "../machine/files/files.ts";
import { readHostName } from "../machine/host_name.ts";
import type { Context } from "../machine/context.ts";
import { type AliasKind, definesAliases, separated, SudoAliases } from "./sudo_aliases.ts";

/** A command that someone may run through sudo or doas without a password. */
export interface PasswordlessRule {
  /** A user, `%group` or `#uid`; or several of them, with commas; some with "!" for all but these. */
  readonly who: string;
  readonly command: string;
  /** Whether it runs as root, and not as somebody else only. */
  readonly asRoot: boolean;
  /** Whether it is for this machine for certain: its hosts may be an address, a netgroup, a longer name. */
  readonly certain: boolean;
}

/** What an entry grants, with a password or without. */
interface Grant extends PasswordlessRule {
  readonly free: boolean;
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
/** What a command of an alias may be known by. */
const DIGESTS = /^(?:sha(?:224|256|384|512):\S+\s+)+/;
const INCLUDE = /^[@#]include(dir)?\s+("[^"]*"|(?:\\.|[^\s\\])+)/;

/**
 * What sudoers(5) and the files it includes grant here without a password, with the members of aliases in
 * their place; where no password is asked of somebody (`!authenticate`, `exempt_group`) that is the command
 * "ALL". What is for other hosts, and what a later entry of the same users takes back, is left out.
 * @throws Deno.errors.PermissionDenied for others than root
 */
export function passwordlessRules(ctx: Context): PasswordlessRule[] {
  const lines = linesOf(ctx, "/etc/sudoers", new Set());
  const here = new Here(new SudoAliases(lines), readHostName(ctx)?.name);
  const grants = lines.flatMap((line) => grantsOfLine(line, here));
  return grants.filter((grant, at) =>
    grant.free && !grants.slice(at + 1).some((later) => takesBack(later, grant))
  ).map(({ free: _, ...rule }) => rule);
}

/** Of the entries for a command the last one counts, also for the password. */
function takesBack(later: Grant, grant: Grant): boolean {
  return !later.free && later.certain && later.who === grant.who &&
    (later.asRoot || !grant.asRoot) && ["ALL", grant.command].includes(later.command);
}

/** Whether the rule's list names an account; of the items that do, the last one counts. */
export function isAmong(
  who: string,
  { name, uid }: { readonly name: string; readonly uid: number },
  groups: readonly { readonly name: string; readonly gid: number }[],
): boolean {
  const last = separated(who).findLast((item) => {
    const bare = item.replace(/^!/, "").replace(/"/g, "").replace(/\\(.)/g, "$1");
    return ["ALL", name, `#${uid}`].includes(bare) ||
      groups.some((group) => [`%${group.name}`, `%#${group.gid}`].includes(bare));
  });
  return last !== undefined && !last.startsWith("!");
}

/** What names mean on this machine. */
class Here {
  constructor(readonly aliases: SudoAliases, readonly hostName: string | undefined) {}

  /** Whether a list of hosts is about this machine; undefined when that cannot be said. */
  isMeant(hosts: string): boolean | undefined {
    for (const item of this.aliases.expand("Host", separated(hosts)).reverse()) {
      const fits = this.#fits(item.replace(/^!/, "").toLowerCase());
      if (fits === undefined) return undefined;
      if (fits) return !item.startsWith("!");
    }
    return false;
  }

  #fits(item: string): boolean | undefined {
    if (item === "all") return true;
    const own = this.hostName?.toLowerCase();
    // Netgroups and addresses are others' to say.
    if (own === undefined || /^\+|^[0-9.]+(\/|$)|:/.test(item)) return undefined;
    const short = own.split(".")[0]!;
    if (item === own || item === short) return true;
    if (/[*?[]/.test(item) || item.startsWith(`${short}.`)) return undefined;
    return false;
  }
}

/** The lines of a file and of what it includes, continued ones joined. @param read the files that were read */
function linesOf(ctx: Context, path: string, read: Set<string>): string[] {
  const host = ctx.root.follow(path);
  if (read.has(host)) return [];
  read.add(host);
  const text = new TextDecoder().decode(readIfExists(host, LARGEST));
  return text.replace(/\\[ \t]*\r?\n/g, " ").split("\n").map((line) => line.trim()).flatMap(
    (line) => {
      const [, folder, named] = INCLUDE.exec(line) ?? [];
      if (named === undefined) return [withoutComment(line)];
      const name = named.replace(/^"(.*)"$/, "$1").replace(/\\(.)/g, "$1")
        .replaceAll("%h", readHostName(ctx)?.name.split(".")[0] ?? "");
      const absolute = name.startsWith("/") ? name : `${parentOf(path)}/${name}`;
      const files = folder ? filesIn(ctx, absolute) : [absolute];
      return files.flatMap((file) => linesOf(ctx, file, read));
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

function grantsOfLine(line: string, here: Here): Grant[] {
  if (definesAliases(line)) return [];
  const defaults = DEFAULTS.exec(line);
  if (defaults) return grantsOfDefaults(defaults[1], defaults[2] ?? "", defaults[3]!, here);
  const [, list, rest = ""] = USER_LIST.exec(line) ?? [];
  if (list === undefined) return [];
  const who = here.aliases.expand("User", separated(list)).join(", ");
  return rest.split(NEXT_HOSTS).flatMap((spec) => {
    const at = spec.indexOf("=");
    const meant = at < 0 ? false : here.isMeant(spec.slice(0, at));
    return meant === false ? [] : grantsOfCommands(who, spec.slice(at + 1), meant === true, here);
  });
}

function grantsOfDefaults(
  kind: string | undefined,
  list: string,
  text: string,
  here: Here,
): Grant[] {
  const meant = kind === "@" ? here.isMeant(list) : true;
  if (meant === false) return [];
  const usual = { asRoot: true, certain: meant === true, free: true };
  return separated(text).flatMap((setting) => {
    const exempt = /^exempt_group\s*=\s*"?([^"]+)"?$/.exec(setting)?.[1];
    if (exempt !== undefined) return [{ ...usual, who: `%${exempt}`, command: "ALL" }];
    if (!/^!\s*authenticate$/.test(setting)) return [];
    const named = (kind: AliasKind) => here.aliases.expand(kind, separated(list)).join(", ");
    const who = kind === ":" ? named("User") : "everyone";
    return [{ ...usual, who, command: kind === "!" ? named("Cmnd") : "ALL" }];
  });
}

/** Whom a command runs as and its tags hold for the commands after it too. */
function grantsOfCommands(who: string, text: string, certain: boolean, here: Here): Grant[] {
  const grants: Grant[] = [];
  let free = false;
  let asRoot = true;
  for (let part of separated(text)) {
    for (let before = BEFORE.exec(part); before; before = BEFORE.exec(part)) {
      const { runas, tag } = before.groups!;
      if (runas !== undefined) asRoot = includesRoot(runas, here.aliases);
      if (tag?.endsWith("PASSWD")) free = tag.startsWith("NO");
      part = part.slice(before[0].length);
    }
    for (const item of here.aliases.expand("Cmnd", [part])) {
      const command = item.replace(DIGESTS, "");
      if (command === "" || command.startsWith("!")) continue;
      grants.push({ who, command, asRoot, certain, free });
    }
  }
  return grants;
}

/** `(alice, bob : group)`: without users before the colon it is the user who runs it. */
function includesRoot(runas: string, aliases: SudoAliases): boolean {
  const users = aliases.expand("Runas", separated(runas.split(":")[0]!));
  const named = (names: readonly string[]) => users.some((user) => names.includes(user));
  return named(["ALL", "root", "#0"]) && !named(["!root", "!#0"]);
}
