import assert from "node:assert/strict";
import { optionWords } from "../../lib/program/option_words.ts";
import { eachTool } from "../../nix/man.ts";

const page = Deno.readTextFileSync(new URL("../../docs/comparison.md", import.meta.url));
const options = new Map(
  eachTool((tool) => [tool.name, optionWords(tool).map(({ long }) => `--${long}`)] as const),
);

/** The cells of the tables, each with the name at the head of its column. */
function cells(): { readonly column: string; readonly index: number; readonly text: string }[] {
  let heads: string[] = [];
  return page.split("\n").flatMap((line) => {
    if (!line.startsWith("|")) {
      heads = [];
      return [];
    }
    const row = line.split("|").slice(1, -1).map((cell) => cell.trim());
    if (heads.length === 0) heads = row;
    return row.map((text, index) => ({ column: heads[index]!, index, text }));
  });
}

Deno.test("docs/comparison.md names for our tools only options that they have", () => {
  const all = [...options.values()].flat();
  const own = cells().filter(({ column, index }) =>
    index === 1 && (options.has(column) || column === "these tools")
  );
  const named = own.flatMap(({ column, text }) =>
    [...text.matchAll(/`(--[a-z-]+)`/g)].map(([, option]) => ({ column, option: option! }))
  );
  assert.ok(named.length > 10, `only ${named.length} options are named`);
  for (const { column, option } of named) {
    assert.ok((options.get(column) ?? all).includes(option), `${column} has no ${option}`);
  }
});

Deno.test("docs/comparison.md says of each tool in it which version was read", () => {
  const read = cells().filter(({ column, index }) => column === "tool" && index === 0)
    .map(({ text }) => text);
  const compared = new Set(
    cells().map(({ column, index }) => index > 0 ? column : "")
      .filter((name) => name !== "" && !["version", "what was read"].includes(name)),
  );
  for (const name of compared) {
    const known = read.includes(name) || options.has(name) ||
      read.some((tool) => name.startsWith(`${tool} `));
    assert.ok(known, name);
  }
});
