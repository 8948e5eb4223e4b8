import { equal, match, throws } from "node:assert/strict";
import { exitCodeTable, referenceParts, renewPage } from "../../lib/program/reference.ts";
import { flag, text } from "../../lib/program/options.ts";
import type { Tool } from "../../lib/program/tool.ts";

const PARTS = new Map([["a", "| $& | $1 |"], ["b c", "two"]]);

Deno.test("renewPage() replaces what stands between marks to the letter, and nothing else", () => {
  const page = "# T\n\n<!-- made: a -->\nold\n<!-- end -->\n\nkept <!-- end -->\n\n" +
    "<!-- made: b c -->\n<!-- end -->\n";
  const renewed = renewPage(page, PARTS);
  equal(
    renewed,
    "# T\n\n<!-- made: a -->\n\n| $& | $1 |\n\n<!-- end -->\n\nkept <!-- end -->\n\n" +
      "<!-- made: b c -->\n\ntwo\n\n<!-- end -->\n",
  );
  equal(renewPage(renewed, PARTS), renewed, "once more changes nothing");
});

Deno.test("renewPage() refuses a mark without a part, and a part without a mark", () => {
  throws(() => renewPage("<!-- made: a -->\n<!-- end -->\n", PARTS), /no marks for: b c/);
  throws(() => renewPage("<!-- made: x -->\n<!-- end -->\n", PARTS), /nothing makes "x"/);
});

const TOOL = {
  name: "demo",
  purpose: "Shows.",
  options: {
    dryRun: flag({ description: "change | nothing" }),
    force: flag({ description: "really", default: true }),
    to: text({
      argument: "NAME",
      description: "where to",
      details: "a name",
      env: "DEMO_TO",
      default: "here",
    }),
  },
  examples: [["demo --to x", "to x"], ["demo", "here"]],
  exitCodes: { 6: "it is wrong" },
  needsRoot: () => false,
  writesLog: () => false,
} as unknown as Tool<Record<string, never>>;

Deno.test("referenceParts() makes tables of what is declared, which Markdown reads as they are meant", () => {
  const parts = referenceParts(TOOL);
  const rows = parts.get("options")!.split("\n").map((row) => row.replace(/ +/g, " "));
  match(rows.join("\n"), /\| `--dry-run` \| off \| change \\\| nothing \|/);
  match(rows.join("\n"), /\| `--force` \| on \| really \|\n\| `--no-force` \|/);
  match(rows.join("\n"), /\| `--to NAME` \| here \| where to; a name \(or `DEMO_TO`\) \|/);
  match(parts.get("common options")!, /`-h, --help`/);
  equal(parts.get("examples"), "```sh\n# to x\ndemo --to x\n\n# here\ndemo\n```");
  equal(parts.has("actions"), false);
  const widths = new Set(parts.get("options")!.split("\n").map((row) => row.length));
  equal(widths.size, 1, "columns are aligned");
});

Deno.test("exitCodeTable() says which tool means something particular", () => {
  match(exitCodeTable([TOOL, { name: "other" }]), /^\| 6 .*demo: it is wrong +\|$/m);
});
