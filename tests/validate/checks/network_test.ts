import { deepEqual, equal, match } from "node:assert/strict";
import type { Finding } from "../../../lib/validate/check.ts";
import { testContext } from "../../support/context.ts";
import { ownPort } from "../../support/ports.ts";
import { look } from "../look.ts";

const NO_PROXY = {
  HTTPS_PROXY: "",
  https_proxy: "",
  ALL_PROXY: "",
  all_proxy: "",
  NO_PROXY: "",
  no_proxy: "",
};

function dns(env: Readonly<Record<string, string>>): Promise<Finding> {
  return look("dns", testContext({ env: { ...NO_PROXY, ...env } }));
}

Deno.test("dns asks for no name that is an address, or that a proxy looks up", async () => {
  for (const url of ["http://127.0.0.1:1/api", "https://[::1]/api/v3"]) {
    match((await dns({ GITHUB_API_URL: url })).detail, /is an address, not a name/);
  }
  const api = { GITHUB_API_URL: "https://ghe.example.org/api/v3" };
  const found = await dns({ ...api, HTTPS_PROXY: "http://proxy:3128" });
  deepEqual([found.status, found.detail], [
    "skip",
    "HTTPS_PROXY names a proxy, which looks ghe.example.org up",
  ]);
  equal((await dns({ GITHUB_API_URL: "http://localhost:1" })).status, "pass");
});

Deno.test("github takes every answer for one, and says why there is none", async () => {
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response(null, { status: 403 }),
  );
  const github = (port: number) =>
    look(
      "github",
      testContext({ env: { ...NO_PROXY, GITHUB_API_URL: `http://127.0.0.1:${port}` } }),
    );
  const found = await github(server.addr.port);
  deepEqual([found.status, /answers \(403\)$/.test(found.detail)], ["pass", true]);
  using nobodys = ownPort();
  const { port } = nobodys;
  const refused = await github(port);
  equal(refused.status, "warn");
  match(refused.detail, /does not answer: .*refused/i);
});
