import { deepEqual, equal, match } from "node:assert/strict";
import type { ReportDocument } from "../../lib/validate/document.ts";
import { needsNix } from "../support/needs.ts";
import { InstalledMachine } from "../validate/installed_machine.ts";

let installed: Promise<InstalledMachine> | undefined;
/** One installation for all tests of this file. */
async function machine(): Promise<InstalledMachine> {
  installed ??= InstalledMachine.install();
  return (await installed).copy();
}

Deno.test.afterAll(async () => {
  (await installed)?.[Symbol.dispose]();
});

needsNix("validator finds nothing wrong with a machine that was just installed", async () => {
  using healthy = await machine();
  const { code, stdout, stderr } = await healthy.run(["--json"]);
  const report = JSON.parse(stdout) as ReportDocument;
  const troubled = report.checks.filter(({ status }) => status === "fail" || status === "warn");
  deepEqual(troubled.map(({ id, detail }) => `${id}: ${detail}`), []);
  equal(code, 0, stderr);
  equal(report.version, 1);
  match(stderr, /\d+ passed/);
});
