import { deepEqual, equal } from "node:assert/strict";
import type { Finding } from "../../lib/validate/check.ts";
import { reportDocument } from "../../lib/validate/document.ts";
import { CHECKS } from "../../lib/validate/registry.ts";
import type { CheckResult } from "../../lib/validate/validate.ts";
import { testContext } from "../support/context.ts";
import { withScratch } from "../support/scratch_files.ts";

const now = () => new Date("2026-12-01T05:06:07.089Z");

function result(id: string, finding: Finding): CheckResult {
  return { ...finding, check: CHECKS.find((one) => one.id === id)!, milliseconds: 3 };
}

Deno.test("reportDocument() counts what was found and says which of it this user may not see", async () => {
  const results = [
    result("kvm", { status: "fail", detail: "none", remedy: "modprobe", items: ["a", "b"] }),
    result("tun", { status: "warn", detail: "none", remedy: "modprobe" }),
    result("memory", { status: "pass", detail: "enough" }),
    result("shadow", { status: "skip", detail: "/etc/shadow: permission denied", denied: true }),
  ];
  await withScratch({ "etc/hostname": "web\n" }, (root) => {
    const ctx = testContext({ root, now });
    const { checks, ...head } = reportDocument(ctx, { quick: true, results }, undefined);
    deepEqual(head, {
      version: 1,
      root,
      host: "web",
      time: "2026-12-01T05:06:07.089Z",
      quick: true,
      exitCode: 6,
      counts: { pass: 1, warn: 1, fail: 1, skip: 1 },
      repairs: null,
    });
    deepEqual(checks.map(({ id }) => id), ["kvm", "tun", "memory", "shadow"]);
    deepEqual(checks.map(({ remedy }) => remedy), ["modprobe", "modprobe", null, null]);
    deepEqual(checks.map(({ items }) => items), [["a", "b"], [], [], []]);
    deepEqual(checks.map(({ permissionDenied }) => permissionDenied), [false, false, false, true]);
    deepEqual(checks.map(({ fixable }) => fixable), [false, false, false, true]);
    // What was not seen could have failed: nobody may take that for healthy.
    const unseen = results.filter(({ status }) => status !== "fail");
    equal(reportDocument(ctx, { quick: true, results: unseen }, undefined).exitCode, 3);
  });
});

Deno.test("reportDocument() is JSON whatever a check found, and has what was repaired", async () => {
  await withScratch({ "etc/": "" }, (root) => {
    const ctx = testContext({ root, now });
    const odd = 'a "quoted" \u001b[31m\n line';
    const repaired = result("shadow", { status: "pass", detail: odd });
    const change = { what: "/etc/shadow", before: "0644", after: "0640" };
    const document = reportDocument(ctx, { quick: false, results: [repaired] }, [
      { result: repaired, changes: [change] },
      {
        result: result("kvm", { status: "fail", detail: "", remedy: "" }),
        changes: [],
        error: "no",
      },
    ]);
    const read = JSON.parse(JSON.stringify(document));
    deepEqual(read, document);
    equal(read.checks[0]!.detail, odd);
    equal(read.host, null);
    deepEqual(read.repairs, [
      { check: "shadow", changes: [change], error: null },
      { check: "kvm", changes: [], error: "no" },
    ]);
  });
});
