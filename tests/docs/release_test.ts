import { deepEqual, equal, match, notEqual, ok } from "node:assert/strict";
import { REPOSITORY } from "../../nix/bundle.ts";
import { shellScripts } from "../../nix/lint.ts";
import { VERSION } from "../../lib/program/version.ts";

/** The version that deno.json must be ahead of, or equal to when nothing is unreleased. */
function problemOf(changelog: string, version: string): string | undefined {
  const parts = changelog.split(/^## /m).slice(1);
  const unreleased = parts.some((part) => /^Unreleased\n(?=[^]*\S)/.test(part));
  const released = parts.map((part) => /^(\S+) \(\d{4}-\d\d-\d\d\)\n/.exec(part)?.[1])
    .filter((one) => one !== undefined);
  if (released.length + Number(/^## Unreleased$/m.test(changelog)) !== parts.length) {
    return "a heading is neither Unreleased nor a version with its date";
  }
  const [newest] = released;
  if (newest === undefined) return unreleased ? undefined : "nothing is released or to be released";
  const order = compare(version, newest);
  if (unreleased) return order > 0 ? undefined : `${version} is released already`;
  return order === 0 ? undefined : `${version} is not in the changelog`;
}

function compare(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}

Deno.test("deno.json's version and the changelog agree", () => {
  match(VERSION, /^\d+\.\d+\.\d+$/);
  equal(problemOf(Deno.readTextFileSync(`${REPOSITORY}CHANGELOG.md`), VERSION), undefined);
  const released = "# Changelog\n\n## 2.0.0 (2026-12-01)\n\n- a\n";
  const more = released.replace("## 2", "## Unreleased\n\n- b\n\n## 2");
  equal(problemOf(released, "2.0.0"), undefined);
  equal(problemOf(more, "2.0.1"), undefined);
  equal(problemOf(more, "2.10.0"), undefined);
  notEqual(problemOf(released, "2.0.1"), undefined);
  notEqual(problemOf(more, "2.0.0"), undefined);
  notEqual(problemOf(more, "1.9.0"), undefined);
  notEqual(problemOf(released.replace(" (2026-12-01)", ""), "2.0.0"), undefined);
});

Deno.test("deno test without flags says in its first line what to run", async () => {
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["test", "tests/layout/amount_test.ts"],
    cwd: REPOSITORY,
    env: { NO_COLOR: "1" },
  }).output();
  notEqual(code, 0);
  match(new TextDecoder().decode(stderr).split("\n")[0]!, /Did you mean to run with `-P`/);
});

Deno.test("shellScripts() finds scripts by their first line and by their name", () => {
  const found = shellScripts().map((path) => path.slice(REPOSITORY.length));
  const some = [".ci/run", "nix/module/nixos_rebuild.sh", "tests/support/stand_ins/sudo"];
  deepEqual(found.filter((path) => some.includes(path)), some);
  ok(!found.some((path) => path.endsWith(".ts")));
});
