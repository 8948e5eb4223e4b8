import assert from "node:assert/strict";
import { earlyValues } from "../../lib/program/early_values.ts";
import { flag, text } from "../../lib/program/options.ts";

const options = {
  ref: text({ argument: "REF", description: "what" }),
  dryRun: flag({ description: "show" }),
};

function read(...args: string[]): [string, string][] | undefined {
  const values = earlyValues(options, args);
  return values && [...values];
}

Deno.test("earlyValues() reads plain long options, its own and the common ones", () => {
  assert.deepEqual(read(), []);
  assert.deepEqual(read("--ref", "v1", "--dry-run", "--root=/mnt", "--verbose"), [
    ["ref", "v1"],
    ["dryRun", ""],
    ["root", "/mnt"],
    ["verbose", ""],
  ]);
  assert.deepEqual(read("--ref=a=b", "--no-color"), [["ref", "a=b"]]);
});

Deno.test("earlyValues() leaves anything else to the parser", () => {
  for (
    const args of [
      ["--help"],
      ["--hlep"],
      ["-v"],
      ["word"],
      ["--"],
      ["--ref"],
      ["--dry-run=yes"],
      ["--no-dry-run"],
    ]
  ) {
    assert.equal(read(...args), undefined, args.join(" "));
  }
});
