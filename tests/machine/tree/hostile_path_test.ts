import { equal, match, ok, throws } from "node:assert/strict";
import fc from "fast-check";
import { hostilePathProblem, refuseHostilePaths } from "../../../lib/machine/tree/hostile_path.ts";

Deno.test("hostilePathProblem() lets plain paths pass, whatever characters they have", () => {
  for (
    const path of ["a", "a/b c/ü", ".gitignore", "a/.github/x", "git", "..a/b..", "-x", "\\", '"']
  ) {
    equal(hostilePathProblem(path), undefined, path);
  }
});

Deno.test("hostilePathProblem() names what leaves the tree, touches Git's folder or does not fit", () => {
  const bad: readonly (readonly [string, RegExp])[] = [
    ["", /empty/],
    ["/etc/passwd", /absolute/],
    ["../x", /"\.\."/],
    ["a/./b", /"\."/],
    ["a//b", /empty component/],
    ["a/", /empty component/],
    [".git/hooks/x", /"\.git"/],
    ["sub/.GiT", /"\.GiT"/],
    ["a\nb", /newline/],
    ["a\0b", /NUL/],
    ["\ud800", /UTF-8/],
    ["n".repeat(256), /too long/],
    ["é".repeat(128), /too long/],
    ["d/".repeat(2000) + "x", /too long/],
  ];
  for (const [path, problem] of bad) match(hostilePathProblem(path) ?? "", problem);
  throws(() => refuseHostilePaths(["fine", "../bad"], "the commit"), /"\.\.\/bad" has a "\.\."/);
});

Deno.test("hostilePathProblem() lets nothing pass that resolves to another place", () => {
  const part = fc.constantFrom("..", ".", "", "a", "b", ".git", "/", "c..");
  fc.assert(fc.property(fc.array(part, { maxLength: 6 }), (parts) => {
    const path = parts.join("/");
    if (hostilePathProblem(path) !== undefined) return;
    const url = new URL(path, "file:///tree/");
    ok(url.pathname === `/tree/${path}`, path);
  }));
});
