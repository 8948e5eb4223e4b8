import { equal, match, rejects, throws } from "node:assert/strict";
import { FileWriter } from "../../../lib/sync/apply/file_writer.ts";

/** More than one thread is used for. */
const MANY = 2500;

function content(at: number): Uint8Array {
  return new TextEncoder().encode(`file ${at}\n`.repeat(at % 50));
}

async function writeMany(writer: FileWriter, top: string): Promise<void> {
  for (let at = 0; at < MANY; at++) {
    writer.write(`${top}/${at % 7}/${at % 300}/${at}`, content(at), at % 2 ? 0o644 : 0o755);
    // What arrives by a network comes in many turns; a thread takes a while to be there.
    if (at % 100 === 99) await new Promise((resolve) => setTimeout(resolve, at === 1999 ? 200 : 1));
    const { pause } = writer;
    if (pause) await pause;
  }
}

function expectMany(top: string): void {
  for (let at = 0; at < MANY; at++) {
    const path = `${top}/${at % 7}/${at % 300}/${at}`;
    equal(Deno.readTextFileSync(path), new TextDecoder().decode(content(at)));
    equal(Deno.statSync(path).mode! & 0o7777, at % 2 ? 0o644 : 0o755);
    equal(Deno.statSync(path.slice(0, path.lastIndexOf("/"))).mode! & 0o7777, 0o755);
  }
}

for (const concurrent of [false, true]) {
  const how = concurrent ? "another thread" : "this thread";
  Deno.test(`FileWriter writes files with their permissions in ${how}`, async () => {
    const top = await Deno.makeTempDir();
    try {
      await using writer = new FileWriter(top, 0o755);
      writer.concurrent = concurrent;
      await writeMany(writer, top);
      await writer.finish();
      expectMany(top);
      // Afterwards a file is there at once.
      writer.write(`${top}/last`, content(1), 0o644);
      equal(Deno.readTextFileSync(`${top}/last`), "file 1\n");
    } finally {
      await Deno.remove(top, { recursive: true });
    }
  });
}

Deno.test("FileWriter tells what another thread could not write, and writes nothing afterwards", async () => {
  const top = await Deno.makeTempDir();
  try {
    const writer = new FileWriter(top, 0o755);
    writer.concurrent = true;
    await writeMany(writer, top);
    // In the way of a folder, so that it cannot be made.
    await Deno.writeTextFile(`${top}/wrong`, "");
    const writeWrong = async () => {
      for (let at = 0; at < 100; at++) writer.write(`${top}/wrong/${at}`, content(at), 0o644);
      await writer.finish();
    };
    await rejects(writeWrong(), (error) => {
      match(String(error), /wrong|Not a directory|File exists/);
      return error instanceof Error;
    });
    await writer[Symbol.asyncDispose]();
  } finally {
    await Deno.remove(top, { recursive: true });
  }
});

Deno.test("FileWriter has stopped when it is disposed of: its folder can be removed", async () => {
  for (let round = 0; round < 2; round++) {
    const top = await Deno.makeTempDir();
    const writer = new FileWriter(top, 0o755);
    writer.concurrent = true;
    await writeMany(writer, top);
    await writer[Symbol.asyncDispose]();
    throws(() => writer.write(`${top}/late`, content(1), 0o644), /not written any more/);
    await Deno.remove(top, { recursive: true });
    await new Promise((resolve) => setTimeout(resolve, 20));
    await rejects(Deno.lstat(top), Deno.errors.NotFound);
  }
});
