/**
 * The test server as a process of its own, for benchmarks and demonstrations:
 *
 *     deno run -A tests/support/github/serve.ts --repo OWNER/NAME=DIRECTORY … [--token TOKEN …]
 *         [--tls] [--rate-limit REQUESTS] [--tree-bytes BYTES]
 *
 * It prints one line of JSON with its addresses and runs until its standard input ends. The control
 * address takes `GET /requests`, `DELETE /requests`, `PUT /faults` (an array of fault rules),
 * `PUT /refs` (`{"repository", "ref", "to"}`) and, for a forwarder in front, `PUT /ports`
 * (`{"port", "public"}`).
 */
import { parseArgs } from "node:util";
import { githubTreeLimits } from "./api.ts";
import type { FaultRule } from "./faults.ts";
import { githubRateLimits } from "./rate_limit.ts";
import { GithubServer } from "./server.ts";

/** What the first line of output holds. */
export interface ServerAddresses {
  readonly together: GithubServer["together"];
  readonly apart: GithubServer["apart"];
  readonly foreign: string;
  readonly control: string;
  readonly caFile: string | undefined;
}

/** Handles one request to the control address. */
async function control(server: GithubServer, request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  switch (`${request.method} ${pathname}`) {
    case "GET /requests":
      return Response.json(server.requests);
    case "DELETE /requests":
      server.requests.length = 0;
      return new Response(null, { status: 204 });
    case "PUT /faults":
      server.faults.set(await request.json() as FaultRule[]);
      return new Response(null, { status: 204 });
    case "PUT /refs": {
      const { repository, ref, to } = await request.json();
      await server.repository(repository).updateRef(ref, to);
      return new Response(null, { status: 204 });
    }
    case "PUT /ports": {
      const { port, public: publicPort } = await request.json();
      server.publish(port, publicPort);
      return new Response(null, { status: 204 });
    }
    default:
      return new Response("no such control\n", { status: 404 });
  }
}

if (import.meta.main) {
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      repo: { type: "string", multiple: true, default: [] },
      token: { type: "string", multiple: true, default: [] },
      tls: { type: "boolean", default: false },
      "rate-limit": { type: "string" },
      "tree-bytes": { type: "string" },
    },
  });
  const perHour = values["rate-limit"] === undefined ? undefined : Number(values["rate-limit"]);
  await using server = await GithubServer.start({
    repositories: values.repo.map((text) => {
      const [, owner = "", name = "", directory = ""] = text.match(/^([^/]+)\/([^=]+)=(.+)$/) ?? [];
      return { owner, name, directory };
    }),
    tokens: values.token,
    tls: values.tls,
    rateLimits: perHour === undefined ? githubRateLimits : { anonymous: perHour, token: perHour },
    treeLimits: {
      ...githubTreeLimits,
      ...(values["tree-bytes"] ? { bytes: Number(values["tree-bytes"]) } : {}),
    },
  });
  const controller = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) => control(server, request),
  );
  const addresses: ServerAddresses = {
    together: server.together,
    apart: server.apart,
    foreign: server.foreign,
    control: `http://127.0.0.1:${controller.addr.port}`,
    caFile: server.caFile,
  };
  await Deno.stdout.write(new TextEncoder().encode(JSON.stringify(addresses) + "\n"));
  await Deno.stdin.readable.pipeTo(new WritableStream());
  await controller.shutdown();
}
