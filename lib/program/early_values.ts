import { commonOptions, optionName, type OptionTable } from "./options.ts";

/**
 * The texts of a command line's options by key, read without the parser: for work that may begin before
 * the parser is even loaded, and is thrown away when the parser sees it differently.
 * @returns undefined for anything but plain long options with their values: the parser decides
 */
export function earlyValues(
  options: OptionTable,
  args: readonly string[],
): ReadonlyMap<string, string> | undefined {
  const specs = new Map(
    Object.entries({ ...options, ...commonOptions })
      .map(([key, spec]) => [optionName(key), { key, kind: spec.kind }]),
  );
  const values = new Map<string, string>();
  for (let at = 0; at < args.length; at++) {
    const [name = "", inline] = split(args[at]!);
    if (name === "--no-color") continue;
    const spec = specs.get(name);
    const text = spec?.kind === "value"
      ? inline ?? args[++at]
      : inline === undefined
      ? ""
      : undefined;
    if (spec === undefined || text === undefined) return undefined;
    values.set(spec.key, text);
  }
  return values;
}

function split(argument: string): [name: string, inline: string | undefined] {
  const equals = argument.indexOf("=");
  return equals < 0
    ? [argument, undefined]
    : [argument.slice(0, equals), argument.slice(equals + 1)];
}
