import { readHostName } from "../machine/host_name.ts";
import type { Context, Document } from "../machine/context.ts";
import type { Repair } from "./repair.ts";
import type { Status } from "./check.ts";
import { type CheckResult, exitCodeOf, type Report, withStatus } from "./validate.ts";

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
  readonly checks: readonly ReturnType<typeof checkDocument>[];
  /** What `--fix` did; null without it. */
  readonly repairs: readonly ReturnType<typeof repairDocument>[] | null;
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
    repairs: repairs?.map(repairDocument) ?? null,
  };
}

function repairDocument({ result, changes, error }: Repair) {
  return { check: result.check.id, changes, error: error ?? null };
}

function checkDocument(result: CheckResult) {
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
