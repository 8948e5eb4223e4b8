import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { TransferError, type TransferProblem } from "../../lib/git/transfer_error.ts";
import { packetLine } from "../../lib/git/pkt_line.ts";
import { endpointsOf } from "../../lib/github/endpoints.ts";
import { GitRemote, type RemoteRef } from "../../lib/github/git_protocol.ts";
import { HttpSession } from "../../lib/github/http.ts";
import { testContext } from "../support/context.ts";

const [A, B] = ["a".repeat(40), "b".repeat(40)];
const GIT = "application/x-git-upload-pack-result";

/** What `refs` makes of an answer, and what the server was asked. */
async function refs(
  body: string,
  type = GIT,
): Promise<{ readonly refs: RemoteRef[]; readonly asked: string[] }> {
  const asked: string[] = [];
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      asked.push(
        `${new URL(request.url).pathname} ${request.headers.get("git-protocol")}\n${await request
          .text()}`,
      );
      return new Response(body, { headers: { "content-type": type } });
    },
  );
  const url = `http://127.0.0.1:${server.addr.port}`;
  const ctx = testContext({ env: { GITHUB_SERVER_URL: url, NO_PROXY: "*" } });
  using http = new HttpSession(ctx, endpointsOf(ctx.env), undefined);
  return {
    refs: await new GitRemote(http, "owner/name").refs(["refs/heads/", "refs/tags/v1"]),
    asked,
  };
}

async function expectProblem(
  problem: TransferProblem,
  says: RegExp,
  body: string,
  type?: string,
): Promise<void> {
  await rejects(refs(body, type), (error) => {
    match((error as Error).message, says);
    return error instanceof TransferError && error.problem === problem;
  });
}

Deno.test("GitRemote.refs() takes the commit that a tag leads to, and asks once for what it wants", async () => {
  const lines = [
    `${A} refs/heads/main`,
    `${A} refs/heads/feature/ü`,
    `${A} refs/tags/v1 peeled:${B}`,
  ];
  const { refs: found, asked } = await refs(lines.map(packetLine).join("") + "0000");
  deepEqual(found, [
    { name: "refs/heads/main", commit: A },
    { name: "refs/heads/feature/ü", commit: A },
    { name: "refs/tags/v1", commit: B },
  ]);
  equal(asked.length, 1);
  match(asked[0]!, /^\/owner\/name\.git\/git-upload-pack version=2\n/);
  match(
    asked[0]!,
    /command=ls-refs[^]*0001[^]*peel\n[^]*ref-prefix refs\/heads\/\n[^]*ref-prefix refs\/tags\/v1\n0000$/,
  );
});

Deno.test("GitRemote.refs() knows a repository without any, and one that is not there", async () => {
  deepEqual((await refs("0000")).refs, []);
  await expectProblem(
    "absent",
    /git says: repository not found/,
    packetLine("ERR repository not found"),
  );
});

// What becomes of a commit's name: a part of URLs, and a word of Git's protocol.
Deno.test("GitRemote.refs() takes no name of a commit that is none", async () => {
  const damages = [
    `${A} refs/tags/v1 peeled:../../etc`,
    `${A} refs/tags/v1 peeled:`,
    `${A.slice(1)} refs/heads/main`,
    A,
  ];
  await Promise.all(
    damages.map((line) => expectProblem("damaged", /malformed/, packetLine(line) + "0000")),
  );
});

Deno.test("GitRemote.refs() takes neither half a list nor a page of a portal for one", async () => {
  await Promise.all([
    expectProblem("damaged", /cut off/, packetLine(`${A} refs/heads/main`)),
    expectProblem("damaged", /inside a packet/, packetLine(`${A} refs/heads/main`).slice(0, -3)),
    expectProblem(
      "server",
      /answers a git request with "text\/html"/,
      "<html>log in</html>",
      "text/html",
    ),
    expectProblem("damaged", /not Git's protocol/, "<html>log in</html>"),
  ]);
});
