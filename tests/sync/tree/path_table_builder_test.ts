import { deepEqual, equal, throws } from "node:assert/strict";
import { Bounds } from "../../../lib/git/bounds.ts";
import { PathTableBuilder } from "../../../lib/sync/tree/path_table_builder.ts";

const sha = (index: number) => index.toString(16).padStart(40, "0");

function table(paths: readonly string[]) {
  const builder = new PathTableBuilder();
  paths.forEach((path, index) => builder.append(path, 0o100644 + index, sha(index)));
  return builder.build();
}

Deno.test("PathTableBuilder keeps rows of any length and script, also past what it began with", () => {
  const paths = Array.from({ length: 700 }, (_, index) => `${"ä€𝄞".repeat(index % 50)}/${index}`);
  const built = table(paths);
  equal(built.count, 700);
  for (const row of [0, 255, 256, 257, 511, 699]) {
    deepEqual(built.entry(row), { path: paths[row], mode: 0o100644 + row, sha: sha(row) });
  }
});

Deno.test("PathTableBuilder changes the name and mode of one row alone", () => {
  const builder = new PathTableBuilder();
  for (const path of ["a", "b", "c"]) builder.append(path, 1, sha(1));
  builder.setName(1, "f".repeat(40));
  builder.setMode(1, 7);
  const built = builder.build();
  deepEqual([0, 1, 2].map((row) => built.name(row)), [sha(1), "f".repeat(40), sha(1)]);
  deepEqual([0, 1, 2].map((row) => built.mode(row)), [1, 7, 1]);
});

Deno.test("PathTableBuilder copies rows of another table, below another folder where that is wanted", () => {
  const from = table(["x", "lib/ä", "lib/b", "lib/b/c", "y"]);
  const copied = (cut: string, prefix: string) => {
    const builder = new PathTableBuilder();
    builder.append("first", 1, sha(9));
    builder.appendRows(from, 1, 4, new TextEncoder().encode(cut).length, prefix);
    builder.append("last", 2, sha(8));
    const built = builder.build();
    return Array.from(
      { length: built.count },
      (_, row) => `${built.path(row)} ${parseInt(built.name(row), 16)}`,
    );
  };
  deepEqual(copied("lib/", "lib/"), ["first 9", "lib/ä 1", "lib/b 2", "lib/b/c 3", "last 8"]);
  deepEqual(copied("lib/", "é/"), ["first 9", "é/ä 1", "é/b 2", "é/b/c 3", "last 8"]);
  deepEqual(copied("lib/", ""), ["first 9", "ä 1", "b 2", "b/c 3", "last 8"]);
  // As long as what it stands for, and another.
  deepEqual(copied("lib/", "bil/"), ["first 9", "bil/ä 1", "bil/b 2", "bil/b/c 3", "last 8"]);
  deepEqual(copied("", ""), ["first 9", "lib/ä 1", "lib/b 2", "lib/b/c 3", "last 8"]);
});

Deno.test("PathTableBuilder refuses more than anybody's tree has", () => {
  const builder = new PathTableBuilder();
  const long = "x".repeat(4000);
  throws(() => {
    for (let index = 0; index <= Bounds.pathBytes / 4000; index++) builder.append(long, 1, sha(1));
  }, { name: "ToolError", code: 6 });
});
