import assert from "node:assert/strict";
import { ExitCode } from "../../lib/machine/exit_code.ts";
import { madeErrors } from "./tool_errors.ts";

const REPOSITORY = new URL("../..", import.meta.url).pathname.replace(/\/$/, "");
const page = Deno.readTextFileSync(`${REPOSITORY}/docs/recovery.md`);
const errors = madeErrors(REPOSITORY, ["lib", "cmd"]);

Deno.test("every failure that the tools can report says what to do next", () => {
  assert.ok(errors.length > 90, `only ${errors.length} were found`);
  const without = errors.filter(({ hasHint }) => !hasHint).map(({ place }) => place);
  // It hands on the failure of a build, with its hint.
  assert.deepEqual(without, []);
});

Deno.test("docs/recovery.md has every message of the tools, and no other", () => {
  const described = [...page.matchAll(/^\| `(.+?)` +\| \S/gm)].map(([, message]) => message!);
  assert.deepEqual(described.filter((text, index) => described.indexOf(text) !== index), []);
  const made = new Set(errors.flatMap(({ messages }) => messages));
  assert.deepEqual(
    [...made].filter((message) => !described.includes(message)),
    [],
    "not described",
  );
  assert.deepEqual(described.filter((message) => !made.has(message)), [], "not made any more");
});

Deno.test("docs/recovery.md says what to do after each exit code", () => {
  const codes = Object.values(ExitCode).filter((code) => code !== ExitCode.Success);
  const headings = [...page.matchAll(/^### .*\((\d)\)$/gm)].map(([, code]) => Number(code));
  for (const code of codes) {
    assert.ok(code === ExitCode.Interrupted || headings.includes(code), `exit code ${code}`);
    assert.match(page, new RegExp(`^\\| ${code} +\\|`, "m"));
  }
});
