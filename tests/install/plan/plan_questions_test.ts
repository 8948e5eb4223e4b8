import assert from "node:assert/strict";
import { answerQuestions, planQuestions } from "../../../lib/install/plan/plan_questions.ts";
import { planDocument } from "../../../lib/install/plan/plan_document.ts";
import { renderPlan } from "../../../lib/install/plan/render_plan.ts";
import type { Judgement } from "../../../lib/install/plan/plan.ts";
import type { RunningSystem } from "../../../lib/install/plan/running_system.ts";
import { renderStyles } from "../../../lib/layout/style.ts";
import { ToolError } from "../../../lib/machine/tool_error.ts";
import { testContext } from "../../support/context.ts";
import { INSTALL_OPTIONS } from "../../support/install_options.ts";
import { examplePlan } from "../../support/plan.ts";

const TOPLEVEL = "/nix/store/0000000000000000000000000000000a-nixos-system-host-24.05";
const JUDGED: Judgement = {
  verdicts: [],
  disappears: {
    accounts: [],
    systemAccounts: [],
    lockedPasswords: [],
    services: [],
    mounts: [],
    ports: [],
  },
  failedAssertions: [],
  hostsGuests: true,
  autoUpgradeFlake: undefined,
};
const PLACES = Array.from({ length: 40 }, (_, index) => `/srv/place-${index}`);
const OTHER: RunningSystem = {
  kind: "other",
  toplevel: TOPLEVEL,
  differences: [
    { text: "the host name: a was read, b runs" },
    ...PLACES.map((name) => ({
      text: `${name}: /persist${name} is mounted by what runs, and nothing by what was read`,
      alike: { told: "mounts of folders below /persist are in what runs", name },
    })),
  ],
};

Deno.test("planQuestions() asks what only a person knows, and of a configuration of its own nothing", () => {
  const asked = (running: RunningSystem, judgement: Partial<Judgement> = {}, keepConfig = true) =>
    planQuestions({ ...INSTALL_OPTIONS, keepConfig }, running, { ...JUDGED, ...judgement })
      .map(({ ask }) => ask);
  const same: RunningSystem = { kind: "same", toplevel: TOPLEVEL };
  assert.deepEqual(asked(same), []);
  assert.deepEqual(asked({ kind: "unknown", why: "there is no /run/current-system" }), []);
  assert.deepEqual(asked({ kind: "other", toplevel: TOPLEVEL, differences: [] }), []);
  assert.deepEqual(asked(OTHER, { hostsGuests: false, autoUpgradeFlake: "github:a/b" }), [
    "Is it this machine's configuration all the same?",
    "Install it without libvirt?",
    "Install it all the same?",
  ]);
  assert.deepEqual(asked(OTHER, { hostsGuests: false, autoUpgradeFlake: "a" }, false), []);
  // What could not be evaluated is not said to be switched off.
  assert.deepEqual(planQuestions(INSTALL_OPTIONS, same, { unknown: "no Nix" }), []);
});

Deno.test("forty differences of one kind are one line of the plan; --verbose and --json have each", () => {
  const questions = planQuestions(INSTALL_OPTIONS, OTHER, JUDGED);
  const plan = examplePlan({ running: OTHER, questions });
  const ctx = testContext();
  const shown = (diffs: boolean) =>
    renderStyles(renderPlan(ctx, plan, { diffs, reasons: false })).split("\n\n")
      .find((part) => part.includes("Questions"))!.replace(/\s+/g, " ");
  assert.match(shown(false), /the host name: a was read, b runs/);
  assert.match(
    shown(false),
    /40 mounts of folders below \/persist are in what runs: \/srv\/place-0, .* and 35 more --verbose shows them one by one, and so does --json/,
  );
  assert.ok(!shown(false).includes("/srv/place-39"), shown(false));
  for (const name of PLACES) assert.ok(shown(true).includes(`${name}: /persist${name}`), name);
  assert.ok(!shown(true).includes("--verbose"), shown(true));
  const texts = OTHER.kind === "other" ? OTHER.differences.map(({ text }) => text) : [];
  const document = planDocument(ctx, plan);
  assert.deepEqual(document.questions, [{
    found: questions[0]!.found,
    details: texts,
    ask: questions[0]!.ask,
    hint: questions[0]!.hint,
  }]);
  assert.deepEqual(document.running, { kind: "other", toplevel: TOPLEVEL, differences: texts });
});

Deno.test("answerQuestions() ends with 6 where nobody can be asked and with 1 for a no, both with the hint", async () => {
  const questions = planQuestions(INSTALL_OPTIONS, OTHER, JUDGED);
  const ctx = testContext();
  await answerQuestions(ctx, []);
  await assert.rejects(answerQuestions(ctx, questions), (error) => {
    assert.ok(error instanceof ToolError);
    assert.equal(error.code, 6);
    assert.match(error.message, /the host name: a was read.*40 mounts/);
    assert.ok(error.message.length < 400, error.message);
    assert.match(error.hint ?? "", /--config/);
    return true;
  });
  const asked: string[] = [];
  const answering = (answer: boolean) => ({
    ...ctx,
    ui: {
      ...ctx.ui,
      interactive: true,
      confirm: (question: { readonly message: string; readonly default?: boolean }) => {
        // A hasty Enter installs nothing.
        assert.equal(question.default, false);
        asked.push(question.message);
        return Promise.resolve(answer);
      },
    },
  });
  await answerQuestions(answering(true), questions);
  assert.deepEqual(asked, questions.map(({ ask }) => ask));
  await assert.rejects(answerQuestions(answering(false), questions), { code: 1 });
});
