import { equal } from "node:assert/strict";
import { metricsText } from "../../lib/validate/metrics.ts";
import { pass, type Status } from "../../lib/validate/check.ts";
import type { CheckResult } from "../../lib/validate/validate.ts";

function result(id: string, status: Status): CheckResult {
  const check = {
    id,
    group: 'A "group" \\ one',
    title: "",
    severity: "error",
    quick: true,
    blocksUpdate: false,
    check: () => pass(""),
  } as const;
  return { check, status, detail: "", milliseconds: 0 } as unknown as CheckResult;
}

Deno.test("metricsText() is Prometheus' text format: a gauge for each check, and the time", () => {
  const results = (["pass", "warn", "fail", "skip"] as const).map((one) => result(one, one));
  equal(
    metricsText({ quick: true, results }, new Date("2026-11-30T12:00:00.900Z")),
    `# HELP hypervisor_validator_check What a check found: -1 skipped, 0 passed, 1 warning, 2 failed.
# TYPE hypervisor_validator_check gauge
hypervisor_validator_check{id="pass",group="A \\"group\\" \\\\ one",severity="error"} 0
hypervisor_validator_check{id="warn",group="A \\"group\\" \\\\ one",severity="error"} 1
hypervisor_validator_check{id="fail",group="A \\"group\\" \\\\ one",severity="error"} 2
hypervisor_validator_check{id="skip",group="A \\"group\\" \\\\ one",severity="error"} -1
# HELP hypervisor_validator_run_timestamp_seconds When the checks were made, in seconds since 1970.
# TYPE hypervisor_validator_run_timestamp_seconds gauge
hypervisor_validator_run_timestamp_seconds 1796040000
`,
  );
});
