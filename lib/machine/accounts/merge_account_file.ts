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
 * @param changed names, as of `changedNames`, whose line people changed between activations
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
  let hasMerged = false;
  for (const name of withMembers ? [...installed.keys()] : []) {
    const line = mergedMembers(old.get(name), installed.get(name)!, current.get(name));
    if (line === undefined) continue;
    // As if the installation had never been: what people did to the list stays.
    old.set(name, [line]);
    installed.set(name, current.get(name)!);
    hasMerged = true;
  }
  const isKept = (name: string) =>
    (changed.has(name) || !same(current.get(name), installed.get(name))) &&
    !same(current.get(name), old.get(name));
  const order = new Set([...old.keys(), ...current.keys()]);
  const kept = [...new Set([...old.keys(), ...installed.keys(), ...changed])].filter(isKept);
  if (
    !hasMerged && kept.length === 0 &&
    [...current.keys()].every((name) => old.has(name) || installed.has(name))
  ) {
    return { data: before.slice(), kept };
  }
  const merged = [...order].flatMap((name) => (isKept(name) ? current : old).get(name) ?? []);
  const text = merged.map((line) => line + "\n").join("");
  return {
    data: Uint8Array.from(text, (character) => character.charCodeAt(0)),
    kept: kept.map(decode),
  };
}

/** Names whose lines differ between two states of a file, one character a byte. */
export function changedNames(one: Uint8Array, other: Uint8Array): string[] {
  const [first, second] = [byName(one), byName(other)];
  return [...new Set([...first.keys(), ...second.keys()])]
    .filter((name) => !same(first.get(name), second.get(name)));
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
  before: readonly string[] | undefined,
  after: readonly string[],
  now: readonly string[] | undefined,
): string | undefined {
  if (before?.length !== 1 || after.length !== 1 || now?.length !== 1) return undefined;
  const [old, installed, current] = [before[0]!, after[0]!, now[0]!].map(split) as [
    Group,
    Group,
    Group,
  ];
  const isMember = new Set(installed.members);
  if (installed.head !== current.head || same(after, now)) return undefined;
  const added = current.members.filter((name) => !isMember.has(name));
  const removed = installed.members.filter((name) => !current.members.includes(name));
  const members = [
    ...old.members.filter((name) => !removed.includes(name)),
    ...added.filter((name) => !old.members.includes(name)),
  ];
  return old.head + members.join(",");
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
