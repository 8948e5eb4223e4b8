import { listIfExists, readTextIfExists } from "../machine/files/files.ts";
import type { Context } from "../machine/context.ts";

/** A command that someone may run through sudo without a password. */
export interface PasswordlessRule {
  /** A user, `%group`, `#uid` or alias. */
  readonly who: string;
  readonly command: string;
}

/** Files included from files: sudoers(5) allows 128 levels; nobody needs more than these. */
const MAX_DEPTH = 10;
const TAGS = /^(?:(NO)?(PASSWD|EXEC|SETENV|LOG_INPUT|LOG_OUTPUT|FOLLOW|MAIL|INTERCEPT)):\s*/;

/**
 * What sudoers(5) and the files it includes grant without a password; a `Defaults !authenticate` is
 * the command "ALL". Aliases are not resolved: their names stand for what they hold.
 * @throws Deno.errors.PermissionDenied for others than root
 */
export function passwordlessRules(ctx: Context): PasswordlessRule[] {
  return rulesOf(ctx, "/etc/sudoers", 0);
}

function rulesOf(ctx: Context, path: string, depth: number): PasswordlessRule[] {
  const text = readTextIfExists(ctx.root.follow(path));
  if (text === undefined || depth > MAX_DEPTH) return [];
  return text.replaceAll("\\\n", " ").split("\n").flatMap((line) => {
    const include = /^[@#]include(dir)?\s+(\S+)/.exec(line.trim());
    if (include) return included(ctx, include[2]!.replaceAll('"', ""), !!include[1], depth);
    return parseLine(line);
  });
}

/** Names with a dot or a trailing tilde are left out of a folder, sudoers(5). */
function included(ctx: Context, path: string, folder: boolean, depth: number): PasswordlessRule[] {
  const absolute = path.startsWith("/") ? path : `/etc/${path}`;
  const files = folder
    ? listIfExists(ctx.root.follow(absolute)).filter((name) => !/\.|~$/.test(name))
      .map((name) => `${absolute}/${name}`)
    : [absolute];
  return files.flatMap((file) => rulesOf(ctx, file, depth + 1));
}

function parseLine(line: string): PasswordlessRule[] {
  const text = line.trim();
  // `#1000` is a user, `# text` a comment.
  if (text === "" || /^#(?!\d)/.test(text) || /^\w+_Alias\b/.test(text)) return [];
  if (text.startsWith("Defaults")) {
    const who = /^Defaults:(\S+)/.exec(text)?.[1] ?? "everyone";
    return /(?:^|[\s,])!\s*authenticate\b/.test(text) ? [{ who, command: "ALL" }] : [];
  }
  const rule = /^(\S+(?:\s*,\s*\S+)*)\s+[^=\s]+\s*=\s*(.*)$/.exec(text);
  if (!rule) return [];
  const [, who = "", commands = ""] = rule;
  const rules: PasswordlessRule[] = [];
  // A tag holds for the commands after it too.
  let free = false;
  for (let part of commands.split(/(?<!\\),/).map((part) => part.trim())) {
    part = part.replace(/^\([^)]*\)\s*/, "");
    for (let tag = TAGS.exec(part); tag; tag = TAGS.exec(part)) {
      if (tag[2] === "PASSWD") free = tag[1] === "NO";
      part = part.slice(tag[0].length);
    }
    if (free && !part.startsWith("!")) rules.push({ who, command: part });
  }
  return rules;
}
