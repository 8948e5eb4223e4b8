import type { LocaleSettings } from "../../machine/locale.ts";
import type { ConfigurationFacts } from "../../nix/evaluation/configuration_facts.ts";
import {
  EVALUATED,
  firstFound,
  type Found,
  merge,
  override,
  said,
  type Setting,
} from "./setting.ts";

/** Time zone, languages, keyboard: evaluated first, then what the running system says. */
export function carryLocale(
  facts: ConfigurationFacts | undefined,
  running: LocaleSettings,
): Setting[] {
  const one = (option: string, evaluated: string | null | undefined, ...found: OfSystem) => {
    const first = firstFound([evaluated, EVALUATED], found);
    return first === undefined ? [] : [override(option, first.value, first.source)];
  };
  const categories = facts?.extraLocaleSettings ?? running.categories;
  const categoriesSource = facts ? EVALUATED : "/etc/locale.conf";
  return [
    ...one("time.timeZone", facts?.timeZone, running.timeZone, "/etc/localtime"),
    ...one("i18n.defaultLocale", facts?.defaultLocale, running.locale, "/etc/locale.conf"),
    ...Object.entries(categories).map(([name, value]) =>
      override(["i18n", "extraLocaleSettings", name], value, categoriesSource)
    ),
    ...furtherLocales(facts),
    ...one("console.keyMap", facts?.consoleKeyMap, running.keyMap, "/etc/vconsole.conf"),
    ...one("console.font", facts?.consoleFont, running.font, "/etc/vconsole.conf"),
    ...(facts?.xkbLayout === "us"
      ? []
      : said("services.xserver.xkb", { layout: facts?.xkbLayout })),
  ];
}

/** What the running system says, and where. */
type OfSystem = [value: string | undefined, file: string];

/** Locales beside those in use, which NixOS adds by itself. */
function furtherLocales(facts: ConfigurationFacts | undefined): Setting[] {
  if (!facts) return [];
  const used = ["C.UTF-8", facts.defaultLocale, ...Object.values(facts.extraLocaleSettings)];
  const further = facts.supportedLocales.filter((name) => !used.includes(name.split("/")[0]!));
  return said("i18n", { supportedLocales: further }, merge);
}

/** Name, state version and host id: what NixOS must know to stay this machine. */
export function carryIdentity(
  hostName: Found<string>,
  stateVersion: Found<string> | undefined,
  facts: ConfigurationFacts | undefined,
): Setting[] {
  return [
    override("networking.hostName", hostName.value, hostName.source),
    ...(stateVersion
      ? [override("system.stateVersion", stateVersion.value, stateVersion.source)]
      : []),
    ...said("networking", { domain: facts?.domain, hostId: facts?.hostId }),
  ];
}
