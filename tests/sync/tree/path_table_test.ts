import { deepEqual, equal } from "node:assert/strict";
import fc from "fast-check";
import { Mode } from "../../../lib/git/git_objects.ts";
import { blobHash } from "../../../lib/machine/tree/blob_hash.ts";
import type { Manifest } from "../../../lib/sync/tree/manifest.ts";
import { manifestFromList } from "../../../lib/sync/tree/manifest_trees.ts";
import type { PathTable } from "../../../lib/sync/tree/path_table.ts";
import { PathTableBuilder } from "../../../lib/sync/tree/path_table_builder.ts";

/** Names that sort differently as files and as folders, and by bytes and by UTF-16. */
const name = fc.constantFrom("a", "a.b", "a-b", "ab", "a0", "A", "é", "\u{ff5e}", "\u{1f600}", "z");
const paths = fc.uniqueArray(
  fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => names.join("/")),
  { maxLength: 20 },
).map((list) =>
  list.filter((path) => !list.some((other) => other !== path && path.startsWith(other + "/")))
);

function manifestOf(paths: readonly string[]): Manifest {
  const content = (path: string) => blobHash(new TextEncoder().encode(path.slice(-2)));
  return manifestFromList(
    "c".repeat(40),
    paths.filter((path) => !paths.some((other) => other.startsWith(path + "/")))
      .map((path) => ({ path, mode: Mode.File, sha: content(path) })),
  );
}

Deno.test("PathTable finds rows by path and by name, and where folders end", () => {
  fc.assert(fc.property(paths, (paths) => {
    const { table, entries } = manifestOf(paths);
    entries.forEach(({ path, sha, mode }, row) => {
      deepEqual([table.path(row), table.name(row), table.mode(row)], [path, sha, mode]);
      equal(table.rowOf(path), row);
      const same = entries.flatMap((entry, at) => entry.sha === sha ? [at] : []);
      deepEqual(table.rowsOf(sha).toSorted((a, b) => a - b), same);
      const below = entries.filter((entry) => entry.path.startsWith(path + "/")).length;
      equal(table.endOf(row), row + 1 + below);
      equal(table.rowOf(path + "/"), undefined);
      equal(table.rowOf(path + "x"), undefined);
    });
    equal(table.rowOf(""), undefined);
    deepEqual(table.rowsOf("0".repeat(40)), []);
  }));
});

Deno.test("PathTable finds paths that are in another order than Git's", () => {
  fc.assert(fc.property(paths, (paths) => {
    const { entries } = manifestOf(paths);
    const rows = new PathTableBuilder();
    for (const { path, mode, sha } of entries.toReversed()) rows.append(path, mode, sha);
    const table = rows.build();
    entries.toReversed().forEach(({ path }, row) => equal(table.rowOf(path), row));
    equal(table.rowOf("nowhere"), undefined);
  }));
});

Deno.test("appendRows() copies rows, with their paths begun anew", () => {
  fc.assert(fc.property(paths, fc.constantFrom("", "é/", "b/c/"), (paths, prefix) => {
    const { table, entries } = manifestOf(paths.map((path) => `old/${path}`));
    const rows = new PathTableBuilder();
    rows.append("first", Mode.File, "0".repeat(40));
    rows.appendRows(table, 0, table.count, 0, "");
    if (table.count > 1) rows.appendRows(table, 1, table.count, 4, prefix);
    const copied: PathTable = rows.build();
    deepEqual(
      Array.from({ length: copied.count }, (_, row) => copied.path(row)),
      [
        "first",
        ...entries.map(({ path }) => path),
        ...entries.slice(1).map(({ path }) => prefix + path.slice(4)),
      ],
    );
    equal(copied.columns.starts[copied.count], copied.columns.paths.length);
  }));
});
