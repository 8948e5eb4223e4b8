import { hideSecrets } from "../../layout/hidden_secrets.ts";
import { isUsable } from "../../nix/store/binary_cache.ts";
import { printExpression } from "../../nix/expressions/expression_layout.ts";
import { expectedReason } from "../../rebuild/judgement/expected_changes.ts";
import type { Context, Document } from "../../machine/context.ts";
import { isJudged, type Plan } from "./plan.ts";
import { definitionText } from "../carry/not_carried.ts";
import { optionPath } from "../carry/setting.ts";
import { type Step, UNDOING } from "../step.ts";
import { isKnown } from "./supply_plan.ts";

/** Version of the document's shape; raised when a member changes its meaning or goes. */
const VERSION = 1;

/** The plan as `--dry-run --json` prints it: a public, versioned shape without any secret. */
export function planDocument(
  ctx: Context,
  plan: Plan,
): Document & Readonly<Record<string, unknown>> {
  const { source, judgement } = plan;
  return {
    version: VERSION,
    host: plan.hostName,
    decisions: plan.decisions,
    root: plan.root,
    source: source
      ? {
        path: source.listing.from,
        foundBy: source.foundBy,
        inPlace: source.inPlace,
        entries: source.listing.entries.length,
        bytes: source.listing.bytes,
        skipped: source.listing.skipped,
        origin: source.origin ?? null,
        cache: isUsable(source.cache) ? source.cache.folder : null,
      }
      : null,
    blockers: plan.blockers.map(({ message, hint, code }) => ({
      message,
      hint: hint ?? null,
      code,
    })),
    questions: plan.questions.map(({ found, details, ask, hint }) => ({
      found,
      details,
      ask,
      hint,
    })),
    base: plan.base
      ? { ...plan.base.record, foundBy: plan.base.foundBy, nixosVersion: plan.nixosVersion ?? null }
      : null,
    running: plan.running.kind === "other"
      ? { ...plan.running, differences: plan.running.differences.map(({ text }) => text) }
      : plan.running,
    tools: plan.host.tools,
    identity: plan.comparison
      ? {
        counts: plan.comparison.counts,
        differences: plan.comparison.differences.map((difference) => ({
          kind: difference.kind,
          name: difference.name,
          state: difference.state,
          before: shown(difference.before),
          after: shown(difference.after),
          reason: expectedReason(difference, source?.layout) ?? null,
        })),
        unread: plan.comparison.unread,
      }
      : null,
    warnings: plan.warnings,
    machine: Object.fromEntries(plan.machine),
    users: plan.users.map((user) => ({
      name: user.account.name,
      uid: user.account.uid,
      description: user.account.description,
      home: user.account.home,
      shell: user.account.shell,
      password: user.account.passwordState,
      groups: user.groups,
      addedGroups: user.added,
      authorizedKeys: user.authorizedKeys.length,
      invoking: user.account.name === plan.invokingUser,
    })),
    leftBehind: plan.leftBehind,
    settings: plan.settings.map((setting) => ({
      option: optionPath(setting),
      value: hideSecrets(printExpression(setting.value)),
      source: setting.source,
    })),
    notCarried: notCarriedDocument(ctx, plan.notCarried),
    disagreements: plan.disagreements.map((one) => ({
      option: optionPath(one),
      machine: definitionText({ ...one, value: one.machine }),
      tree: definitionText({ ...one, value: one.tree }),
      result: definitionText({ ...one, value: one.result }),
      wins: one.wins,
      why: one.why,
    })),
    supply: supplyDocument(plan.supply),
    steps: plan.steps.map((step) => stepDocument(ctx, step)),
    judgement: isJudged(judgement)
      ? {
        unknown: null,
        verdicts: judgement.verdicts.map((verdict) => ({
          ...verdict,
          remedy: verdict.remedy ?? null,
        })),
        disappears: judgement.disappears,
        failedAssertions: judgement.failedAssertions,
      }
      : { unknown: judgement.unknown, verdicts: null, disappears: null, failedAssertions: null },
  };
}

/** A text of the owner's, for everyone. */
function shown(text: string | undefined): string | null {
  return text === undefined ? null : hideSecrets(text);
}

function supplyDocument(supply: Plan["supply"]): object | null {
  if (supply === undefined) return null;
  if (!isKnown(supply)) {
    const { unknown } = supply;
    return { unknown, derivation: null, made: null, carried: null, fetched: null, lacking: null };
  }
  const { derivation, made, carried, fetched, lacking, asked } = supply;
  return { unknown: null, derivation, made, carried, fetched: asked ? fetched : null, lacking };
}

function notCarriedDocument(ctx: Context, found: Plan["notCarried"]): object | null {
  if (found === undefined) return null;
  if ("unknown" in found) return { unknown: found.unknown, settings: null, unreadable: null };
  return {
    unknown: null,
    settings: found.settings.map((one) => ({
      option: optionPath(one),
      value: definitionText(one),
      files: one.files.map((file) => ctx.root.machine(file)),
    })),
    unreadable: found.unreadable,
  };
}

function stepDocument(ctx: Context, step: Step): object {
  return {
    id: step.id,
    kind: step.kind,
    title: step.title,
    path: ctx.root.host(step.path),
    why: step.why,
    madeOf: step.madeOf ?? null,
    undo: UNDOING[step.kind],
    mode: "mode" in step ? step.mode.toString(8) : null,
    content: step.kind === "file" ? hideSecrets(step.content) : null,
    target: step.kind === "link" ? step.target : null,
    from: step.kind === "tree" ? step.source.from : null,
  };
}
