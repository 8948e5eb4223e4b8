import type { Packets } from "./dropping_rules.ts";
import { type Direction, readNftRule } from "./nft_rule.ts";
import { type NftChain, nftChains } from "./nft_ruleset.ts";

/** Hooks that a session passes; what only passes through the machine is none. */
const HOOKS: Readonly<Record<string, Direction>> = {
  ingress: "in",
  prerouting: "in",
  input: "in",
  output: "out",
  postrouting: "out",
};

/**
 * What of nftables' own tables may shut a session out that gets in now, in words: a rule or a policy
 * that is not there now and may drop its packets, or one that lets them in now and would be gone from a
 * table that drops. Undefined when there is none. What a table has now is taken at its word. Pure.
 * @param before the rulesets as text; that of a table's content alone is enough
 */
export function shutByTables(
  before: string,
  after: string,
  packets: Packets,
): string | undefined {
  const [then, next] = [read(before, packets), read(after, packets)];
  const isIn = (all: readonly Said[], { what, table }: Said) =>
    all.some((one) =>
      one.what === what && (one.table === table || one.table === "" || table === "")
    );
  const drop = next.drops.find((one) => !isIn(then.drops, one))?.what;
  if (drop?.startsWith(UNREAD)) return `what another file adds cannot be judged: ${drop}`;
  if (drop !== undefined) return `a rule that is not there now may drop it: ${drop}`;
  const lost = next.drops.length > 0 && then.lets.find((one) => !isIn(next.lets, one));
  return lost ? `a rule that may let it in now would be gone: ${lost.what}` : undefined;
}

/** A statement of a chain in words. */
interface Said {
  readonly what: string;
  /** Empty where only a table's content is known. */
  readonly table: string;
}

const UNREAD = "include ";

function read(text: string, packets: Packets): { drops: Said[]; lets: Said[] } {
  const chains = nftChains(text);
  const drops: Said[] = [];
  const lets: Said[] = [];
  for (const [chain, direction] of reached(chains, packets)) {
    const policy = chain.statements.find((one) => /^policy drop\b/.test(one));
    const table = [chain.family, chain.table].filter((word) => word !== undefined).join(" ");
    const said = (what: string): Said => ({ what: `chain ${chain.name}: ${what}`, table });
    let passes = false;
    for (const statement of chain.statements) {
      const rule = readNftRule(statement, packets, direction);
      if (rule.mayLet && !/^(type|policy) /.test(statement)) lets.push(said(statement));
      if ((passes ||= rule.letsAll)) break;
      if (rule.mayDrop && statement !== policy) drops.push(said(statement));
    }
    if (policy !== undefined && !passes) drops.push(said(policy));
  }
  return {
    drops: [
      ...drops,
      ...chains.flatMap(({ statements }) => statements.filter((one) => one.startsWith(UNREAD)))
        .map((what) => ({ what, table: "" })),
    ],
    lets,
  };
}

/** The chains that the session's packets may come to, and in which direction. */
function reached(chains: readonly NftChain[], { client }: Packets): [NftChain, Direction][] {
  const other = client === undefined ? undefined : client.includes(":") ? "ip" : "ip6";
  const seen: [NftChain, Direction][] = [];
  const visit = (chain: NftChain, direction: Direction) => {
    if (seen.some(([one, way]) => one === chain && way === direction)) return;
    seen.push([chain, direction]);
    for (const statement of chain.statements) {
      for (const [, name] of statement.matchAll(/\b(?:jump|goto)\s+([\w-]+)/g)) {
        chains.filter((one) =>
          one.name === name && one.family === chain.family && one.table === chain.table
        )
          .forEach((one) => visit(one, direction));
      }
    }
  };
  for (const chain of chains) {
    const [, hook = ""] = /^type \S+ hook (\S+)/.exec(
      chain.statements.find((one) => one.startsWith("type ")) ?? "",
    ) ?? [];
    const direction = HOOKS[hook];
    if (direction === undefined || chain.family === "arp" || chain.family === other) continue;
    visit(chain, direction);
  }
  return seen;
}
