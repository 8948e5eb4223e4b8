import type { ConfigurationFacts } from "../../../nix/evaluation/configuration_facts.ts";
import { type Match, wildcard } from "../../../machine/accounts/ssh_patterns.ts";
import type { Device } from "../machine_now.ts";
import { unitSections } from "./unit_text.ts";

type Unit = ConfigurationFacts["network"]["networkdUnits"][number];

/** udev's names beside the one that an interface has, which networkd takes for it as well (99-default.link). */
const OTHER_NAMES = ["FROM_DATABASE", "ONBOARD", "SLOT", "PATH"].map((of) => `ID_NET_NAME_${of}`);

/** What each key of [Match] is held against; undefined where that is not known. */
const HELD_AGAINST: Readonly<Record<string, (device: Device) => readonly string[] | undefined>> = {
  Name: ({ name, traits }) => [
    name,
    ...OTHER_NAMES.flatMap((other) => traits?.properties?.[other] ?? []),
  ],
  MACAddress: ({ mac }) => mac === undefined ? undefined : [mac],
  PermanentMACAddress: ({ traits: { permanentMac } = {} }) =>
    permanentMac === undefined ? undefined : [permanentMac],
  Type: ({ traits: { type } = {} }) => type === undefined ? undefined : [type],
  Kind: ({ traits: { kind } = {} }) => kind === undefined ? undefined : kind === null ? [] : [kind],
  Driver: (device) => propertyOf(device, "ID_NET_DRIVER"),
  Path: (device) => propertyOf(device, "ID_PATH"),
};

/**
 * Whether a unit is for an interface; "maybe" where it asks for what is not known of that one. A unit that
 * asks for nothing is for none (systemd.network(5), "[Match]"). Pure.
 */
export function isFor({ text }: Unit, device: Device): Match {
  const answers = [...conditions(text)].map(([key, patterns]) => holds(key, patterns, device));
  if (answers.length === 0 || answers.includes("no")) return "no";
  return answers.includes("maybe") ? "maybe" : "yes";
}

/** The patterns of each key; every one of a list that begins with `!` begins so. */
function conditions(text: string): Map<string, string[]> {
  const found = new Map<string, string[]>();
  const lines = unitSections(text).filter(({ name }) => name === "Match")
    .flatMap((section) => section.text.split("\n"));
  for (const line of lines) {
    const [, key, not = "", words] = /^\s*(\w+)\s*=\s*(!?)\s*(\S.*)$/.exec(line) ?? [];
    if (key === undefined) continue;
    const patterns = words!.trim().split(/\s+/).map((word) => not + word);
    found.set(key, [...found.get(key) ?? [], ...patterns]);
  }
  return found;
}

function holds(key: string, patterns: readonly string[], device: Device): Match {
  const plain = key.endsWith("MACAddress") ? plainMac : (text: string) => text;
  const fits = (pattern: string, candidates: readonly string[]) =>
    candidates.some((one) => fileGlob(plain(pattern), plain(one)));
  if (key === "Property") {
    const properties = device.traits?.properties;
    if (properties === undefined) return "maybe";
    const all = patterns.every((pattern) => {
      const [, not, name, value] = /^(!?)([^=]+)=(.*)$/.exec(pattern) ?? [];
      return name !== undefined && fits(value!, list(properties[name])) === (not === "");
    });
    return all ? "yes" : "no";
  }
  const candidates = HELD_AGAINST[key]?.(device);
  if (candidates === undefined) return "maybe";
  const refused = patterns.filter((pattern) => pattern.startsWith("!"));
  if (refused.some((pattern) => fits(pattern.slice(1), candidates))) return "no";
  const wanted = patterns.filter((pattern) => !pattern.startsWith("!"));
  return wanted.length === 0 || wanted.some((pattern) => fits(pattern, candidates)) ? "yes" : "no";
}

function propertyOf({ traits }: Device, name: string): string[] | undefined {
  return traits?.properties === undefined ? undefined : list(traits.properties[name]);
}

function list(value: string | undefined): string[] {
  return value === undefined ? [] : [value];
}

/** fnmatch(3) without flags: sets of characters beside `*` and `?`. */
function fileGlob(pattern: string, text: string): boolean {
  const sets = /\[([!^]?)(\]?[^\]]*)\]/.exec(pattern);
  if (sets === null) return wildcard(pattern, text);
  const [whole, not, characters] = sets;
  const set = new RegExp(`[${not ? "^" : ""}${characters!.replace(/[\]\\^[]/g, "\\$&")}]`, "u");
  // Each place where the set's one character may stand.
  return [...text].some((character, index, all) =>
    set.test(character) &&
    wildcard(pattern.slice(0, sets.index), all.slice(0, index).join("")) &&
    fileGlob(pattern.slice(sets.index + whole.length), all.slice(index + 1).join(""))
  );
}

/** The spellings of networkd: with colons, with hyphens, or in groups of four with dots. */
function plainMac(text: string): string {
  return text.toLowerCase().replace(/[:.-]/g, "");
}
