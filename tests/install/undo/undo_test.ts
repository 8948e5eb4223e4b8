import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { applySteps } from "../../../lib/install/apply.ts";
import type { Step } from "../../../lib/install/step.ts";
import { undo } from "../../../lib/install/undo/undo.ts";
import { readReceipts, type Receipt, writeReceipt } from "../../../lib/machine/receipt.ts";
import { ensureStateFolder } from "../../../lib/machine/state_folder.ts";
import { ToolError } from "../../../lib/machine/tool_error.ts";
import { type TestContext, testContext } from "../../support/context.ts";
import { newReceipt } from "../../support/receipt.ts";
import { type ScratchEntry, withScratch } from "../../support/scratch_files.ts";
import { diffTrees, snapshotTree } from "../../support/tree.ts";

const said = { title: "do", why: "a test" };
const folder: Step = { ...said, kind: "directory", id: "d", path: "/etc/hypervisor", mode: 0o755 };
const file = (content: string): Step => (
  { ...said, kind: "file", id: "f", path: "/etc/hypervisor/host.json", content, mode: 0o644 }
);
const GO = { restartGuests: false };

interface Machine {
  readonly root: string;
  readonly context: (answers?: Readonly<Record<string, unknown>>) => TestContext;
  readonly install: (steps: readonly Step[], changes?: Partial<Receipt>) => Promise<Receipt>;
  readonly seen: () => ReturnType<typeof snapshotTree>;
}

/** A mounted machine, of which nothing runs. */
function withMachine(
  files: Readonly<Record<string, ScratchEntry>>,
  test: (machine: Machine) => Promise<void>,
): Promise<void> {
  return withScratch({ "var/lib/": "", "etc/nixos/": "", ...files }, async (root) => {
    for (const path of ["", "/etc", "/var", "/var/lib"]) Deno.chmodSync(root + path, 0o755);
    const context = (answers = {}) => testContext({ root, answers });
    await test({
      root,
      context,
      install: async (steps, changes = {}) => {
        ensureStateFolder(context());
        const receipt = newReceipt();
        await applySteps(context(), receipt, steps);
        Object.assign(receipt, changes);
        writeReceipt(context(), receipt);
        return receipt;
      },
      seen: () => snapshotTree(root, { ignore: [/^var\/lib\/hyper-nixos(\/|$)/], times: true }),
    });
  });
}

Deno.test("undo() gives everything back, names what was edited, and has nothing more to undo", async () => {
  await withMachine({ "etc/nixos/flake.nix": "{ }" }, async ({ context, install, seen, root }) => {
    const before = seen();
    await install([folder, file("{}")]);
    Deno.writeTextFileSync(`${root}/etc/hypervisor/host.json`, "edited");
    const ctx = context();
    await undo(ctx, GO);
    equal(diffTrees(before, seen()), "");
    deepEqual(readReceipts(ctx).map(({ state }) => state), ["undone"]);
    const place = ctx.messages("info").find((line) => line.includes("kept in"))!.replace(/.* /, "");
    equal(Deno.readTextFileSync(ctx.root.host(place)), "edited");
    ok(ctx.printed.join().includes("remove /etc/hypervisor/host.json"));
    await rejects(undo(context(), GO), (error) => {
      ok(error instanceof ToolError && error.code === 1);
      match(error.message, /there is no installation to undo/);
      return true;
    });
  });
});

Deno.test("undo() that is declined changes nothing", async () => {
  await withMachine({}, async ({ context, install, seen }) => {
    await install([folder, file("{}")]);
    const before = seen();
    const ctx = context({ "--yes": false });
    await undo(ctx, GO);
    equal(diffTrees(before, seen()), "");
    deepEqual(readReceipts(ctx).map(({ state }) => state), ["applied"]);
    deepEqual(ctx.messages("info"), ["nothing was changed"]);
  });
});

Deno.test("undo() takes the newest of two installations back, and names the other", async () => {
  await withMachine({}, async ({ root, context, install }) => {
    await install([folder, file("first")]);
    await install([folder, file("second")], {});
    const second = readReceipts(context())[0]!;
    equal(second.steps[1]!.state, "done");
    // Under an id of its own, as every installation has.
    writeReceipt(context(), { ...newReceipt(), state: "applied", id: "2026-11-23T06-00-00-000Z" });
    const ctx = context();
    await undo(ctx, GO);
    ok(ctx.messages("info").some((line) => /an earlier installation, of .*, is left/.test(line)));
    equal(Deno.readTextFileSync(`${root}/etc/hypervisor/host.json`), "first");
  });
});

Deno.test("undo() leaves in a folder what others have put there, and says so", async () => {
  await withMachine({}, async ({ root, context, install }) => {
    await install([folder, file("{}")]);
    Deno.writeTextFileSync(`${root}/etc/hypervisor/notes`, "mine");
    const ctx = context();
    await undo(ctx, GO);
    equal(Deno.readTextFileSync(`${root}/etc/hypervisor/notes`), "mine");
    ok(
      ctx.messages("info").includes(
        "/etc/hypervisor stays, with what this installation did not make: notes",
      ),
    );
  });
});

Deno.test("undo() that cannot know the system of before stops before it changes anything", async () => {
  await withMachine({
    "var/lib/nixos/declarative-users": "alice bob",
  }, async ({ root, context, install, seen }) => {
    const { id } = await install([folder, file("{}")], {
      state: "activated",
      activated: { toplevel: "/nix/store/x-new", action: "switch", profileSet: true },
      accountsSaved: true,
    });
    // What the system of before declared.
    const saved = `${root}/var/lib/hyper-nixos/backups/${id}/accounts-before`;
    Deno.mkdirSync(saved, { recursive: true });
    Deno.writeTextFileSync(`${saved}/declarative-users`, "alice");
    const before = seen();
    await rejects(undo(context(), GO), /the receipt names no previous system/);
    equal(diffTrees(before, seen()), "");
    deepEqual(readReceipts(context()).map(({ state }) => state), ["activated"]);
  });
});
