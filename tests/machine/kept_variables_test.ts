import { equal, ok } from "node:assert/strict";
import { KEPT_FOR_CHILDREN, KEPT_FOR_ROOT } from "../../lib/machine/kept_variables.ts";

/** Variables by which somebody else's code would run, or be read: ld.so(8), bash(1), git(1), perlrun(1). */
const CODE =
  /^(LD_|GCONV_PATH|BASH_ENV|ENV$|SHELLOPTS|IFS|PATH$|GIT_(?!SSL)|PERL|PYTHON|DENO_|NODE_|EDITOR|PAGER|LESSOPEN)/;

Deno.test("no variable that brings code along is kept, for children or as root", () => {
  for (const name of [...KEPT_FOR_CHILDREN, ...KEPT_FOR_ROOT]) ok(!CODE.test(name), name);
});

Deno.test("secrets of a tool are not handed to its children", () => {
  for (const name of KEPT_FOR_CHILDREN) ok(!/TOKEN|SECRET|PASSWORD/.test(name), name);
  ok(KEPT_FOR_ROOT.includes("GITHUB_TOKEN"), "a private repository is synced by root");
});

Deno.test("whose home it is is root's own matter, and proxies are known in both cases", () => {
  for (const name of ["HOME", "USER", "LOGNAME", "TMPDIR", "XDG_CACHE_HOME"]) {
    ok(!KEPT_FOR_ROOT.includes(name), name);
  }
  for (const list of [KEPT_FOR_CHILDREN, KEPT_FOR_ROOT]) {
    equal(list.filter((name) => /^(https?|all|no)_proxy$/i.test(name)).length, 8);
    equal(new Set(list).size, list.length, "none twice");
  }
});
