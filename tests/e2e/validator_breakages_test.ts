/** Every way to break a machine is found by its check; what is safe to repair is repaired and re-checked. */
import { equal, ok } from "node:assert/strict";
import type { ReportDocument } from "../../lib/validate/document.ts";
import { needsNix } from "../support/needs.ts";
import { shared } from "../support/shared.ts";
import { BREAKAGES } from "../validate/breakages.ts";
import { InstalledMachine } from "../validate/installed_machine.ts";

const installed = shared(() => InstalledMachine.install());

for (const breakage of BREAKAGES) {
  needsNix(`validator finds (${breakage.id}): ${breakage.what}`, async () => {
    using machine = (await installed()).copy();
    breakage.break(machine);
    const options = breakage.spaceless ? { full: [machine.host(breakage.spaceless)] } : {};
    const mode = breakage.full ? ["--json"] : ["--json", "--quick"];
    const found = await machine.run(mode, options);
    const report = read(found.stdout, found.stderr);
    const check = statusOf(report, breakage.id);
    equal(check.status, breakage.expect, JSON.stringify(check));
    ok(check.remedy, "it says what to do");
    equal(found.code, report.counts.fail > 0 ? 6 : 0, found.stderr);
    if (breakage.expect === "fail") equal(found.code, 6, found.stderr);

    equal(check.fixable || !breakage.fixed, true);
    if (!check.fixable) return;
    const repaired = await machine.run([...mode, "--fix"], options);
    const after = read(repaired.stdout, repaired.stderr);
    const repair = after.repairs?.find((one) => one.check === breakage.id);
    if (breakage.fixed) {
      equal(statusOf(after, breakage.id).status, "pass", repaired.stdout);
      ok(repair!.changes.length > 0);
      ok(repair!.changes.every(({ before, after }) => before !== after));
      equal(repaired.code, after.counts.fail > 0 ? 6 : 0);
    } else {
      equal(statusOf(after, breakage.id).status, breakage.expect, "it is left to a person");
      equal(repair?.changes.length ?? 0, 0);
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
