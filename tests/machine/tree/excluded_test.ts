import { equal } from "node:assert/strict";
import { FIRST_LETTERS, isExcluded } from "../../../lib/machine/tree/excluded.ts";

Deno.test("isExcluded() is the reference's list, at the top of the tree, and sockets anywhere", () => {
  const excluded = [
    ".git",
    ".git/config",
    "target",
    "tools/target/debug/x",
    "var/lib",
    "result",
    "result-man",
    "run/api.socket",
  ];
  for (const path of excluded) equal(isExcluded(path), true, path);
  const kept = [
    ".gitignore",
    ".github/workflows/ci.yml",
    "targets",
    "tools/targets",
    "lib/target/x",
    "variables.nix",
    "results",
    "docs/result",
    "a.socket/file",
  ];
  for (const path of kept) equal(isExcluded(path), false, path);
  equal(isExcluded("a.socket", true), false, "a folder is no socket");
});

Deno.test("FIRST_LETTERS lets nothing through that is excluded", () => {
  for (const path of [".git", "target", "tools/target", "var", "result", "result-x"]) {
    equal(FIRST_LETTERS.includes(path[0]!), true, path);
  }
});
