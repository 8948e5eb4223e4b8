import assert from "node:assert/strict";
import { endpointsOf } from "../../lib/github/endpoints.ts";
import { HttpSession } from "../../lib/github/http.ts";
import { testContext } from "../support/context.ts";

Deno.test("transfer() ends on a signal even when what uses the answer never does", async () => {
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response("all of it"),
  );
  const ctx = testContext();
  using http = new HttpSession(ctx, endpointsOf(ctx.env), undefined);
  const stopped = new Error("stopped by a signal");
  const request = { url: `http://127.0.0.1:${server.addr.port}/` };
  await assert.rejects(
    http.transfer(request, async ({ body }) => {
      for await (const _ of body);
      ctx.abort(stopped);
      await new Promise(() => {});
    }),
    (error) => error === stopped,
  );
});
