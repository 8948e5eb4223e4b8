/** What a person reads of a plan, at the width of a terminal. */
import assert from "node:assert/strict";
import { renderPlan } from "../../../lib/install/plan/render_plan.ts";
import type { Plan } from "../../../lib/install/plan/plan.ts";
import type { Step } from "../../../lib/install/step.ts";
import { renderStyles } from "../../../lib/layout/style.ts";
import { ToolError } from "../../../lib/machine/tool_error.ts";
import { testContext } from "../../support/context.ts";
import { examplePlan } from "../../support/plan.ts";
import { withScratch } from "../../support/scratch_files.ts";

const SHORT = { diffs: false, reasons: false };

function shown(plan: Plan, how = SHORT, root = "/", columns = 80): string {
  const ctx = testContext({ root });
  return renderStyles(renderPlan({ ...ctx, out: { ...ctx.out, columns } }, plan, how));
}

/** The part of a plan below a heading, on one line. */
function part(text: string, heading: string): string | undefined {
  return text.split("\n\n").find((one) => one.includes(heading))?.replace(/\s+/g, " ");
}

function user(name: string, uid: number): Plan["users"][number] {
  return {
    account: {
      name,
      uid,
      gid: 100,
      description: "",
      home: `/home/${name}`,
      shell: "/run/current-system/sw/bin/bash",
      passwordState: "hash",
      lastDay: undefined,
    },
    groups: [],
    added: ["wheel"],
    primaryGroup: "users",
    authorizedKeys: [],
    hasKeysAtHome: false,
    passwordFile: `/var/lib/hyper-nixos/passwords/${name}`,
  };
}

Deno.test("what stops a real run stands first, each with its exit code and the next step", () => {
  const text = shown(examplePlan({
    blockers: [
      new ToolError("this user is not root", { code: 3, hint: "a real run needs sudo" }),
      new ToolError("/nix/store has 1 MiB free", { code: 1 }),
    ],
    warnings: ["something"],
  }));
  assert.match(text, /^── Blockers: a real run would stop here \(2\)\n/);
  assert.match(text, /this user is not root \(exit 3\)\n +next: a real run needs sudo/);
  assert.ok(text.indexOf("Blockers") < text.indexOf("Worth knowing"));
  assert.ok(!shown(examplePlan()).includes("Blockers"));
});

Deno.test("a question is shown as it will be asked, with what to do for a no", () => {
  const text = shown(examplePlan({
    questions: [{
      found: "it is another's",
      details: ["the name"],
      ask: "Is it yours?",
      hint: "name it",
    }],
  }));
  assert.equal(
    part(text, "Questions"),
    "── Questions ! it is another's the name Is it yours? If not: name it",
  );
});

Deno.test("a school's accounts take half a screen, who reads is among them, and --verbose has each", () => {
  const users = Array.from({ length: 300 }, (_, index) => user(`pupil${index}`, 1000 + index));
  const plan = examplePlan({ users, invokingUser: "pupil299" });
  const short = part(shown(plan), "Users (300)")!;
  assert.match(short, /pupil299 \(you\)/);
  assert.match(short, /pupil10 .* 288 more: --verbose shows them, and so does --json$/);
  assert.ok(!short.includes("pupil11 "), short);
  const all = part(shown(plan, { ...SHORT, diffs: true }), "Users (300)")!;
  for (const { account } of users) assert.match(all, new RegExp(`${account.name} `), account.name);
  assert.ok(!all.includes("more:"));
  assert.ok(
    !part(shown(examplePlan({ users: users.slice(0, 12) })), "Users (12)")!.includes("more"),
  );
});

Deno.test("accounts that stay behind for the same reason are one line", () => {
  const leftBehind = [
    ...Array.from({ length: 40 }, (_, index) => ({ name: `pupil${index}`, reason: "not chosen" })),
    { name: "svc", reason: "its shell lets nobody in" },
  ];
  const text = part(shown(examplePlan({ leftBehind })), "Users (0)")!;
  assert.match(text, /pupil0, .*pupil4 and 35 more are left behind: not chosen/);
  assert.match(text, /svc is left behind: its shell lets nobody in/);
});

Deno.test("what a step will do is said by what is there now", async () => {
  const file = (path: string, content: string): Step => ({
    kind: "file",
    id: path,
    title: "write it",
    why: "a test",
    path,
    mode: 0o644,
    content,
  });
  const steps: Step[] = [
    file("/etc/new", "new\n"),
    file("/etc/same", "same\n"),
    file("/etc/other", "first\nsecond\n"),
    file("/etc/link", "text\n"),
    {
      kind: "secret",
      id: "s",
      title: "keep it",
      why: "a test",
      path: "/etc/secret",
      mode: 0o600,
      content: "$6$abc\n",
    },
    { kind: "directory", id: "d", title: "make it", why: "a test", path: "/etc", mode: 0o755 },
    { kind: "remove", id: "r", title: "remove it", why: "a test", path: "/etc/gone" },
    { kind: "remove", id: "r2", title: "remove it", why: "a test", path: "/etc/old" },
    {
      kind: "link",
      id: "l",
      title: "link it",
      why: "a test",
      path: "/etc/link2",
      target: "/nix/store/x",
    },
  ];
  await withScratch({
    "etc/same": "same\n",
    "etc/other": "first\nsecond, changed\n",
    "etc/link": { link: "/etc/same" },
    "etc/old": "",
  }, (root) => {
    const text = shown(examplePlan({ steps }), SHORT, root);
    assert.equal(
      part(text, "Changes"),
      "── Changes write /etc/new change /etc/other change /etc/link secret /etc/secret remove /etc/old " +
        "link /etc/link2 already as it should be: 3 more",
    );
    const whole = shown(examplePlan({ steps }), { diffs: true, reasons: true }, root);
    assert.match(whole, /- second, changed\n +\+ second/);
    assert.match(whole, /undone +put back, byte for byte/);
    // The content of a secret is shown nowhere.
    assert.ok(!whole.includes("$6$abc"), whole);
  });
});

Deno.test("a plan that could not be judged says why, and once", () => {
  const why = "evaluating the new configuration of host failed: oops";
  const unknown = shown(examplePlan({ judgement: { unknown: why } }));
  assert.match(part(unknown, "Will it come back?")!, /not proven yet: evaluating .* failed: oops/);
  const blocked = shown(examplePlan({
    judgement: { unknown: why },
    blockers: [new ToolError(`your configuration makes no system: ${why}`, { code: 6, hint: "x" })],
  }));
  assert.equal(blocked.replace(/\s+/g, " ").split("oops").length, 2, blocked);
});

Deno.test("no line below a heading is wider than the terminal, down to forty columns", () => {
  const plan = examplePlan({
    users: [user("alexandra-katharina", 1000)],
    machine: [["machine", "/ (NixOS 24.05 (Uakari))"], [
      "disks",
      "nvme0n1 1000 GB; sda 2000 GB; sdb 2000 GB",
    ]],
    settings: [{
      option: ["services", "openssh", "settings", "KbdInteractiveAuthentication"],
      value: ["a", "b", "c d e f g h i j k l m n o p q r s t u v w x y z"],
      how: "override",
      source: "/etc/ssh/sshd_config",
    }],
    warnings: [
      "a sentence of some length that has to be broken where the terminal ends, wherever that is",
    ],
    blockers: [
      new ToolError("a sentence of some length that has to be broken", {
        code: 1,
        hint: "and its hint",
      }),
    ],
  });
  for (const columns of [40, 60, 80, 120, 300]) {
    for (
      const line of shown(plan, SHORT, "/", columns).split("\n").filter((line) =>
        !line.startsWith("──")
      )
    ) {
      const longest = line.trim().split(" ").every((word) => word.length > columns - 8);
      assert.ok(longest || line.length <= columns, `${columns}: ${line}`);
    }
  }
});
