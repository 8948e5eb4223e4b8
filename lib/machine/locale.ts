import type { Context } from "./context.ts";
import { machineLink, machineText } from "./files/machine_files.ts";
import { parseShellAssignments } from "./shell_assignments.ts";

/** Language, clock and keyboard of a machine. What nothing says is undefined. */
export interface LocaleSettings {
  /** A name of the time zone database, such as `Europe/Berlin`. */
  readonly timeZone: string | undefined;
  /** LANG. */
  readonly locale: string | undefined;
  /** LC_TIME and its like, by name; LC_ALL is not kept: it is for tests, not for systems. */
  readonly categories: Readonly<Record<string, string>>;
  /** vconsole.conf(5)'s KEYMAP, or Debian's keyboard layout. */
  readonly keyMap: string | undefined;
  /** vconsole.conf(5)'s FONT. */
  readonly font: string | undefined;
}

/** Reads time zone, locale.conf(5) and vconsole.conf(5), or Debian's files in their place. */
export function readLocale(ctx: Context): LocaleSettings {
  const read = (path: string) => parseShellAssignments(machineText(ctx, path) ?? "");
  const own = read("/etc/locale.conf");
  const locale = own.size > 0 ? own : read("/etc/default/locale");
  const console = read("/etc/vconsole.conf");
  const keyMap = console.get("KEYMAP") || read("/etc/default/keyboard").get("XKBLAYOUT");
  return {
    timeZone: readTimeZone(ctx),
    locale: locale.get("LANG") || undefined,
    categories: Object.fromEntries(
      [...locale].filter(([name, value]) => /^LC_(?!ALL$)[A-Z]+$/.test(name) && value !== ""),
    ),
    keyMap: keyMap || undefined,
    font: console.get("FONT") || undefined,
  };
}

/**
 * The target of /etc/localtime as it is written (localtime(5)): NixOS's points to /etc/zoneinfo, others'
 * to /usr/share/zoneinfo, and some through another link. Otherwise /etc/timezone.
 */
function readTimeZone(ctx: Context): string | undefined {
  let path = "/etc/localtime";
  for (let links = 0; links < 8; links++) {
    const target = machineLink(ctx, path);
    if (target === undefined) break;
    const zone = zoneOf(/(?:^|\/)zoneinfo\/(?:posix\/|right\/)?(.+)$/.exec(target)?.[1]);
    if (zone !== undefined) return zone;
    path = target.startsWith("/") ? target : path.slice(0, path.lastIndexOf("/") + 1) + target;
  }
  return zoneOf(machineText(ctx, "/etc/timezone")?.trim());
}

/** A well-formed name of the database (its theory.html, "Timezone identifiers"). */
function zoneOf(text: string | undefined): string | undefined {
  const wellFormed = /^[A-Za-z][\w+-]*(\/[A-Za-z0-9][\w+-]*)*$/.test(text ?? "");
  return wellFormed ? text : undefined;
}
