import { equal } from "node:assert/strict";
import { blobHash, fileHash, linkHash, objectHash } from "../../../lib/machine/tree/blob_hash.ts";

/** `git hash-object` of these, as any Git says. */
const EMPTY = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391";
const HELLO = "ce013625030ba8dba906f756967f9e9ca394464a";

Deno.test("blobHash() names contents as Git does", () => {
  equal(blobHash(new Uint8Array()), EMPTY);
  equal(blobHash(new TextEncoder().encode("hello\n")), HELLO);
  equal(objectHash("tree", new Uint8Array()), "4b825dc642cb6eb9a060e54bf8d69288fbee4904");
});

Deno.test("fileHash() is the content's name, read whole or in pieces; linkHash() the target's", () => {
  const folder = Deno.makeTempDirSync();
  try {
    const large = crypto.getRandomValues(new Uint8Array(65_536));
    const content = new Uint8Array(5 * 1024 * 1024 + 3);
    for (let at = 0; at < content.length; at += large.length) {
      content.set(large.subarray(0, content.length - at), at);
    }
    Deno.writeFileSync(`${folder}/large`, content);
    equal(fileHash(`${folder}/large`, content.length), blobHash(content));
    Deno.writeTextFileSync(`${folder}/hello`, "hello\n");
    equal(fileHash(`${folder}/hello`, 6), HELLO);
    Deno.symlinkSync("hello\n", `${folder}/link`);
    equal(linkHash(`${folder}/link`), HELLO);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
