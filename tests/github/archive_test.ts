import assert from "node:assert/strict";
import { packTar } from "modern-tar";
import { downloadArchive, readArchive } from "../../lib/github/archive.ts";
import { endpointsOf } from "../../lib/github/endpoints.ts";
import { HttpSession } from "../../lib/github/http.ts";
import type { WantedFile } from "../../lib/github/raw_files.ts";
import { blobHash } from "../../lib/machine/tree/blob_hash.ts";
import { testContext } from "../support/context.ts";

/** Serves one archive in pieces of the given sizes, one event-loop turn after the other. */
function serveInPieces(archive: Uint8Array, sizes: () => number): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, () => {
    let at = 0;
    return new Response(
      new ReadableStream({
        async pull(controller) {
          await new Promise((resolve) => setTimeout(resolve));
          const end = at + sizes();
          controller.enqueue(archive.slice(at, end));
          at = end;
          if (at >= archive.length) controller.close();
        },
      }),
    );
  });
}

Deno.test("downloadArchive() takes some files of many, however the archive is cut into pieces", async () => {
  const folder = await Deno.makeTempDir();
  const files: WantedFile[] = [];
  try {
    await Deno.mkdir(`${folder}/name-commit`);
    for (let at = 0; at < 200; at++) {
      // Random bytes do not shrink: many pieces then end inside a file.
      const content = crypto.getRandomValues(new Uint8Array(1 + (at * 379) % 40_000));
      await Deno.writeFile(`${folder}/name-commit/${at}`, content);
      files.push({ path: String(at), sha: blobHash(content), size: content.length });
    }
    const tar = await new Deno.Command("tar", {
      args: ["-C", folder, "-cz", "name-commit"],
      stdout: "piped",
    }).output();
    assert.ok(tar.success);
    let size = 0;
    const sizes = () => 1 + (size = (size * 7 + 12_345) % 60_000);
    await using server = serveInPieces(tar.stdout, sizes);
    const ctx = testContext({
      env: { GITHUB_API_URL: `http://127.0.0.1:${server.addr.port}`, HYPERVISOR_TIMEOUT: "20" },
    });
    using http = new HttpSession(ctx, endpointsOf(ctx.env), undefined);
    const wanted = files.filter((_, at) => at % 5 === 0);
    const taken: string[] = [];
    await downloadArchive(
      http,
      "owner/name",
      "commit",
      wanted,
      { skipValidation: false, take: ({ path }) => void taken.push(path) },
    );
    assert.deepEqual(taken.toSorted(), wanted.map(({ path }) => path).toSorted());
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("readArchive() makes no room for a file that is too large, whatever follows", async () => {
  const tar = await packTar([{ header: { name: "top/file", size: 1, type: "file" }, body: "x" }]);
  const read = async (size: number) => {
    // The size in a header: octal digits (tar(5), "POSIX ustar Archives").
    new TextEncoder().encodeInto(size.toString(8).padStart(11, "0"), tar.subarray(124));
    const gzipped = new Blob([tar]).stream().pipeThrough(new CompressionStream("gzip"));
    await readArchive(gzipped, () => undefined);
  };
  await read(1);
  await assert.rejects(read(300 * 1024 * 1024), /a file of 314572800 bytes is too large/);
});
