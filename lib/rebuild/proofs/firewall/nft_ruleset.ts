/** A chain of a ruleset, its parts put together. */
export interface NftChain {
  readonly name: string;
  /** `ip`, `ip6`, `inet`, …; undefined when only the table's content is known. */
  readonly family: string | undefined;
  /** Chains of other tables are others, whatever their name; undefined as the family. */
  readonly table: string | undefined;
  /** Statements in their order: the rules, and what a base chain says of its type and policy. */
  readonly statements: string[];
}

interface Block {
  readonly head: string;
  readonly body: readonly (string | Block)[];
}

/** What opens a block of statements; every other brace is a set within one statement. */
const OPENS_BLOCK =
  /^((add|create)\s+)?(table|chain|set|map|flowtable|counter|quota|limit|secmark|synproxy|ct (helper|timeout|expectation))\b/;
const RULE = /^(add|insert|create)\s+rule\s+(?:(ip6?|inet|arp|bridge|netdev)\s+)?(\S+)\s+(\S+)\s+/;

/** Where a part of a ruleset stands. */
interface Place {
  readonly family: string | undefined;
  readonly table: string | undefined;
}

/**
 * The chains of a ruleset as `nft -f` reads it (nft(8)), or of a table's content. Variables, and sets
 * whose elements are written down, stand as their values. What only another file says is a statement
 * `include …` of a chain without a name. Pure.
 */
export function nftChains(text: string): NftChain[] {
  const plain = text.replaceAll(/\\\n/g, " ")
    .replaceAll(/"[^"\n]*"|#[^\n]*/g, (part) => part.startsWith("#") ? "" : part)
    .replaceAll(/\b(comment|prefix)\s+"[^"\n]*"/g, "").replaceAll('"', "");
  const { body } = readBlock(plain, { at: 0 }, "");
  const chains: NftChain[] = [];
  const values = new Map<string, string>();
  collect(body, { family: undefined, table: undefined }, chains, values);
  for (const { family, table, statements } of chains) {
    statements.forEach((one, index) =>
      statements[index] = withValues(one, { family, table }, values)
    );
  }
  return chains;
}

function readBlock(text: string, place: { at: number }, head: string): Block {
  const body: (string | Block)[] = [];
  let statement = "";
  const end = () => {
    const said = statement.replaceAll(/\s+/g, " ").trim();
    if (said !== "") body.push(said);
    statement = "";
  };
  while (place.at < text.length) {
    const character = text[place.at++]!;
    if (character === "}") break;
    if (character === "\n" || character === ";") end();
    else if (character !== "{") statement += character;
    else if (OPENS_BLOCK.test(statement.trim())) {
      body.push(readBlock(text, place, statement.replaceAll(/\s+/g, " ").trim()));
      statement = "";
    } else statement += set(text, place);
  }
  end();
  return { head, body };
}

/** A set to its closing brace, also one of many lines. */
function set(text: string, place: { at: number }): string {
  let said = "{";
  for (let depth = 1; depth > 0 && place.at < text.length; place.at++) {
    const character = text[place.at]!;
    depth += character === "{" ? 1 : character === "}" ? -1 : 0;
    said += character === "\n" ? " " : character;
  }
  return said;
}

function collect(
  body: Block["body"],
  place: Place,
  chains: NftChain[],
  values: Map<string, string>,
) {
  for (const one of body) {
    if (typeof one === "string") {
      const [, name, value] = /^(?:re)?define\s+(\S+)\s*=\s*(.*)$/.exec(one) ?? [];
      if (name !== undefined) values.set(`$${name}`, value!);
      const [head = "", verb, family = "ip", table, chain] = RULE.exec(one) ?? [];
      if (verb !== undefined) {
        const { statements } = chainOf(chains, chain!, { family, table });
        const said = one.slice(head.length);
        if (verb === "insert") statements.unshift(said);
        else statements.push(said);
      } else if (one.startsWith("include")) {
        chainOf(chains, "", { family: undefined, table: undefined }).statements.push(one);
      }
      continue;
    }
    const [kind = "", ...names] = one.head.replace(/^(add|create) /, "").split(" ");
    const name = names.at(-1)!;
    // Named by itself: `table inet filter`, `chain inet filter input`, or without the family, which is ip's.
    const own = (words: readonly string[]): Place =>
      words.length === 0
        ? place
        : { family: words.length > 1 ? words[0]! : "ip", table: words.at(-1) };
    if (kind === "table") collect(one.body, own(names), chains, values);
    const said = one.body.filter((part) => typeof part === "string");
    if (kind === "chain") {
      chainOf(chains, name, own(names.slice(0, -1))).statements.push(...said);
    }
    const elements = said.find((part) => part.startsWith("elements"))?.replace(/^[^{]*/, "");
    if (elements && !said.some((part) => /^flags.*dynamic/.test(part))) {
      values.set(setKey(own(names.slice(0, -1)), name), elements);
    }
  }
}

function chainOf(chains: NftChain[], name: string, { family, table }: Place): NftChain {
  const known = chains.find((one) =>
    one.name === name && one.family === family && one.table === table
  );
  if (known) return known;
  const made = { name, family, table, statements: [] };
  chains.push(made);
  return made;
}

function setKey({ family, table }: Place, name: string): string {
  return `${family} ${table} @${name}`;
}

/** Values may name others; one that names itself stays a name. */
function withValues(statement: string, place: Place, values: ReadonlyMap<string, string>): string {
  let said = statement;
  for (let round = 0; round < 4; round++) {
    said = said.replaceAll(
      /[$@][\w-]+/g,
      (name) => values.get(name.startsWith("@") ? setKey(place, name.slice(1)) : name) ?? name,
    );
  }
  return said;
}
