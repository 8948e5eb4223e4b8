/** The document of a plan: what a script may rely on, and what is never in it. */
import assert from "node:assert/strict";
import { planDocument } from "../../../lib/install/plan/plan_document.ts";
import { renderPlan } from "../../../lib/install/plan/render_plan.ts";
import type { Plan } from "../../../lib/install/plan/plan.ts";
import type { Setting } from "../../../lib/install/carry/setting.ts";
import type { Step } from "../../../lib/install/step.ts";
import { ToolError } from "../../../lib/machine/tool_error.ts";
import { testContext } from "../../support/context.ts";
import { examplePlan } from "../../support/plan.ts";
import { withScratch } from "../../support/scratch_files.ts";

/** systemd.netdev(5), as an owner writes it who knows no better. */
const WIREGUARD = "[NetDev]\nName=wg0\nKind=wireguard\n\n[WireGuard]\n" +
  "PrivateKey=yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=\nListenPort=51820\n";

function file(content: string, kind: "file" | "secret" = "file"): Step {
  return { kind, id: kind, title: "write it", why: "a test", path: "/etc/x", mode: 0o644, content };
}

Deno.test("no secret of the owner's is in a plan, in no part of it, on the screen or as JSON", async () => {
  const secrets = ["yAnz5TF", "$6$salt$hashhashhash", "hunter2", "ghp_abcdefghijklmnop"];
  const setting = (option: string, value: string): Setting => ({
    option: option.split("."),
    value,
    how: "override",
    source: "evaluated configuration",
  });
  const plan = examplePlan({
    settings: [
      setting("systemd.network.units.wg0.text", WIREGUARD),
      setting("services.x.extraConfig", "db_password = hunter2"),
    ],
    steps: [file(`{ text = \'\'\n${WIREGUARD}\'\'; }\n`), file("$6$salt$hashhashhash\n", "secret")],
    notCarried: {
      settings: [{
        option: ["services", "y", "apiToken"],
        value: "ghp_abcdefghijklmnop",
        files: ["/etc/nixos/a.nix"],
      }],
      unreadable: [],
    },
    disagreements: [{
      option: ["services", "z", "password"],
      machine: "hunter2",
      tree: "x",
      result: "hunter2",
      wins: "machine",
      why: "your files say it",
    }],
  });
  await withScratch({ "etc/x": "PrivateKey=yAnz5TFold\n" }, (root) => {
    const ctx = testContext({ root });
    const texts = [
      JSON.stringify(planDocument(ctx, plan)),
      renderPlan(ctx, plan, { diffs: true, reasons: true }),
      renderPlan(ctx, { ...plan, base: undefined }, { diffs: false, reasons: false }),
    ];
    for (const text of texts) {
      for (const secret of secrets) assert.ok(!text.includes(secret), `${secret}: ${text}`);
    }
    // What is no secret is there.
    assert.match(texts[0]!, /ListenPort=51820/);
  });
});

Deno.test("every member is there in the poorest plan and in one that was judged: null, not missing", () => {
  const names = (plan: Plan) => Object.keys(planDocument(testContext(), plan));
  const poor = examplePlan({
    base: undefined,
    host: { ...examplePlan().host, base: null } as Plan["host"],
  });
  const disappears = {
    accounts: [],
    systemAccounts: [],
    lockedPasswords: [],
    services: [],
    mounts: [],
    ports: [],
  };
  const judged = examplePlan({
    judgement: {
      verdicts: [{ id: "sshd", ok: false, what: "somebody gets in", why: "nobody does" }],
      disappears,
      failedAssertions: ["no"],
      hostsGuests: true,
      autoUpgradeFlake: undefined,
    },
    running: { kind: "same", toplevel: "/nix/store/x" },
  });
  assert.deepEqual(names(poor), names(judged));
  // As JSON has it: what is undefined would be lost.
  for (const plan of [poor, judged]) {
    const document = planDocument(testContext(), plan);
    assert.deepEqual(JSON.parse(JSON.stringify(document)), document);
    assert.equal(document.version, 1);
  }
  const { judgement } = planDocument(testContext(), judged) as unknown as {
    readonly judgement: { readonly verdicts: readonly { readonly remedy: unknown }[] };
  };
  assert.equal(judgement.verdicts[0]?.remedy, null);
});

Deno.test("a blocker is told with its code and hint, paths are those of this host", async () => {
  await withScratch({ "etc/": "" }, (root) => {
    const ctx = testContext({ root });
    const blockers = [
      new ToolError("no network", { code: 5, hint: "make a stick" }),
      new ToolError("odd", {}),
    ];
    const document = planDocument(ctx, examplePlan({ blockers, steps: [file("x\n")], root }));
    assert.deepEqual(document.blockers, [
      { message: "no network", hint: "make a stick", code: 5 },
      { message: "odd", hint: null, code: 1 },
    ]);
    const [step] = document.steps as readonly { readonly path: string; readonly mode: string }[];
    assert.deepEqual([step?.path, step?.mode], [`${root}/etc/x`, "644"]);
  });
});
