import type { ConfigurationFacts } from "../../../nix/evaluation/configuration_facts.ts";
import { wildcard } from "../../../machine/accounts/ssh_patterns.ts";
import type { Device } from "../machine_now.ts";
import { isFor } from "./unit_match.ts";
import { unitValues } from "./unit_text.ts";

/** A udev rule or a .link file that may give a network card a name, and what it does to a card. */
export interface Naming {
  /** The rule, or the file's name. */
  readonly what: string;
  /** What tells it from another one: the rule, or the file's name and text. */
  readonly key: string;
  /** The name that it gives; undefined for one that is made of what the card is. */
  readonly name: string | undefined;
  /** Whether it may be about this card. */
  readonly concerns: (card: Device) => boolean;
}

/**
 * What a configuration names cards by: `services.udev.extraRules` (udev(7)) and
 * `systemd.network.links` (systemd.link(5)). Rules of packages are not known. Pure.
 */
export function namings(facts: ConfigurationFacts): Naming[] {
  return [...udevNamings(facts), ...linkNamings(facts)];
}

const TOKEN = /([A-Z_]+(?:\{[^}]*\})?)\s*(==|!=|:=|=)\s*"([^"]*)"/g;

function udevNamings({ plain = [] }: ConfigurationFacts): Naming[] {
  const rules = plain.find(({ name }) => name === "services.udev.extraRules")?.said[0]?.value;
  return String(rules ?? "").replaceAll(/\\\n\s*/g, " ").split("\n").map((line) => line.trim())
    .filter((line) => !line.startsWith("#"))
    .flatMap((line): Naming[] => {
      const tokens = [...line.matchAll(TOKEN)].map(([, key, sign, value]) => ({
        key,
        sign,
        value,
      }));
      const said = (wanted: string) =>
        tokens.filter(({ key, sign }) => key === wanted && sign === "==")
          .map(({ value }) => value!.split("|"));
      const name = tokens.findLast(({ key, sign }) => key === "NAME" && /^:?=$/.test(sign!))?.value;
      if (name === undefined || said("SUBSYSTEM").some((of) => !of.includes("net"))) return [];
      return [{
        what: line,
        key: line,
        name,
        concerns: (card) =>
          said("ATTR{address}").every((patterns) => isMac(patterns, card)) &&
          said("KERNEL").every((patterns) => isKernelName(patterns, card)),
      }];
    });
}

/** The policy of systemd's own file for all cards, 99-default.link. */
const AS_BY_DEFAULT = "keep kernel database onboard slot path";

function linkNamings({ network }: ConfigurationFacts): Naming[] {
  return network.networkdUnits.filter(({ name }) => name.endsWith(".link"))
    .flatMap(({ name, text }): Naming[] => {
      const [own] = unitValues(text, "Name");
      if (!own && unitValues(text, "NamePolicy").join(" ") === AS_BY_DEFAULT) return [];
      const names = unitValues(text, "OriginalName");
      return [{
        what: name,
        key: `${name}\n${text}`,
        // A file without both leaves the kernel's name: only the first file that fits counts.
        name: own || undefined,
        concerns: (card) =>
          isFor({ name, text }, card) !== "no" &&
          (names.length === 0 || isKernelName(names, card)),
      }];
    });
}

function isMac(patterns: readonly string[], { mac }: Device): boolean {
  const plain = (text: string) => text.toLowerCase().replaceAll(/[:.-]/g, "");
  return mac === undefined ||
    patterns.some((pattern) => /[$%[]/.test(pattern) || wildcard(plain(pattern), plain(mac)));
}

/** Names that the kernel gives before any other is there; which one a card had is not told later. */
const OF_KERNEL = ["eth", "wlan", "usb"].flatMap((kind) =>
  [...Array(10).keys()].map((number) => kind + number)
);

function isKernelName(patterns: readonly string[], { name }: Device): boolean {
  return patterns.some((pattern) =>
    /[$%[!]/.test(pattern) || [name, ...OF_KERNEL].some((one) => wildcard(pattern, one))
  );
}
