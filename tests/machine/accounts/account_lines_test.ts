import { deepEqual, equal, match } from "node:assert/strict";
import fc from "fast-check";
import {
  decode,
  latin1,
  parseId,
  readAccountLines,
} from "../../../lib/machine/accounts/account_lines.ts";
import { testContext } from "../../support/context.ts";
import { withScratch } from "../../support/scratch_files.ts";

/** Reads a group file of this text. */
async function read(text: string, check?: (fields: readonly string[]) => string | undefined) {
  let found: ReturnType<typeof readAccountLines> | undefined;
  await withScratch({ "etc/group": text }, (root) => {
    found = readAccountLines(testContext({ root }), "/etc/group", 4, check);
  });
  return found!;
}

Deno.test("readAccountLines() takes well-formed lines and names every other by its number", async () => {
  const { lines, warnings, skipped } = await read(
    "root:x:0:\n# a comment\n+@netgroup:::\n\nshort:x\nwheel:x:1:alice\nwheel:x:2:\n:x:3:\n../up:x:4:\n",
  );
  deepEqual([...lines.keys()], ["root", "wheel"]);
  deepEqual(lines.get("wheel"), {
    line: 6,
    name: "wheel",
    fields: ["wheel", "x", "1", "alice"],
  });
  deepEqual([...skipped], ["short", "wheel", "", "../up"]);
  deepEqual(warnings.map((text) => Number(/line (\d+)/.exec(text)![1])), [5, 7, 8, 9]);
  match(warnings[1]!, /"wheel" is already on line 6/);
});

Deno.test("readAccountLines() reads lines with Windows ends, and says so once", async () => {
  const { lines, warnings } = await read("root:x:0:\r\nwheel:x:1:\r\n");
  deepEqual([...lines.values()].map(({ fields }) => fields[3]), ["", ""]);
  match(warnings.join(), /Windows line ends on 2 lines/);
});

Deno.test("readAccountLines() shows no field but the name, and no byte that a terminal obeys", async () => {
  const { warnings } = await read("secret:hash:1\n\u001b[31mred:x:1:\n", () => undefined);
  equal(warnings.length, 2);
  equal(warnings.some((text) => text.includes("hash") || text.includes("\u001b")), false);
});

Deno.test("decode() gives back UTF-8, and Latin-1 where it is that", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    fc.pre(text.isWellFormed() && !text.startsWith("\ufeff"));
    equal(decode(latin1(new TextEncoder().encode(text))), text);
  }));
  equal(decode("J\u00fcrgen"), "Jürgen");
});

Deno.test("parseId() takes numbers of 32 bits but the last, which means none", () => {
  deepEqual(["0", "4294967294"].map(parseId), [0, 4294967294]);
  for (const text of ["", "-1", "1 ", "0x1", "4294967295", "99999999999"]) {
    equal(parseId(text), undefined, text);
  }
});
