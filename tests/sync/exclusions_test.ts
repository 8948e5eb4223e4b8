import { equal } from "node:assert/strict";
import fc from "fast-check";
import { Mode } from "../../lib/git/git_objects.ts";
import { isExcluded } from "../../lib/machine/tree/excluded.ts";
import { isExcludedRow } from "../../lib/sync/exclusions.ts";
import { PathTableBuilder } from "../../lib/sync/tree/path_table_builder.ts";

const name = fc.oneof(
  fc.constantFrom(".git", "target", "tools", "var", "result", "result-1", "a", "b.socket", "é"),
  fc.string({ unit: "grapheme", minLength: 1, maxLength: 6 })
    .filter((text) => !/[\0/]/.test(text) && text.isWellFormed()),
);
const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join("/"));

Deno.test("isExcludedRow() says of a row in a table what isExcluded() says of its path", () => {
  fc.assert(fc.property(path, fc.boolean(), (text, isFolder) => {
    const builder = new PathTableBuilder();
    builder.append("0", Mode.File, "0".repeat(40));
    builder.append(text, isFolder ? Mode.Tree : Mode.File, "1".repeat(40));
    builder.append("zz.socket", Mode.File, "2".repeat(40));
    equal(isExcludedRow(builder.build(), 1), isExcluded(text, isFolder));
  }));
});
