import { doesNotMatch, match, ok } from "node:assert/strict";
import { renderStyles } from "../../../lib/layout/style.ts";
import {
  compareIdentities,
  type Identity,
  IDENTITY_KINDS,
  type IdentityKind,
} from "../../../lib/nix/evaluation/identity.ts";
import { comparisonText } from "../../../lib/rebuild/judgement/comparison_text.ts";

const KINDS = Object.keys(IDENTITY_KINDS) as IdentityKind[];

function identity(items: Record<string, Record<string, unknown>>): Identity {
  return Object.fromEntries(KINDS.map((kind) => [kind, items[kind] ?? {}])) as unknown as Identity;
}

function text(before: Identity, after: Identity, diffs = false): string {
  return renderStyles(comparisonText(compareIdentities(before, after), 100, diffs));
}

const entry = (text: string) => ({ is: text, text });

Deno.test("comparisonText() says what stays and what is gone first, then what differs", () => {
  const before = identity({
    etc: { same: entry("a"), other: entry("a"), lost: entry("a") },
    group: { admins: entry("a") },
  });
  const after = identity({
    etc: { same: entry("a"), other: entry("b"), more: entry("c") },
    group: { admins: { unreadable: true } },
  });
  const shown = text(before, after);
  match(
    shown,
    /^ {2}\S+ 1 of 3 files of \/etc, 0 of 1 groups stay exactly as they are\n {2}\S+ gone: \/etc\/lost\n/,
  );
  match(shown, /\/etc\/other, \+\/etc\/more|\+\/etc\/more/);
  match(shown, /group admins \(could not be evaluated\)/);
  match(text(before, before), /nothing is gone$/);
});

Deno.test("comparisonText() shows lines that differ, cut, printable and without secrets", () => {
  const long = Array.from({ length: 100 }, (_, line) => `line ${line}`).join("\n");
  const before = identity({
    etc: {
      long: entry(long),
      secret: entry("password=abcdef\n"),
      hostile: entry("\u001b[2Jold\n"),
      gone: entry("it said this\n"),
    },
  });
  const after = identity({
    etc: {
      long: entry(long.replaceAll("line", "row")),
      secret: entry("password=ghijkl\n"),
      hostile: entry("\u001b[2Jnew\n"),
    },
  });
  const shown = text(before, after, true);
  match(shown, /… \d+ more lines; see --json/);
  match(shown, /what differs is not shown: it may be a secret/);
  match(shown, /- ?it said this/);
  doesNotMatch(shown, /abcdef|ghijkl/);
  ok(!shown.includes("\u001b[2J"));
  doesNotMatch(text(before, after), /it said this/);
});

Deno.test("comparisonText() names kinds that could not be compared", () => {
  const { unit: _, ...without } = identity({});
  match(text(identity({}), without as Identity), /could not be compared: units/);
});
