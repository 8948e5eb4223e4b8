import assert from "node:assert/strict";
import { endpointsOf } from "../../lib/github/endpoints.ts";
import { GitRemote } from "../../lib/github/git_protocol.ts";
import { HttpSession } from "../../lib/github/http.ts";
import { RestApi } from "../../lib/github/rest.ts";
import { TransferError } from "../../lib/git/transfer_error.ts";
import { testContext } from "../support/context.ts";

const commit = "1".repeat(40);
const tree = "2".repeat(40);
const repository = "owner/name";

/** A server that imitates a part of GitHub only; what it was asked is kept. */
function imitation(answers: Record<string, Response | undefined>): {
  readonly server: Deno.HttpServer<Deno.NetAddr>;
  readonly asked: string[];
  readonly http: HttpSession;
} {
  const asked: string[] = [];
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) => {
      const { pathname } = new URL(request.url);
      asked.push(pathname);
      return answers[pathname]?.clone() ?? new Response("Not Found", { status: 404 });
    },
  );
  const url = `http://127.0.0.1:${server.addr.port}`;
  const ctx = testContext({ env: { GITHUB_API_URL: url, GITHUB_SERVER_URL: url } });
  return { server, asked, http: new HttpSession(ctx, endpointsOf(ctx.env), undefined) };
}

Deno.test("RestApi.commitOf() takes the long form when the short one is not offered", async () => {
  const { server, http } = imitation({
    "/repos/owner/name/commits/main": Response.json({ sha: commit, files: [] }),
  });
  await using _server = server;
  using _http = http;
  assert.equal(await new RestApi(http, repository).commitOf("main"), commit);
});

Deno.test("RestApi.treeOf() asks for the other form of a commit when there is no Git form", async () => {
  const { server, http, asked } = imitation({
    [`/repos/owner/name/commits/${commit}`]: Response.json({
      sha: commit,
      commit: { tree: { sha: tree } },
    }),
  });
  await using _server = server;
  using _http = http;
  assert.equal(await new RestApi(http, repository).treeOf(commit), tree);
  assert.deepEqual(asked, [
    `/repos/owner/name/git/commits/${commit}`,
    `/repos/owner/name/commits/${commit}`,
  ]);
});

Deno.test("GitRemote.refs() asks a server of the older protocol once only", async () => {
  const { server, http, asked } = imitation({
    "/owner/name.git/git-upload-pack": new Response("", {
      headers: { "content-type": "application/x-git-upload-pack-result" },
    }),
  });
  await using _server = server;
  using _http = http;
  await assert.rejects(
    new GitRemote(http, repository).refs(["refs/heads/main"]),
    (error) => error instanceof TransferError && error.problem === "foreign",
  );
  assert.equal(asked.length, 1);
});
