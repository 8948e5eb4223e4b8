import { decode, latin1 } from "./account_lines.ts";

/** What a merge gave. */
export interface MergedAccountFile {
  /** The merged file, byte for byte. */
  readonly data: Uint8Array;
  /** Names whose line changed since the install, in any way, and was therefore left as it is now. */
  readonly kept: readonly string[];
}

/**
 * Takes an account file (passwd, group, shadow …) back to what it was before the install, line by
 * line: a name whose line is still what the install left gets its line of `before` (also none: what
 * the install added goes; or one that is gone: what it removed returns). A line that changed since,
 * for example by passwd(1), is left alone and named; names added since stay, after the others.
 * Works on bytes: nothing that is not understood is altered.
 * @param before the file before the install
 * @param after the file right after its last activation
 * @param now the file as it is
 * @param changed what people changed between activations, as of `changedNames`
 * @param withMembers the last field is a list of names, group(5) and gshadow(5): where nothing else of a
 *   line changed since, its names are merged one by one
 */
export function mergeAccountFile(
  before: Uint8Array,
  after: Uint8Array,
  now: Uint8Array,
  changed: ReadonlySet<string> = new Set(),
  withMembers = false,
): MergedAccountFile {
  const [old, installed, current] = [before, after, now].map(byName) as [Lines, Lines, Lines];
  const merged = new Set<string>();
  for (const name of withMembers ? [...installed.keys()] : []) {
    if (changed.has(name)) continue;
    const line = mergedMembers(
      name,
      old.get(name),
      installed.get(name)!,
      current.get(name),
      changed,
    );
    if (line === undefined) continue;
    // As if the installation had never been: what people did to the list stays.
    old.set(name, [line]);
    installed.set(name, current.get(name)!);
    merged.add(name);
  }
  const names = new Set([...changed].map((entry) => entry.split(":", 1)[0]!));
  const isKept = (name: string) =>
    (names.has(name) && !merged.has(name) || !same(current.get(name), installed.get(name))) &&
    !same(current.get(name), old.get(name));
  const order = new Set([...old.keys(), ...current.keys()]);
  const kept = [...new Set([...old.keys(), ...installed.keys(), ...names])].filter(isKept);
  if (
    merged.size === 0 && kept.length === 0 &&
    [...current.keys()].every((name) => old.has(name) || installed.has(name))
  ) {
    return { data: before.slice(), kept };
  }
  const lines = [...order].flatMap((name) => (isKept(name) ? current : old).get(name) ?? []);
  const text = lines.map((line) => line + "\n").join("");
  return {
    data: Uint8Array.from(text, (character) => character.charCodeAt(0)),
    kept: kept.map(decode),
  };
}

/**
 * Names whose lines differ between two states of a file, one character a byte.
 * @param withMembers as of `mergeAccountFile`: where only members differ, one `NAME:MEMBER` for each
 */
export function changedNames(one: Uint8Array, other: Uint8Array, withMembers = false): string[] {
  const [first, second] = [byName(one), byName(other)];
  return [...new Set([...first.keys(), ...second.keys()])].flatMap((name) => {
    const [was, is] = [first.get(name), second.get(name)];
    if (same(was, is)) return [];
    if (!withMembers || was?.length !== 1 || is?.length !== 1) return [name];
    const [old, current] = [split(was[0]!), split(is[0]!)];
    if (old.head !== current.head) return [name];
    return [...symmetricDifference(old.members, current.members)].map((member) =>
      `${name}:${member}`
    );
  });
}

/**
 * What an activation may have left that was cut off before it could say: the lines of before it that
 * are still there. So an account that is gone returns, and a line that differs counts as people's.
 */
export function presumedAfter(before: Uint8Array, now: Uint8Array): Uint8Array {
  const current = byName(now);
  const lines = [...byName(before)].flatMap(([name, lines]) => current.has(name) ? lines : []);
  const text = lines.map((line) => line + "\n").join("");
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/**
 * A group's line as it would be without the installation, where since then only members changed;
 * undefined where that is not so, and where nothing has to be merged.
 */
function mergedMembers(
  name: string,
  before: readonly string[] | undefined,
  after: readonly string[],
  now: readonly string[] | undefined,
  changed: ReadonlySet<string>,
): string | undefined {
  if (before?.length !== 1 || after.length !== 1 || now?.length !== 1) return undefined;
  const [old, installed, current] = [split(before[0]!), split(after[0]!), split(now[0]!)];
  if (installed.head !== current.head) return undefined;
  const since = symmetricDifference(installed.members, current.members);
  const byPeople = (member: string) => since.has(member) || changed.has(`${name}:${member}`);
  const all = [...new Set([...old.members, ...current.members])];
  if (!all.some(byPeople)) return undefined;
  const members = all.filter((member) =>
    (byPeople(member) ? current : old).members.includes(member)
  );
  return old.head + members.join(",");
}

function symmetricDifference(one: readonly string[], other: readonly string[]): Set<string> {
  return new Set(one).symmetricDifference(new Set(other));
}

interface Group {
  readonly head: string;
  readonly members: readonly string[];
}

function split(line: string): Group {
  const end = line.lastIndexOf(":") + 1;
  return {
    head: line.slice(0, end),
    members: line.slice(end).split(",").filter((name) => name !== ""),
  };
}

/** Lines by account name; a line that names no account stands for itself. */
type Lines = Map<string, readonly string[]>;

function byName(bytes: Uint8Array): Lines {
  const lines = latin1(bytes).replace(/\n$/, "").split("\n").filter((line) => line !== "");
  return Map.groupBy(lines, (line) => line.startsWith("#") ? line : line.split(":", 1)[0]!);
}

function same(one: readonly string[] | undefined, other: readonly string[] | undefined): boolean {
  return (one ?? []).join("\n") === (other ?? []).join("\n");
}
