import { deepEqual, equal, rejects, throws } from "node:assert/strict";
import { packTar } from "modern-tar";
import { readArchive } from "../../lib/github/archive.ts";
import { TarPortions } from "../../lib/github/tar_portions.ts";

const encoder = new TextEncoder();

function file(name: string, content: string) {
  return { header: { name, size: content.length, type: "file" as const }, body: content };
}

function gzipped(tar: Uint8Array): ReadableStream<Uint8Array> {
  return new Blob([tar as BlobPart]).stream().pipeThrough(new CompressionStream("gzip"));
}

async function pathsOf(tar: Uint8Array): Promise<string[]> {
  const paths: string[] = [];
  await readArchive(gzipped(tar), ({ path }) => {
    paths.push(path);
    return undefined;
  });
  return paths;
}

Deno.test("TarPortions gives every entry whole and once, however the archive is cut", async () => {
  const long = `top/${"folder/".repeat(30)}${"n".repeat(150)}`;
  const entries = [
    file("top/empty", ""),
    file("top/block", "b".repeat(512)),
    file(long, "long"),
    ...Array.from({ length: 40 }, (_, at) => file(`top/${at}`, "x".repeat(at * 379))),
  ];
  const tar = await packTar(entries);
  const sizes = entries.map(({ header }) => header.size);
  for (const step of [1, 511, 513, 70_000, tar.length]) {
    const portions = new TarPortions();
    const found: number[] = [];
    let bytes = 0;
    for (let at = 0; at < tar.length; at += step) {
      const portion = portions.push(tar.subarray(at, at + step));
      found.push(...portion?.sizes ?? []);
      bytes += portion?.bytes.length ?? 0;
    }
    const rest = portions.end();
    deepEqual([...found, ...rest?.sizes ?? []], sizes, `${step} bytes at a time`);
    // Two empty blocks end it.
    equal(bytes + (rest?.bytes.length ?? 0), tar.length - 1024);
  }
  deepEqual(await pathsOf(tar), entries.map(({ header }) => header.name.slice(4)));
});

Deno.test("TarPortions refuses an archive that is cut off in a content or a header", async () => {
  const tar = await packTar([file("top/file", "x".repeat(2000))]);
  for (const length of [300, 512, 1500]) {
    const portions = new TarPortions();
    portions.push(tar.subarray(0, length));
    throws(() => portions.end(), /cut off/);
  }
});

Deno.test("TarPortions refuses what is padded without end, after the entries or before them", async () => {
  const megabyte = new Uint8Array(1024 * 1024);
  const tar = await packTar([file("top/file", "x")]);
  const flood = (portions: TarPortions, bytes: Uint8Array) => {
    for (let count = 0; count < 65; count++) portions.push(bytes);
  };
  const after = new TarPortions();
  after.push(tar);
  throws(() => flood(after, megabyte), /padded without end/);
  const header = tar.slice(0, 512);
  header[156] = "x".charCodeAt(0);
  encoder.encodeInto((megabyte.length - 512).toString(8).padStart(11, "0"), header.subarray(124));
  const before = new Uint8Array(megabyte.length);
  before.set(header);
  throws(() => flood(new TarPortions(), before), /padded without end/);
});

Deno.test("readArchive() refuses an archive in which two sizes of a file contradict each other", async () => {
  const content = "x".repeat(600);
  const tar = await packTar([{
    header: { name: "top/file", size: content.length, type: "file", pax: { size: "5" } },
    body: content,
  }, file("top/other", "y")]);
  const at = tar.findIndex((_, at) =>
    at % 512 === 0 && new TextDecoder().decode(tar.subarray(at, at + 8)) === "top/file"
  );
  encoder.encodeInto((5).toString(8).padStart(11, "0"), tar.subarray(at + 124));
  await rejects(pathsOf(tar), /damaged|contradict|cannot be read|malformed/);
});
