import { deepEqual, equal } from "node:assert/strict";
import { statusError } from "../../lib/github/status_error.ts";

const NOW = new Date("2024-07-01T12:00:00Z");
const SOON = String(NOW.getTime() / 1000 + 90);

type Headers_ = Readonly<Record<string, string>>;

function judged(status: number, headers: Headers_ = {}, text = "") {
  const url = "https://api.example.org/repos/o/n?token=secret";
  const error = statusError({ status, headers: new Headers(headers) }, text, url, NOW);
  return [error.problem, error.details.retryAfter];
}

Deno.test("statusError() tells what is not there from what is refused, limited or broken", () => {
  const table: readonly (readonly [
    status: number,
    headers: Headers_,
    text: string,
    problem: string,
    wait?: number,
  ])[] = [
    [404, {}, "", "absent"],
    [422, {}, "No commit found for SHA", "absent"],
    [401, {}, "Bad credentials", "forbidden"],
    [403, {}, "Resource not accessible", "forbidden"],
    [410, {}, "", "refused"],
    [301, {}, "", "refused"],
    [408, {}, "", "server"],
    [503, { "retry-after": "5" }, "", "server", 5000],
    // Nobody waits so long for a server that is broken.
    [503, { "retry-after": "3600" }, "", "server"],
    [429, {}, "", "limited", 1000],
    [429, { "retry-after": "120" }, "", "limited", 120_000],
    [403, { "retry-after": "7" }, "", "limited", 7000],
    [403, {}, "You have exceeded a secondary\n rate limit", "limited", 60_000],
    [403, { "x-ratelimit-remaining": "0", "x-ratelimit-reset": SOON }, "", "limited", 90_000],
    // The reset of a limit that is not used up says nothing.
    [429, { "x-ratelimit-remaining": "9", "x-ratelimit-reset": SOON }, "", "limited", 1000],
  ];
  for (const [status, headers, text, problem, wait] of table) {
    deepEqual(
      judged(status, headers, text),
      [problem, wait],
      `${status} ${JSON.stringify(headers)}`,
    );
  }
});

Deno.test("statusError() reads both forms of Retry-After, and takes no nonsense for a time", () => {
  const wait = (value: string) => judged(429, { "retry-after": value })[1];
  equal(wait("Mon, 01 Jul 2024 12:00:30 GMT"), 30_000);
  equal(wait("Mon, 01 Jul 2024 11:00:00 GMT"), 0);
  equal(wait("-5"), 0);
  for (const nonsense of ["soon", "", "Infinity", "NaN", "1e999", "9".repeat(30)]) {
    equal(wait(nonsense), 1000, nonsense);
  }
  for (const reset of ["soon", "", "NaN", "Infinity", "1e999", "9".repeat(30)]) {
    const headers = { "x-ratelimit-remaining": "0", "x-ratelimit-reset": reset };
    equal(judged(403, headers)[1], 60_000, `reset ${JSON.stringify(reset)}`);
  }
});

Deno.test("statusError() shows the path and the first line of what was said, no query", () => {
  const url = "https://api.example.org/repos/o/n?token=secret";
  const { message } = statusError(
    { status: 500, headers: new Headers() },
    `  <html>\n\tsorry </html> ${"x".repeat(300)}`,
    url,
    NOW,
  );
  equal(message, `/repos/o/n answers 500 (<html> sorry </html> ${"x".repeat(179)})`);
});
