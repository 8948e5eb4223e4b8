/** The kinds of aliases of sudoers(5). */
export type AliasKind = "User" | "Runas" | "Host" | "Cmnd";

const DEFINITION = /^(User|Runas|Host|Cmnd|Cmd)_Alias\s+(.*)$/;
const NAME = "[A-Z][A-Z0-9_]*";

/** What sudoers(5) calls by a name: a list of names or of commands, perhaps by other names. */
export class SudoAliases {
  readonly #members = new Map<string, readonly string[]>();
  readonly #expanded = new Map<string, readonly string[]>();

  /** @param lines of all files, without comments: sudo resolves aliases when it has read everything */
  constructor(lines: readonly string[]) {
    for (const line of lines) {
      const [, word, definitions = ""] = DEFINITION.exec(line) ?? [];
      if (word === undefined) continue;
      const kind = word === "Cmd" ? "Cmnd" : word;
      for (const one of definitions.split(new RegExp(String.raw`(?<!\\):\s*(?=${NAME}\s*=)`))) {
        const [, name, list = ""] = new RegExp(`^\\s*(${NAME})\\s*=(.*)$`).exec(one) ?? [];
        if (name !== undefined) this.#members.set(`${kind} ${name}`, separated(list));
      }
    }
  }

  /** A list with the members of aliases in their place; what no alias defines stays as it is. */
  expand(kind: AliasKind, list: readonly string[]): string[] {
    // Aliases in aliases could make a list of any length: of equal items the last one counts.
    return [...new Set(list.flatMap((item) => this.#itemsOf(kind, item)).reverse())].reverse();
  }

  #itemsOf(kind: AliasKind, item: string): readonly string[] {
    const [, marks, bare = item] = /^((?:!\s*)*)(.*)$/.exec(item) ?? [];
    const isNegated = (marks ?? "").replace(/\s/g, "").length % 2 === 1;
    const key = `${kind} ${bare}`;
    const members = this.#members.get(key);
    if (members === undefined || bare === "ALL") return [isNegated ? `!${bare}` : bare];
    let items = this.#expanded.get(key);
    if (items === undefined) {
      // An alias in itself is none.
      this.#expanded.set(key, []);
      items = this.expand(kind, members);
      this.#expanded.set(key, items);
    }
    return isNegated ? items.map((one) => one.startsWith("!") ? one.slice(1) : `!${one}`) : items;
  }
}

/** Whether a line of sudoers(5) defines aliases. */
export function definesAliases(line: string): boolean {
  return DEFINITION.test(line);
}

/** What commas separate, but those in quotes, in parentheses and behind a backslash. */
export function separated(text: string): string[] {
  return (text.match(/(?:"[^"]*"|\([^()]*\)|\\.|[^,])+/g) ?? []).map((part) => part.trim());
}
