import { equal, throws } from "node:assert/strict";
import {
  archiveUrl,
  endpointsOf,
  parseRepository,
  sameRepository,
} from "../../lib/github/endpoints.ts";

Deno.test("endpointsOf() is GitHub, or what the environment names", () => {
  equal(endpointsOf({}).api, "https://api.github.com");
  equal(endpointsOf({ GITHUB_SERVER_URL: "https://ghe.example/" }).server, "https://ghe.example");
  for (const bad of ["ftp://x", "nonsense", "https://user:secret@host", "https://h/?q"]) {
    throws(() => endpointsOf({ GITHUB_RAW_URL: bad }), /GITHUB_RAW_URL is not/);
  }
});

Deno.test("parseRepository() takes OWNER/NAME and page addresses, and nothing else", () => {
  for (const text of ["o/n", "https://github.com/o/n", "https://github.com/o/n.git", "o/n/"]) {
    equal(parseRepository(text), "o/n", text);
  }
  for (const bad of ["", "o", "o/n/x", "../x", "o/..", "o/n x", "o/$(x)"]) {
    throws(() => parseRepository(bad), /is not a repository/, bad);
  }
  equal(sameRepository("Owner/Name", "owner/name"), true);
});

Deno.test("archiveUrl() names the archive as the page links it and as the API has it", () => {
  const endpoints = endpointsOf({});
  const repository = "owner/name";
  equal(
    archiveUrl(endpoints, repository, "feature/50 %", "page"),
    "https://github.com/owner/name/archive/feature/50%20%25.tar.gz",
  );
  equal(
    archiveUrl(endpoints, repository, "feature/50 %", "api"),
    "https://api.github.com/repos/owner/name/tarball/feature/50%20%25",
  );
});
