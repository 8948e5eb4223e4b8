import { deepEqual, equal, match, ok } from "node:assert/strict";
import { GROUPS } from "../../lib/validate/check.ts";
import { CHECKS } from "../../lib/validate/registry.ts";
import { BREAKAGES } from "./breakages.ts";

Deno.test("CHECKS have an id each, in the reference's groups", () => {
  const ids = CHECKS.map(({ id }) => id);
  equal(new Set(ids).size, ids.length);
  for (const { id, group, title } of CHECKS) {
    match(id, /^[a-z]+(-[a-z]+)*$/);
    ok(GROUPS.includes(group));
    ok(title.length <= 26, `${title} leaves no room at 80 columns`);
  }
});

Deno.test("CHECKS that only warn never stop an update", () => {
  deepEqual(CHECKS.filter((one) => one.severity === "warning" && one.blocksUpdate), []);
});

Deno.test("CHECKS are all in docs/validator.md, with what they are", () => {
  const path = new URL("../../docs/validator.md", import.meta.url);
  const rows = Deno.readTextFileSync(path).split("\n").filter((line) =>
    /^\| `[\w-]+` +\| (fails|warns) /.test(line)
  );
  const documented = rows.map((row) => row.split("|").slice(1, 5).map((cell) => cell.trim()));
  const expected = CHECKS.map((check) => [
    `\`${check.id}\``,
    check.severity === "error" ? "fails" : "warns",
    check.quick ? "yes" : "",
    [check.blocksUpdate ? "blocks" : "", check.fix ? "fix" : ""].filter(Boolean).join(", "),
  ]);
  const sorted = GROUPS.flatMap((group) =>
    expected.filter((_, index) => CHECKS[index]!.group === group)
  );
  deepEqual(documented, sorted);
});

Deno.test("CHECKS that can be broken on a scratch machine are broken by a test", () => {
  const broken = new Set(BREAKAGES.map(({ id }) => id));
  const untried = CHECKS.map(({ id }) => id).filter((id) => !broken.has(id));
  deepEqual(untried, [
    // Tried apart: an activation, a record, a name server and a server are not files of a machine.
    "unreported-activation",
    "running-commit",
    "dns",
    "github",
    // The same code as space-boot.
    "space-root",
    "space-store",
    "space-logs",
    // Never anything but a statement.
    "nested-kvm",
  ]);
});
