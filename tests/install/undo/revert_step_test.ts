import assert from "node:assert/strict";
import { revertSteps } from "../../../lib/install/apply.ts";
import { applyStep } from "../../../lib/install/apply_step.ts";
import type { Step } from "../../../lib/install/step.ts";
import { revertStep } from "../../../lib/install/undo/revert_step.ts";
import { listSource } from "../../../lib/install/source/source_listing.ts";
import type { Receipt } from "../../../lib/machine/receipt.ts";
import { ensureStateFolder } from "../../../lib/machine/state_folder.ts";
import { type TestContext, testContext } from "../../support/context.ts";
import { type ScratchEntry, withScratch } from "../../support/scratch_files.ts";
import { mustRun } from "../../support/must_run.ts";
import { newReceipt } from "../../support/receipt.ts";

const FILE = "/etc/hypervisor/configuration/local.nix";
const LINK = "/etc/nixos/flake.nix";
const TREE = "/etc/hypervisor/src";
const SECRET = "/var/lib/hyper-nixos/passwords/anna";

const said = { title: "change it", why: "a test" };
const file = (content = "ours\n"): Step => (
  { ...said, kind: "file", id: "f", path: FILE, mode: 0o644, content }
);
const link: Step = { ...said, kind: "link", id: "l", path: LINK, target: `${TREE}/flake.nix` };
const removal: Step = { ...said, kind: "remove", id: "r", path: FILE };
const secret: Step = {
  ...said,
  kind: "secret",
  id: "s",
  path: SECRET,
  mode: 0o600,
  content: "$6$ours\n",
};

interface Machine {
  readonly ctx: TestContext;
  readonly receipt: Receipt;
  readonly at: (path: string) => string;
  readonly tree: Step;
  readonly apply: (step: Step) => Promise<void>;
  /** Reverts all, and returns what was kept by its content or its target. */
  readonly undo: () => string[];
}

/** A machine with these files of its owner's, and a source to install. */
async function onMachine(
  files: Readonly<Record<string, ScratchEntry>>,
  test: (machine: Machine) => Promise<void>,
): Promise<void> {
  await withScratch({
    "source/flake.nix": "{ }\n",
    "root/etc/nixos/": "",
    "root/etc/hypervisor/configuration/": "",
    "root/var/lib/": "",
    ...Object.fromEntries(Object.entries(files).map(([path, entry]) => [`root${path}`, entry])),
  }, async (folder) => {
    const root = `${folder}/root`;
    for (const path of [root, `${root}/var`, `${root}/var/lib`]) Deno.chmodSync(path, 0o755);
    const ctx = testContext({ root });
    ensureStateFolder(ctx);
    const receipt = newReceipt();
    const at = (path: string) => root + path;
    await test({
      ctx,
      receipt,
      at,
      tree: {
        ...said,
        kind: "tree",
        id: "t",
        path: TREE,
        source: listSource(`${folder}/source`, () => true),
      },
      apply: (step) => applyStep(ctx, receipt, step),
      undo: () => revertSteps(ctx, receipt, "undoing", "undone").map((path) => seen(at(path))),
    });
  });
}

/** What is at a path, links not followed: a file's text, a link's target, a folder's names. */
function seen(path: string): string {
  try {
    const info = Deno.lstatSync(path);
    if (info.isSymlink) return `-> ${Deno.readLinkSync(path)}`;
    if (info.isFile) return Deno.readTextFileSync(path);
    return [...Deno.readDirSync(path)].map(({ name }) => name).sort().join(" ");
  } catch {
    return "nothing";
  }
}

/** Puts a file, or a link for "-> TARGET", in the place of what is there. */
function put(path: string, entry: string): void {
  Deno.removeSync(path, { recursive: true });
  const target = /^-> (.*)$/.exec(entry)?.[1];
  if (target === undefined) Deno.writeTextFileSync(path, entry);
  else Deno.symlinkSync(target, path);
}

Deno.test("revertStep() keeps whatever the owner put in the place of what was installed", async () => {
  const cases: [name: string, step: Step, before: string | undefined, since: string][] = [
    ["another file", file(), undefined, "edited\n"],
    ["another file, where one was", file(), "before\n", "edited\n"],
    ["a link to a file of one's own", file(), undefined, "-> /home/anna/local.nix"],
    ["a link, where a file was", file(), "before\n", "-> /home/anna/local.nix"],
    ["a file in a link's place", link, undefined, "{ mine = 1; }\n"],
    ["a file in a link's place, where a link was", link, "-> ../old/flake.nix", "{ mine = 1; }\n"],
    ["another link", link, undefined, "-> /home/anna/flake.nix"],
    ["a file where one was removed", removal, "before\n", "new\n"],
  ];
  for (const [name, step, before, since] of cases) {
    const files: Record<string, ScratchEntry> = {};
    const target = /^-> (.*)$/.exec(before ?? "")?.[1];
    if (before !== undefined) {
      files[step.path] = target === undefined ? before : { link: target };
    }
    await onMachine(files, async ({ apply, at, undo }) => {
      await apply(step);
      if (step.kind === "remove") Deno.writeTextFileSync(at(step.path), since);
      else put(at(step.path), since);
      assert.deepEqual(undo(), [since], name);
      assert.equal(seen(at(step.path)), before ?? "nothing", name);
    });
  }
});

Deno.test("revertStep() keeps nothing of what nobody changed, nor what was put back already", async () => {
  const cases: [Step, string | undefined, unchanged: boolean][] = [
    [file(), undefined, false],
    [file(), "before\n", false],
    [file(), "before\n", true],
    [link, undefined, false],
    [link, "-> ../old/flake.nix", true],
    [removal, "before\n", true],
    [secret, undefined, false],
  ];
  for (const [step, before, putBack] of cases) {
    const target = /^-> (.*)$/.exec(before ?? "")?.[1];
    const files: Record<string, ScratchEntry> = before === undefined
      ? {}
      : { [step.path]: target === undefined ? before : { link: target } };
    await onMachine(files, async ({ apply, at, undo }) => {
      await apply(step);
      if (putBack && step.kind === "remove") Deno.writeTextFileSync(at(step.path), before!);
      else if (putBack) put(at(step.path), before!);
      assert.deepEqual(undo(), [], `${step.kind} ${before}`);
      assert.equal(seen(at(step.path)), before ?? "nothing");
    });
  }
});

Deno.test("revertStep() loses no change that an earlier revert of the same path has kept", async () => {
  await onMachine({ [FILE]: "before\n" }, async ({ ctx, receipt, apply, at, tree, undo }) => {
    await apply(file());
    Deno.writeTextFileSync(at(FILE), "first\n");
    // The way of "finish it": a step that is to write something else is taken back first.
    await apply(file("newer\n"));
    Deno.writeTextFileSync(at(FILE), "second\n");
    await apply(tree);
    Deno.writeTextFileSync(at(`${TREE}/first.nix`), "");
    const record = receipt.steps.find(({ id }) => id === "t")!;
    const [kept] = revertStep(ctx, receipt, record);
    await apply(tree);
    Deno.writeTextFileSync(at(`${TREE}/second.nix`), "");
    assert.deepEqual(undo(), ["flake.nix second.nix", "second\n"]);
    assert.equal(seen(at(kept!)), "first.nix flake.nix");
    const place = at(`/var/lib/hyper-nixos/backups/${receipt.id}/changed-since${FILE}`);
    const folder = place.slice(0, place.lastIndexOf("/"));
    const texts = [...Deno.readDirSync(folder)].map(({ name }) => seen(`${folder}/${name}`));
    assert.deepEqual(texts.sort(), ["first\n", "second\n"]);
  });
});

Deno.test("revertStep() puts back into folders that were removed since", async () => {
  await onMachine({ [FILE]: "before\n", [LINK]: { link: "old.nix" } }, async (machine) => {
    const { apply, at, undo } = machine;
    await apply(file());
    await apply(link);
    Deno.removeSync(at("/etc/hypervisor"), { recursive: true });
    Deno.removeSync(at("/etc/nixos"), { recursive: true });
    assert.deepEqual(undo(), []);
    assert.equal(seen(at(FILE)), "before\n");
    assert.equal(seen(at(LINK)), "-> old.nix");
  });
});

Deno.test("revertStep() puts the old tree back, whatever is in the new one's place", async () => {
  const old = { [`${TREE}/old.nix`]: "old\n" };
  const cases: [name: string, change: (path: string, at: Machine["at"]) => void, kept: string[]][] =
    [
      ["as it was installed", () => {}, []],
      ["nothing", (path) => Deno.removeSync(path, { recursive: true }), []],
      [
        "not even its folder",
        (_, at) => Deno.removeSync(at("/etc/hypervisor"), { recursive: true }),
        [],
      ],
      ["a file", (path) => put(path, "a note\n"), ["a note\n"]],
      ["a link to a checkout", (path) => put(path, "-> /home/anna/checkout"), [
        "-> /home/anna/checkout",
      ]],
      [
        "a name that is not UTF-8",
        (path) => mustRun("sh", ["-c", `: > "${path}/$(printf 'caf\\351')"`]),
        ["caf\ufffd flake.nix"],
      ],
    ];
  for (const [name, change, kept] of cases) {
    await onMachine(old, async ({ apply, at, tree, undo }) => {
      await apply(tree);
      assert.equal(seen(at(TREE)), "flake.nix");
      change(at(TREE), at);
      assert.deepEqual(undo(), kept, name);
      assert.equal(seen(at(TREE)), "old.nix", name);
    });
  }
});

Deno.test("revertStep() does not call a tree put back whose backup is gone", async () => {
  await onMachine({ [`${TREE}/old.nix`]: "old\n" }, async ({ apply, at, receipt, tree, undo }) => {
    await apply(tree);
    Deno.removeSync(at(`/var/lib/hyper-nixos/backups/${receipt.id}`), { recursive: true });
    assert.throws(undo, /not everything was put back: \/etc\/hypervisor\/src/);
    assert.equal(seen(at(TREE)), "flake.nix");
    assert.equal(receipt.state, "undoing");
  });
});
