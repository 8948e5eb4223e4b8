import { equal } from "node:assert/strict";
import { proxyVariableFor } from "../../lib/github/http_client.ts";

const PROXY = "http://proxy.example.org:3128";

for (
  const [url, env, expected] of [
    ["https://api.github.com", {}, undefined],
    ["https://api.github.com", { https_proxy: PROXY }, "https_proxy"],
    ["https://api.github.com", { HTTPS_PROXY: PROXY }, "HTTPS_PROXY"],
    ["https://api.github.com", { HTTPS_PROXY: "", ALL_PROXY: PROXY }, "ALL_PROXY"],
    ["https://api.github.com", { http_proxy: PROXY }, undefined],
    ["http://ghe.local/api", { http_proxy: PROXY }, "http_proxy"],
    ["https://api.github.com", { HTTPS_PROXY: PROXY, NO_PROXY: "*" }, undefined],
    [
      "https://api.github.com",
      { HTTPS_PROXY: PROXY, NO_PROXY: "localhost, github.com" },
      undefined,
    ],
    ["https://api.github.com", { HTTPS_PROXY: PROXY, no_proxy: ".github.com" }, undefined],
    ["https://api.github.com", { HTTPS_PROXY: PROXY, no_proxy: "*.github.com" }, undefined],
    ["https://api.github.com", { HTTPS_PROXY: PROXY, NO_PROXY: "api.github.com" }, undefined],
    [
      "https://api.github.com",
      { HTTPS_PROXY: PROXY, NO_PROXY: "hub.com,example.org," },
      "HTTPS_PROXY",
    ],
  ] as const
) {
  Deno.test(`proxyVariableFor() of ${url} with ${JSON.stringify(env)}: ${expected ?? "none"}`, () => {
    equal(proxyVariableFor(env, url), expected);
  });
}
