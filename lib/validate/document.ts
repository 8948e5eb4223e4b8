import { readHostName } from "../machine/host_name.ts";
import type { Context, Document } from "../machine/context.ts";
import type { Repair } from "./repair.ts";
import type { Status } from "./check.ts";
import { type CheckResult, exitCodeOf, type Report, withStatus } from "./validate.ts";

/** One check in `validator --json`, version 1. */
export interface CheckDocument {
  readonly id: string;
  readonly group: string;
  readonly title: string;
  readonly severity: "error" | "warning";
  readonly quick: boolean;
  readonly blocksUpdate: boolean;
  readonly status: Status;
  readonly detail: string;
  readonly remedy: string | null;
  readonly items: readonly string[];
  /** True for a skip because this user may not look. */
  readonly permissionDenied: boolean;
  /** Whether `--fix` knows a repair; it may still find it unsafe. */
  readonly fixable: boolean;
  readonly milliseconds: number;
}

/** One repair in `validator --fix --json`, version 1. */
export interface RepairDocument {
  readonly check: string;
  readonly changes: readonly {
    readonly what: string;
    readonly before: string;
    readonly after: string;
  }[];
  readonly error: string | null;
}

/** `validator --json`, version 1: documented in docs/json.md. */
export interface ReportDocument extends Document {
  readonly version: 1;
  readonly root: string;
  readonly host: string | null;
  /** ISO 8601. */
  readonly time: string;
  readonly quick: boolean;
  readonly exitCode: number;
  readonly counts: Readonly<Record<Status, number>>;
  /** As they are now: after the repairs, with `--fix`. */
  readonly checks: readonly CheckDocument[];
  /** What `--fix` did; null without it. */
  readonly repairs: readonly RepairDocument[] | null;
}

/** The report for programs. */
export function reportDocument(
  ctx: Context,
  report: Report,
  repairs: readonly Repair[] | undefined,
): ReportDocument {
  const count = (status: Status) => withStatus(report, status).length;
  return {
    version: 1,
    root: ctx.root.path,
    host: readHostName(ctx)?.name ?? null,
    time: ctx.now().toISOString(),
    quick: report.quick,
    exitCode: exitCodeOf(report),
    counts: { pass: count("pass"), warn: count("warn"), fail: count("fail"), skip: count("skip") },
    checks: report.results.map(checkDocument),
    repairs: repairs?.map(({ result, changes, error }) => ({
      check: result.check.id,
      changes,
      error: error ?? null,
    })) ?? null,
  };
}

function checkDocument(result: CheckResult): CheckDocument {
  const { check } = result;
  return {
    id: check.id,
    group: check.group,
    title: check.title,
    severity: check.severity,
    quick: check.quick,
    blocksUpdate: check.blocksUpdate,
    status: result.status,
    detail: result.detail,
    remedy: result.remedy ?? null,
    items: result.items ?? [],
    permissionDenied: result.denied ?? false,
    fixable: check.fix !== undefined,
    milliseconds: result.milliseconds,
  };
}
