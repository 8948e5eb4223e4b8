/** What Nix would do for a build, by store paths. */
export interface DryRun {
  /** Derivations. */
  readonly built: readonly string[];
  readonly fetched: readonly string[];
  /** Bytes of what is fetched, unpacked. */
  readonly fetchedBytes: number;
  /** What is neither there nor anywhere, and has no derivation. */
  readonly unknown: readonly string[];
}

/** Headings of the lists (Nix 2.4 to 2.3x, `printMissing`); a list of one is headed in the singular. */
const HEADINGS = [
  [/derivations? will be built/, "built"],
  [/paths? will be fetched/, "fetched"],
  [/know how to build/, "unknown"],
] as const;

const SIZE = /([\d.]+) ([KMGT]?)iB unpacked\)/;
const UNITS = ["", "K", "M", "G", "T"];

/**
 * Reads what Nix writes to stderr with `--dry-run`.
 * @param stderr without terminal sequences
 */
export function parseDryRun(stderr: string): DryRun {
  const found: Lists = { built: [], fetched: [], unknown: [] };
  let list: string[] | undefined;
  for (const line of stderr.split("\n")) {
    const path = /^ {2}(\/\S+)$/.exec(line)?.[1];
    if (path !== undefined) list?.push(path);
    else list = namedList(found, line);
  }
  const [, size = "0", unit = ""] = SIZE.exec(stderr) ?? [];
  return { ...found, fetchedBytes: Math.round(Number(size) * 1024 ** UNITS.indexOf(unit)) };
}

type Lists = Record<"built" | "fetched" | "unknown", string[]>;

function namedList(found: Lists, line: string): string[] | undefined {
  const name = HEADINGS.find(([heading]) => line.endsWith(":") && heading.test(line))?.[1];
  return name === undefined ? undefined : found[name];
}
