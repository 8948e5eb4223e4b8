import { listIfExists, readTextIfExists } from "../machine/files/files.ts";
import type { Context } from "../machine/context.ts";

/** A command that someone may run through sudo without a password. */
export interface PasswordlessRule {
  /** A user, `%group`, `#uid` or alias. */
  readonly who: string;
  readonly command: string;
}

/** Files that are read at most, so that files that include each other come to an end. */
const MAX_FILES = 256;
const TAGS = /^(?:(NO)?(PASSWD|EXEC|SETENV|LOG_INPUT|LOG_OUTPUT|FOLLOW|MAIL|INTERCEPT)):\s*/;

/**
 * What sudoers(5) and the files it includes grant without a password; a `Defaults !authenticate` is
 * the command "ALL". Aliases are not resolved: their names stand for what they hold.
 * @throws Deno.errors.PermissionDenied for others than root
 */
export function passwordlessRules(ctx: Context): PasswordlessRule[] {
  return rulesOf(ctx, "/etc/sudoers", { files: 0 });
}

function rulesOf(ctx: Context, path: string, read: { files: number }): PasswordlessRule[] {
  const text = read.files++ < MAX_FILES ? readTextIfExists(ctx.root.follow(path)) : undefined;
  if (text === undefined) return [];
  return text.replaceAll("\\\n", " ").split("\n").flatMap((line) => {
    const include = /^[@#]include(dir)?\s+(\S+)/.exec(line.trim());
    if (include) return included(ctx, include[2]!.replaceAll('"', ""), !!include[1], read);
    return parseLine(line);
  });
}

/** Names with a dot or a trailing tilde are left out of a folder, sudoers(5). */
function included(
  ctx: Context,
  path: string,
  folder: boolean,
  read: { files: number },
): PasswordlessRule[] {
  const absolute = path.startsWith("/") ? path : `/etc/${path}`;
  const files = folder
    ? listIfExists(ctx.root.follow(absolute)).filter((name) => !/\.|~$/.test(name))
      .map((name) => `${absolute}/${name}`)
    : [absolute];
  return files.flatMap((file) => rulesOf(ctx, file, read));
}

function parseLine(line: string): PasswordlessRule[] {
  const text = line.trim();
  // `#1000` is a user, `# text` a comment.
  if (text === "" || /^#(?!\d)/.test(text) || /^\w+_Alias\b/.test(text)) return [];
  if (text.startsWith("Defaults")) {
    const who = /^Defaults:(\S+)/.exec(text)?.[1] ?? "everyone";
    return /(?:^|[\s,])!\s*authenticate\b/.test(text) ? [{ who, command: "ALL" }] : [];
  }
  const rule = /^([^\s,]+(?:\s*,\s*[^\s,]+)*)\s+[^=\s]+\s*=\s*(.*)$/.exec(text);
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
