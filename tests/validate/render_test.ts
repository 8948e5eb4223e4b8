import { deepEqual, doesNotMatch, equal, match } from "node:assert/strict";
import { renderStyles } from "../../lib/layout/style.ts";
import { CHECKS } from "../../lib/validate/registry.ts";
import { renderCounts, renderRepairs, renderReport } from "../../lib/validate/render.ts";
import type { CheckResult, Report } from "../../lib/validate/validate.ts";
import { fail, type Finding, pass, skip, warn } from "../../lib/validate/check.ts";

function report(...findings: Finding[]): Report {
  const results = findings.map((finding, index): CheckResult => ({
    ...finding,
    check: CHECKS[index * 9]!,
    milliseconds: 1,
  }));
  return { quick: true, results };
}

Deno.test("renderCounts() says what there is, in words that fit the number", () => {
  deepEqual(
    [
      report(),
      report(pass("a")),
      report(pass("a"), warn("b", "c")),
      report(warn("b", "c"), warn("b", "c"), fail("d", "e"), skip("f")),
    ].map(renderCounts),
    ["0 passed", "1 passed", "1 passed, 1 warning", "0 passed, 2 warnings, 1 failed, 1 skipped"],
  );
});

Deno.test("renderReport() puts the remedy below what needs one, and items on request", () => {
  const shown = report(pass("well"), fail("broken", "mend it", ["/a", "/b"]), skip("no Nix"));
  const text = renderStyles(renderReport(shown, 80, false));
  match(text, /broken\n +\S+ mend it/);
  match(text, /skipped: no Nix/);
  doesNotMatch(text, /\/b/);
  match(renderStyles(renderReport(shown, 80, true)), /\/a\n[^]*\/b\n[^]*mend it/);
  equal(renderReport(report(), 80, false), "");
});

Deno.test("renderReport() gives a check one row, whatever lines a warning or a file's name has", () => {
  const shown = report(
    warn("two\n\n  paragraphs\n", "rm '/x\n  ✓  all well'", ["/x\n  ✓  all well"]),
  );
  const lines = renderStyles(renderReport(shown, 200, true)).split("\n");
  equal(lines.length, 4, lines.join("\n"));
  match(lines[1]!, /two paragraphs$/);
});

Deno.test("renderRepairs() says what was done, what was not, and when nothing could be", () => {
  const [result] = report(fail("broken", "mend it")).results;
  match(renderStyles(renderRepairs([], 80)), /nothing of it is safe to repair/);
  const changes = [{ what: "/etc/x", before: "0666", after: "0644" }];
  const text = renderStyles(renderRepairs([
    { result: result!, changes } as never,
    { result: result!, changes: [], error: "no space" } as never,
  ], 100));
  match(text, /\/etc\/x: 0666 \S+ 0644/);
  match(text, /could not be repaired: no space/);
});
