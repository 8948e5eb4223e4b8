/** The table of what a machine and a source tree say differently. */
import { doesNotMatch, equal, match, ok } from "node:assert/strict";
import type { Disagreement } from "../../../lib/install/carry/tree_settings.ts";
import { disagreementsText } from "../../../lib/install/plan/disagreements_text.ts";

const one = (name: string, wins: Disagreement["wins"], machine: unknown): Disagreement => ({
  option: ["services", name],
  machine,
  tree: false,
  result: false,
  wins,
  why: "so it is",
});

Deno.test("disagreementsText() begins with what the machine loses, within a screen", () => {
  const many = Array.from({ length: 40 }, (_, index) => one(`s${index}`, "machine", index));
  const text = disagreementsText([...many, one("lost", "tree", "x".repeat(90))], 80, false);
  match(
    text,
    /^ {2}.*the tree wins: so it is.*\n.*setting +this machine \| the tree.*\n {2}services\.lost +"x+… \| false\n/,
  );
  match(text, /this machine wins: so it is/);
  ok(text.split("\n").length <= 24, text);
  match(text, /27 more: --verbose shows them/);
  const long = disagreementsText([one("a".repeat(60), "both", "y".repeat(30))], 80, false);
  ok(long.split("\n").every((line) => line.length <= 80), long);
  const all = disagreementsText([...many, one("lost", "tree", "x".repeat(90))], 300, true);
  doesNotMatch(all, /…|more/);
  equal(all.match(/services\.s\d+/g)?.length, 40);
});

Deno.test("disagreementsText() shows no secret and no escape sequence", () => {
  const text = disagreementsText([one("a", "both", "password = letmein\x1b[2J")], 80, true);
  doesNotMatch(text, /letmein/);
  ok(!text.includes("\x1b[2J"));
  equal(disagreementsText([], 80, false), "");
});
