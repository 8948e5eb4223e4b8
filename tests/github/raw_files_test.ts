import { deepEqual, equal, rejects } from "node:assert/strict";
import { blobHash } from "../../lib/machine/tree/blob_hash.ts";
import { TransferError } from "../../lib/git/transfer_error.ts";
import { endpointsOf } from "../../lib/github/endpoints.ts";
import { HttpSession } from "../../lib/github/http.ts";
import { downloadRaw, type WantedFile } from "../../lib/github/raw_files.ts";
import { RestApi } from "../../lib/github/rest.ts";
import { testContext } from "../support/context.ts";

const COMMIT = "c".repeat(40);
const bytes = (text: string) => new TextEncoder().encode(text);
const wanted = (path: string, text: string): WantedFile => ({
  path,
  sha: blobHash(bytes(text)),
  size: bytes(text).length,
});

/** Downloads with a server that answers paths with texts; which file got which content, and what was asked. */
async function download(
  files: readonly WantedFile[],
  answers: (path: string) => BodyInit | undefined,
  skipValidation = false,
): Promise<{ readonly taken: Record<string, string>; readonly asked: string[] }> {
  const asked: string[] = [];
  const serving = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
  await using server = Deno.serve(serving, (request) => {
    const { pathname } = new URL(request.url);
    asked.push(pathname);
    const body = answers(pathname);
    return body === undefined ? new Response(null, { status: 404 }) : new Response(body);
  });
  const url = `http://127.0.0.1:${server.addr.port}`;
  const ctx = testContext({
    env: { GITHUB_RAW_URL: `${url}/raw`, GITHUB_API_URL: `${url}/api`, NO_PROXY: "*" },
  });
  using http = new HttpSession(ctx, endpointsOf(ctx.env), undefined);
  const taken: Record<string, string> = {};
  await downloadRaw(http, new RestApi(http, "o/n"), "o/n", COMMIT, files, {
    connections: 4,
    skipValidation,
    take: ({ path }, content) => {
      equal(path in taken, false, "each once");
      taken[path] = new TextDecoder().decode(content);
    },
  });
  return { taken, asked };
}

Deno.test("downloadRaw() asks for each path as it is, whatever it is called", async () => {
  const paths = ["a b/c#d?e%2Ff", "ü/日本.nix", "+plus&=.txt", "-", "empty"];
  const files = paths.map((path) => wanted(path, path === "empty" ? "" : path));
  const { taken, asked } = await download(files, (path) => {
    const name = path.slice(`/raw/o/n/${COMMIT}/`.length).split("/").map(decodeURIComponent).join(
      "/",
    );
    return name === "empty" ? "" : name;
  });
  deepEqual(taken, Object.fromEntries(paths.map((path) => [path, path === "empty" ? "" : path])));
  equal(asked.length, paths.length);
});

Deno.test("downloadRaw() takes from the API what the raw host lacks, changes or makes longer", async () => {
  const files = [wanted("gone", "gone\n"), wanted("changed", "line\n"), wanted("longer", "x")];
  const blobs = new Map(files.map(({ path, sha }) => [`/api/repos/o/n/git/blobs/${sha}`, path]));
  const texts: Record<string, string> = { gone: "gone\n", changed: "line\n", longer: "x" };
  const { taken } = await download(files, (path) => {
    if (path.endsWith("/changed")) return "line\r\n";
    if (path.endsWith("/longer")) return "x".repeat(100_000);
    const blob = blobs.get(path);
    return blob === undefined ? undefined : texts[blob];
  });
  deepEqual(taken, texts);
});

Deno.test("downloadRaw() trusts a content of the right size alone when told so, and no other", async () => {
  const file = wanted("f", "right");
  deepEqual((await download([file], () => "wrong", true)).taken, { f: "wrong" });
  await rejects(download([file], () => "too long", true), TransferError);
  await rejects(download([file], () => "wrong"), TransferError);
});

Deno.test("downloadRaw() asks once for a file that is larger than memory should hold, whatever its size is said to be", async () => {
  const asked: string[] = [];
  for (const size of [undefined, 2 ** 40]) {
    const file = { path: "disk.img", sha: "0".repeat(40), size };
    await rejects(
      download([file], (path) => {
        asked.push(path);
        return ReadableStream.from(Array(257).fill(new Uint8Array(1024 * 1024)));
      }),
      (error: TransferError) => error.problem === "large" && /disk\.img/.test(error.message),
    );
  }
  deepEqual(asked, Array(2).fill(`/raw/o/n/${COMMIT}/disk.img`));
});
