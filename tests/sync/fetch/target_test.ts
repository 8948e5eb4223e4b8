import { deepEqual, throws } from "node:assert/strict";
import { rootTree } from "../../../lib/sync/fetch/target.ts";

const sha = (digit: string) => digit.repeat(40);

/** What was received, by kind and name. */
function store(objects: Readonly<Record<string, string>>) {
  const encoder = new TextEncoder();
  return {
    received: (name: string, kind: string) => {
      const text = objects[`${kind} ${name}`];
      return text === undefined ? undefined : encoder.encode(text);
    },
  } as Parameters<typeof rootTree>[1];
}

const commit = (tree: string) => `tree ${tree}\nauthor a <a> 0 +0000\n\ntree ${sha("9")}\n`;
const tag = (object: string) => `object ${object}\ntype commit\ntag v1\n\nx\n`;

Deno.test("rootTree() finds a commit's tree, also behind tags of tags", () => {
  const objects = {
    [`commit ${sha("1")}`]: commit(sha("a")),
    [`tag ${sha("2")}`]: tag(sha("1")),
    [`tag ${sha("3")}`]: tag(sha("2")),
  };
  for (const name of ["1", "2", "3"]) {
    deepEqual(rootTree(sha(name), store(objects)), { commit: sha("1"), tree: sha("a") });
  }
});

Deno.test("rootTree() comes to an end with tags that lead nowhere, or round", () => {
  const round = { [`tag ${sha("1")}`]: tag(sha("2")), [`tag ${sha("2")}`]: tag(sha("1")) };
  for (
    const objects of [round, {}, { [`tag ${sha("1")}`]: tag(sha("5")) }, {
      [`tree ${sha("1")}`]: "",
    }]
  ) {
    throws(() => rootTree(sha("1"), store(objects)), { name: "TransferError", problem: "damaged" });
  }
  throws(() => rootTree(sha("1"), store({ [`commit ${sha("1")}`]: "no tree\n" })));
});
