import { attempt } from "../../machine/attempt.ts";
import { lstatIfExists, readTextIfExists } from "../../machine/files/files.ts";
import { isUsable } from "../../nix/store/binary_cache.ts";
import { printExpression } from "../../nix/expressions/expression_layout.ts";
import type { Context } from "../../machine/context.ts";
import { someOf } from "../../layout/counted.ts";
import { hideSecrets } from "../../layout/hidden_secrets.ts";
import { sign, style } from "../../layout/style.ts";
import { hanging, shortened, table } from "../../layout/table.ts";
import { describeSource } from "../../nix/evaluation/configuration_source.ts";
import { comparisonText } from "../../rebuild/judgement/comparison_text.ts";
import { formatDiff, lineDiff, painted } from "../../layout/line_diff.ts";
import { disagreementsText } from "./disagreements_text.ts";
import { notCarriedText } from "./not_carried_text.ts";
import { isStepDone } from "../apply_step.ts";
import { isJudged, type Plan } from "./plan.ts";
import { optionPath } from "../carry/setting.ts";
import { type Step, UNDOING } from "../step.ts";
import { supplyLines } from "./supply_plan.ts";
import { wayOfTools } from "../tools.ts";

/** Longer values are cut in the table of settings, in characters. */
const VALUE_LENGTH = 100;

/**
 * A plan for people: what stands against it first, then the machine, the users, every carried value
 * with where it came from, what changes, and what would be lost.
 * @param diffs whether everything is shown: every written file line by line, and no list cut or folded
 * @param reasons whether each step is explained
 */
export function renderPlan(
  ctx: Context,
  plan: Plan,
  { diffs, reasons }: { readonly diffs: boolean; readonly reasons: boolean },
): string {
  const columns = Math.min(ctx.out.columns, 120);
  return [
    blockers(plan, columns),
    questions(plan, columns, diffs),
    section("Machine", table(["", ""], plan.machine, columns)),
    section(`Users (${plan.users.length})`, users(plan, columns, diffs)),
    plan.base === undefined
      ? section("A system of its own: your configuration is not its base", ownSystem(plan, columns))
      : section("Your configuration stays", base(ctx, plan, columns)),
    plan.comparison === undefined ? "" : section(
      "What becomes of the system",
      comparisonText(plan.comparison, columns, diffs, plan.source?.layout),
    ),
    section(
      plan.base === undefined ? "Settings" : "Added for this machine",
      settings(plan, columns),
    ),
    section(
      `Where this machine and the tree disagree (${plan.disagreements.length})`,
      disagreementsText(plan.disagreements, columns, diffs),
    ),
    section("Not carried over", notCarried(ctx, plan, columns, diffs)),
    section("Changes", changes(ctx, plan, columns)),
    reasons ? section("Why each change", explanations(ctx, plan, columns)) : "",
    section("Packages", packages(plan, columns)),
    diffs ? section("Files, line by line", fileDiffs(ctx, plan)) : "",
    ...judgement(plan, columns),
    warnings(plan, columns),
  ].filter((part) => part !== "").join("\n\n");
}

function section(title: string, body: string): string {
  return body === "" ? "" : `${style.bold(`${sign.heading} ${title}`)}\n${body}`;
}

function blockers(plan: Plan, columns: number): string {
  if (plan.blockers.length === 0) return "";
  const lines = plan.blockers.flatMap((blocker) => [
    ...hanging(`${style.red(sign.fail)} ${blocker.message} (exit ${blocker.code})`, columns),
    ...(blocker.hint ? hanging(`  ${style.dim(`next: ${blocker.hint}`)}`, columns) : []),
  ]);
  return section(
    `Blockers: a real run would stop here (${plan.blockers.length})`,
    lines.join("\n"),
  );
}

function questions(plan: Plan, columns: number, all: boolean): string {
  const lines = plan.questions.flatMap(({ found, details, brief = details, ask, hint }) => [
    ...hanging(`${style.yellow(sign.warn)} ${found}`, columns),
    ...(all ? details : brief).flatMap((detail) => hanging(`  ${detail}`, columns)),
    ...(!all && brief.length < details.length
      ? hanging(`  ${style.dim("--verbose shows them one by one, and so does --json")}`, columns)
      : []),
    ...hanging(`  ${ask} ${style.dim(`If not: ${hint}`)}`, columns),
  ]);
  return section("Questions", lines.join("\n"));
}

/** Which NixOS it becomes is nothing that a carried setting says. */
function ownSystem({ source, nixosVersion, newNixosVersion }: Plan, columns: number): string {
  if (newNixosVersion === undefined) return "";
  const rows = [
    ...(source ? [["source", source.listing.from]] : []),
    ["NixOS", `${newNixosVersion}, now ${nixosVersion ?? "unknown"}`],
  ];
  return table(["", ""], rows, columns);
}

function base(ctx: Context, plan: Plan, columns: number): string {
  const { running } = plan;
  const relation = {
    same: "it is what runs, to the store path",
    ours: "Hyper-NixOS runs on it already",
    other: running.kind === "other" && running.differences.length > 0
      ? "it is not what runs; see the questions"
      : "it is not quite what runs, as after an update: names, disks, addresses, sshd and accounts are the same",
    unknown: running.kind === "unknown" ? `not compared with what runs: ${running.why}` : "",
  }[running.kind];
  const record = plan.base!.record;
  const rows = [
    ["read", describeSource(ctx, plan.base!.source)],
    ["found", plan.base!.foundBy],
    ["NixOS", plan.nixosVersion ?? "unknown"],
    ...(record.kind === "channel"
      ? [[
        "channel",
        record.searchPath.find((entry) => entry.startsWith("nixpkgs=")) ?? record.searchPath[0] ??
          "",
      ]]
      : []),
    ["runs", relation],
    ["tools", plan.host.tools || wayOfTools(ctx, plan.source).words],
  ];
  const promise = "No file of it is moved or edited: go on editing it where it is.";
  return [table(["", ""], rows, columns), ...hanging(promise, columns)].join("\n");
}

/** A screen has some 24 lines; a plan tells of as many people as fit on half of it. */
const MOST_USERS = 12;

function users(plan: Plan, columns: number, all: boolean): string {
  const isYou = (user: Plan["users"][number]) => user.account.name === plan.invokingUser;
  const shown = all || plan.users.length <= MOST_USERS
    ? plan.users
    : plan.users.toSorted((a, b) => Number(isYou(b)) - Number(isYou(a))).slice(0, MOST_USERS);
  const rows = shown.map((user) => [
    isYou(user) ? `${user.account.name} (you)` : user.account.name,
    String(user.account.uid),
    PASSWORDS[user.account.passwordState],
    keysText(user.authorizedKeys.length, user.hasKeysAtHome),
    [
      ...user.groups,
      ...user.added.map((name) => style.green(`+${name}`)),
    ].join(" ") || "none",
  ]);
  const more = plan.users.length - shown.length;
  const left = [...Map.groupBy(plan.leftBehind, ({ reason }) => reason)].flatMap(
    ([reason, list]) => {
      const names = list.map(({ name }) => name);
      const are = names.length === 1 ? "is" : "are";
      const who = all ? names.join(", ") : someOf(names);
      return hanging(`${style.yellow(sign.warn)} ${who} ${are} left behind: ${reason}`, columns);
    },
  );
  return [
    table(["user", "uid", "password", "SSH keys", "groups"], rows, columns),
    ...(more > 0 ? [`  ${more} more: --verbose shows them, and so does --json`] : []),
    ...left,
  ].join("\n");
}

const PASSWORDS = {
  hash: "kept",
  locked: "kept, locked",
  empty: "empty",
  none: "none",
  unknown: "needs root",
} as const;

function keysText(declared: number, home: boolean): string {
  const parts = [...(declared > 0 ? [String(declared)] : []), ...(home ? ["at home"] : [])];
  return parts.join(" + ") || "none";
}

function settings(plan: Plan, columns: number): string {
  const bySource = Map.groupBy(plan.settings, (setting) => setting.source);
  return [...bySource].map(([source, list]) => {
    const rows = list.map((setting) => [
      optionPath(setting),
      // On one line, cut where it is long: the files show it whole.
      shortened(
        hideSecrets(printExpression(setting.value)).replace(/\s+/g, " "),
        VALUE_LENGTH,
      ),
    ]);
    return `  ${style.dim(`from ${source}`)}\n${table(["", ""], rows, columns)}`;
  }).join("\n");
}

function changes(ctx: Context, plan: Plan, columns: number): string {
  const all = plan.steps.map((step) => [verb(ctx, step), step.path] as const);
  const rows = all.filter(([verb]) => verb !== "keep");
  const kept = all.length - rows.length;
  const note = kept > 0 ? `\n  already as it should be: ${kept} more` : "";
  return table(["", ""], rows, columns) + note;
}

/** What each step is for, what it is made of, and what undoes it. */
function explanations(ctx: Context, plan: Plan, columns: number): string {
  return plan.steps.map((step) => {
    const rows = [
      ["to", step.title],
      ["why", step.why],
      ...(step.madeOf === undefined ? [] : [["made of", step.madeOf]]),
      ["undone", UNDOING[step.kind]],
    ];
    const head = `  ${verb(ctx, step)} ${style.bold(step.path)}`;
    return `${head}\n${table(["", ""], rows, columns)}`;
  }).join("\n");
}

/** Where a build takes what is not built on the machine, when that is not as usual. */
function packages(plan: Plan, columns: number): string {
  const cache = plan.source?.cache;
  const lines = [
    ...(isUsable(cache)
      ? [`from the binary cache ${cache.folder} first: what is in it needs no network`]
      : []),
    ...supplyLines(plan.supply),
  ];
  return lines.flatMap((line) => hanging(line, columns)).join("\n");
}

/** What a step will do to what is there now. */
function verb(ctx: Context, step: Step): string {
  const there = attempt(() => lstatIfExists(ctx.root.host(step.path))) !== undefined;
  switch (step.kind) {
    case "secret":
      return there && isStepDone(ctx, step) ? "keep" : "secret";
    case "remove":
      return there ? "remove" : "keep";
    case "tree":
      return !there ? "copy" : isStepDone(ctx, step) ? "keep" : "replace";
    case "directory":
      return there ? "keep" : "make";
    case "link":
      return isStepDone(ctx, step) ? "keep" : "link";
    case "file": {
      if (!there) return "write";
      return textBefore(ctx, step.path) === step.content ? "keep" : "change";
    }
  }
}

/** A link is replaced, and what it leads to is left alone. */
function textBefore(ctx: Context, path: string): string | undefined {
  const host = ctx.root.host(path);
  return lstatIfExists(host)?.isSymlink ? undefined : readTextIfExists(host);
}

function fileDiffs(ctx: Context, plan: Plan): string {
  return plan.steps.flatMap((step) => {
    if (step.kind !== "file") return [];
    const before = textBefore(ctx, step.path) ?? "";
    if (before === step.content) return [];
    const lines = formatDiff(lineDiff(hideSecrets(before), hideSecrets(step.content))).map(painted);
    return [`  ${style.bold(step.path)}`, ...lines.map((line) => `    ${line}`)];
  }).join("\n");
}

function notCarried(ctx: Context, plan: Plan, columns: number, all: boolean): string {
  const { notCarried, judgement, source } = plan;
  if (notCarried === undefined) return "";
  const isSame = "unknown" in notCarried && !isJudged(judgement) &&
    notCarried.unknown === judgement.unknown;
  const found = isSame ? { unknown: "the new host is not evaluated" } : notCarried;
  return notCarriedText(ctx, found, columns, all, source?.layout);
}

function judgement(plan: Plan, columns: number): string[] {
  const { judgement } = plan;
  if (!isJudged(judgement)) {
    const isBlocker = plan.blockers.some(({ message }) => message.includes(judgement.unknown));
    const why = isBlocker ? "what would stop a real run stops this, too" : judgement.unknown;
    const text = hanging(`${style.yellow(sign.warn)} not proven yet: ${why}`, columns);
    return [section("Will it come back?", text.join("\n"))];
  }
  const verdicts = judgement.verdicts.flatMap((verdict) => [
    ...hanging(
      verdict.ok
        ? `${style.green(sign.pass)} ${verdict.what}: ${verdict.why}`
        : `${style.red(sign.fail)} ${verdict.what}: ${verdict.why}`,
      columns,
    ),
    ...(verdict.remedy ? hanging(`  next: ${verdict.remedy}`, columns) : []),
  ]);
  const assertions = judgement.failedAssertions.flatMap((text) =>
    hanging(`${style.red(sign.fail)} ${text}`, columns)
  );
  const { disappears } = judgement;
  const rows = [
    ["accounts", disappears.accounts.join(" ")],
    ["system accounts", disappears.systemAccounts.join(" ")],
    ["passwords (locked)", disappears.lockedPasswords.join(" ")],
    ["services", disappears.services.join(" ")],
    ["mounts", disappears.mounts.join(" ")],
    ["open ports", disappears.ports.join(" ")],
  ].filter(([, values]) => values !== "");
  return [
    section("Will it come back?", [...verdicts, ...assertions].join("\n")),
    rows.length === 0 ? "" : section("What disappears", table(["", ""], rows, columns)),
  ];
}

function warnings(plan: Plan, columns: number): string {
  const lines = plan.warnings.flatMap((text) =>
    hanging(`${style.yellow(sign.warn)} ${text}`, columns)
  );
  return section("Worth knowing", lines.join("\n"));
}
