import type { LocaleSettings } from "../../machine/locale.ts";
import type { Swap } from "../../machine/hardware/swap.ts";
import type { ConfigurationFacts } from "../../nix/evaluation/configuration_facts.ts";
import { firstFound, merge, override, type Setting } from "./setting.ts";

/** Where the values of an evaluated configuration come from, in plans. */
export const EVALUATED = "evaluated configuration";

/** Time zone, languages, keyboard: evaluated first, then what the running system says. */
export function carryLocale(
  facts: ConfigurationFacts | undefined,
  running: LocaleSettings,
): Setting[] {
  const timeZone = firstFound(
    [facts?.timeZone, EVALUATED],
    [running.timeZone, "/etc/localtime"],
  );
  const locale = firstFound([facts?.defaultLocale, EVALUATED], [
    running.locale,
    "/etc/locale.conf",
  ]);
  const keyMap = firstFound(
    [facts?.consoleKeyMap, EVALUATED],
    [running.keyMap, "/etc/vconsole.conf"],
  );
  const font = firstFound([facts?.consoleFont, EVALUATED], [running.font, "/etc/vconsole.conf"]);
  const categories = facts?.extraLocaleSettings ?? running.categories;
  const categoriesSource = facts ? EVALUATED : "/etc/locale.conf";
  return [
    ...(timeZone ? [override("time.timeZone", timeZone.value, timeZone.source)] : []),
    ...(locale ? [override("i18n.defaultLocale", locale.value, locale.source)] : []),
    ...Object.entries(categories).map(([name, value]): Setting => ({
      option: ["i18n", "extraLocaleSettings", name],
      value,
      how: "override",
      source: categoriesSource,
    })),
    ...furtherLocales(facts),
    ...(keyMap ? [override("console.keyMap", keyMap.value, keyMap.source)] : []),
    ...(font ? [override("console.font", font.value, font.source)] : []),
    ...(facts?.xkbLayout && facts.xkbLayout !== "us"
      ? [override("services.xserver.xkb.layout", facts.xkbLayout, EVALUATED)]
      : []),
  ];
}

/** Locales beside those in use, which NixOS adds by itself. */
function furtherLocales(facts: ConfigurationFacts | undefined): Setting[] {
  if (!facts) return [];
  const used = ["C.UTF-8", facts.defaultLocale, ...Object.values(facts.extraLocaleSettings)];
  const further = facts.supportedLocales.filter((name) => !used.includes(name.split("/")[0]!));
  return further.length === 0 ? [] : [merge("i18n.supportedLocales", further, EVALUATED)];
}

/** Name, state version and host id: what NixOS must know to stay this machine. */
export function carryIdentity(
  hostName: { readonly value: string; readonly source: string },
  stateVersion: { readonly value: string; readonly source: string } | undefined,
  facts: ConfigurationFacts | undefined,
): Setting[] {
  return [
    override("networking.hostName", hostName.value, hostName.source),
    ...(stateVersion
      ? [override("system.stateVersion", stateVersion.value, stateVersion.source)]
      : []),
    ...(facts?.domain ? [override("networking.domain", facts.domain, EVALUATED)] : []),
    ...(facts?.hostId ? [override("networking.hostId", facts.hostId, EVALUATED)] : []),
  ];
}

/** Swap and hibernation as the running system has them, for when nothing could be evaluated. */
export function carryRunningSwap(swap: Swap, declared: readonly string[]): Setting[] {
  const areas = swap.areas.filter(({ kind, path }) => kind !== "zram" && !declared.includes(path));
  return [
    ...(areas.length > 0
      ? [merge("swapDevices", areas.map(({ path }) => ({ device: path })), "/proc/swaps")]
      : []),
    ...(swap.resumeDevice
      ? [override("boot.resumeDevice", swap.resumeDevice, "/proc/cmdline")]
      : []),
    ...(swap.areas.some(({ kind }) => kind === "zram")
      ? [override("zramSwap.enable", true, "/proc/swaps")]
      : []),
  ];
}
