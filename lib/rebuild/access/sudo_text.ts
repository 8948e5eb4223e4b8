import type { AccountState } from "../proofs/machine_now.ts";

type Person = Pick<AccountState, "name" | "uid" | "groups">;

/**
 * Whether sudo asks a person for root's password, by lines of a sudoers file (sudoers(5)). An alias may
 * mean anybody. Pure.
 */
export function asksForRoot(text: string, person: Person): boolean {
  const set = new Set<string>();
  for (const line of linesOf(text)) {
    const [, kind, list = "", settings = ""] =
      /^Defaults(?:\s*([@:>!])\s*([^\s,]+(?:\s*,\s*[^\s,]+)*))?\s+(.*)$/.exec(line) ?? [];
    const isElsewhere = kind === "!" || kind === ":" && !isAmong(list, person) ||
      kind === ">" && !isAmong(list, { name: "root", uid: 0, groups: ["root"] });
    if (isElsewhere) continue;
    for (const [, not, name = ""] of settings.matchAll(/(!?)\s*\b(rootpw|runaspw|targetpw)\b/g)) {
      if (not) set.delete(name);
      else set.add(name);
    }
  }
  return set.size > 0;
}

/**
 * Whether the last of such lines that is about a person and all commands takes them away, whatever was
 * granted before. Pure.
 */
export function deniesAll(text: string, person: Person): boolean {
  let isDenied = false;
  for (const line of linesOf(text)) {
    const [, list = "", commands = ""] =
      /^(?!Defaults\b|\w+_Alias\b)([^\s,=]+(?:\s*,\s*[^\s,=]+)*)\s+[^=]+=(.*)$/.exec(line) ?? [];
    const last = [...commands.matchAll(/(!?)\s*\bALL\b(?![^(]*\))/g)].at(-1);
    if (last !== undefined && isAmong(list, person)) isDenied = last[1] === "!";
  }
  return isDenied;
}

function linesOf(text: string): string[] {
  return text.replace(/\\[ \t]*\r?\n/g, " ").split("\n")
    .map((line) => line.replace(/(^|\s)#(?!\d).*/, "").trim());
}

/** Of a list's words that fit, the last one counts. */
function isAmong(list: string, { name, uid, groups }: Person): boolean {
  const last = list.split(",").map((word) => word.trim()).findLast((word) => {
    const bare = word.replace(/^!\s*/, "");
    return bare === name || bare === `#${uid}` || /^[A-Z][A-Z0-9_]*$/.test(bare) ||
      bare.startsWith("%") && groups.includes(bare.slice(1));
  });
  return last !== undefined && !last.startsWith("!");
}
