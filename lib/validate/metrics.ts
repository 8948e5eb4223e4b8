import type { Status } from "./check.ts";
import type { Report } from "./validate.ts";

/** What a gauge says; `> 1` is a failed check, `< 0` one that could not be made. */
const VALUES: Readonly<Record<Status, number>> = { skip: -1, pass: 0, warn: 1, fail: 2 };

/**
 * The report in Prometheus' text format, one gauge for each check and the time of the run
 * (https://prometheus.io/docs/instrumenting/exposition_formats/). Names and labels are stable.
 */
export function metricsText({ results }: Report, now: Date): string {
  const check = "hypervisor_validator_check";
  const time = "hypervisor_validator_run_timestamp_seconds";
  return [
    `# HELP ${check} What a check found: -1 skipped, 0 passed, 1 warning, 2 failed.`,
    `# TYPE ${check} gauge`,
    ...results.map(({ check: { id, group, severity }, status }) =>
      `${check}{${labels({ id, group, severity })}} ${VALUES[status]}`
    ),
    `# HELP ${time} When the checks were made, in seconds since 1970.`,
    `# TYPE ${time} gauge`,
    `${time} ${Math.floor(now.getTime() / 1000)}`,
    "",
  ].join("\n");
}

function labels(values: Readonly<Record<string, string>>): string {
  return Object.entries(values).map(([name, value]) => `${name}="${escaped(value)}"`).join(",");
}

function escaped(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
