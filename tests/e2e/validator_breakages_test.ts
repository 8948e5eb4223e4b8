/** Every way to break a machine is found by its check; what is safe to repair is repaired and re-checked. */
import { equal, ok } from "node:assert/strict";
import type { ReportDocument } from "../../lib/validate/document.ts";
import { needsNix } from "../support/needs.ts";
import { shared } from "../support/shared.ts";
import { BREAKAGES } from "../validate/breakages.ts";
import { InstalledMachine } from "../validate/installed_machine.ts";

const installed = shared(() => InstalledMachine.install());

/** What is broken on one machine: breakages that hide nothing, one of each check; every other one alone. */
const machines = Map.groupBy(BREAKAGES, (breakage) => {
  const { id, what, full = false, expect } = breakage;
  if (!breakage.besideOthers) return `(${id}): ${what}`;
  const alike = BREAKAGES.filter((one) =>
    one.besideOthers && one.id === id && (one.full ?? false) === full && one.expect === expect
  );
  const nth = alike.indexOf(breakage) + 1;
  return `all of ${full ? "the full" : "the quick"} run's beside others: ${expect}, ${nth}`;
});

for (const [name, breakages] of machines) {
  needsNix(`validator finds ${name}`, async () => {
    using machine = (await installed()).copy();
    for (const breakage of breakages) breakage.break(machine);
    const full = breakages.flatMap(({ spaceless }) => spaceless ? [machine.host(spaceless)] : []);
    const options = full.length > 0 ? { full } : {};
    const mode = breakages.some(({ full }) => full) ? ["--json"] : ["--json", "--quick"];
    const found = await machine.run(mode, options);
    const report = read(found.stdout, found.stderr);
    equal(found.code, report.counts.fail > 0 ? 6 : 0, found.stderr);
    for (const { id, expect, fixed } of breakages) {
      const check = statusOf(report, id);
      equal(check.status, expect, JSON.stringify(check));
      ok(check.remedy, "it says what to do");
      if (expect === "fail") equal(found.code, 6, found.stderr);
      equal(check.fixable || !fixed, true);
    }

    const fixable = breakages.filter(({ id }) => statusOf(report, id).fixable);
    if (fixable.length === 0) return;
    const repaired = await machine.run([...mode, "--fix"], options);
    const after = read(repaired.stdout, repaired.stderr);
    for (const { id, expect, fixed } of fixable) {
      const repair = after.repairs?.find((one) => one.check === id);
      if (fixed) {
        equal(statusOf(after, id).status, "pass", repaired.stdout);
        ok(repair!.changes.length > 0);
        ok(repair!.changes.every(({ before, after }) => before !== after));
        equal(repaired.code, after.counts.fail > 0 ? 6 : 0);
      } else {
        equal(statusOf(after, id).status, expect, "it is left to a person");
        equal(repair?.changes.length ?? 0, 0);
      }
    }
  });
}

function read(stdout: string, stderr: string): ReportDocument {
  ok(stdout.startsWith("{"), stdout + stderr);
  return JSON.parse(stdout) as ReportDocument;
}

function statusOf({ checks }: ReportDocument, id: string) {
  const check = checks.find((check) => check.id === id);
  if (check === undefined) throw new Error(`there is no check ${id}`);
  return check;
}
