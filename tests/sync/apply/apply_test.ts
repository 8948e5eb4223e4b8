import { deepEqual, equal, rejects } from "node:assert/strict";
import { Mode } from "../../../lib/git/git_objects.ts";
import { blobHash } from "../../../lib/machine/tree/blob_hash.ts";
import {
  createStaging,
  type SourceTree,
  sourceTree,
} from "../../../lib/machine/tree/source_tree.ts";
import { discardChange } from "../../../lib/machine/tree/tree_recovery.ts";
import { type Applied, applyChange } from "../../../lib/sync/apply/apply.ts";
import { settlePlan } from "../../../lib/sync/apply/second_look.ts";
import { LocalTree } from "../../../lib/sync/tree/local_tree.ts";
import { manifestFromList } from "../../../lib/sync/tree/manifest_trees.ts";
import { planSync } from "../../../lib/sync/tree/planner.ts";
import { type TestContext, testContext } from "../../support/context.ts";
import { filesOf } from "../../support/files_of.ts";
import { withScratch } from "../../support/scratch_files.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const BASE = { "a/gone": "gone", "a/kept": "kept", "b": "old", "dir/f": "f" };
const NEXT = { "a/kept": "kept", "b": "new", "dir": "a file now", "n/e/w": "new" };
const manifest = (name: string, files: Readonly<Record<string, string>>) =>
  manifestFromList(
    name.repeat(40),
    Object.entries(files).map(([path, text]) => ({
      path,
      mode: Mode.File,
      sha: blobHash(bytes(text)),
    })),
  );

interface Machine {
  readonly ctx: TestContext;
  readonly tree: SourceTree;
  /** Paths and texts below a folder of the machine. */
  readonly texts: (folder: string) => Record<string, string>;
  readonly apply: (content?: (text: string) => Uint8Array<ArrayBuffer>) => Promise<Applied>;
  /** Done when the backup of edits is made, after all else. */
  onBackup: () => void;
}

/** A machine whose tree a sync has left; `edit` is what its owner did since. */
async function withMachine(
  edit: (top: string) => void,
  test: (machine: Machine) => Promise<void>,
): Promise<void> {
  const source = Object.entries(BASE).map(([path, text]) => [`etc/hypervisor/src/${path}`, text]);
  await withScratch({
    ...Object.fromEntries(source),
    "var/lib/hyper-nixos/sync/state.json": "the state before",
  }, async (root) => {
    const now = () => {
      machine.onBackup();
      return new Date("2026-01-02T03:04:05Z");
    };
    const ctx = testContext({ root, now });
    const tree = sourceTree(ctx);
    for (const path of ["", "/a", "/dir"]) Deno.chmodSync(tree.path + path, 0o755);
    for (const path of Object.keys(BASE)) Deno.chmodSync(`${tree.path}/${path}`, 0o644);
    edit(tree.path);
    const base = manifest("a", BASE);
    const index = { manifest: base, figures: new Float64Array(base.table.count * 4) };
    const look = () => new LocalTree(tree.path, index, 0);
    const apply = async (content = bytes) => {
      const local = look();
      await local.scan();
      const plan = planSync(local, manifest("b", NEXT), base);
      const { operations } = await settlePlan({ local, plan }, look, () => {
        throw new Error("nobody edits now");
      });
      const staging = createStaging(ctx, tree);
      try {
        return await applyChange(ctx, {
          ...{ tree, staging, plan, operations, stateBefore: "the state before" },
          contents: { of: ({ path }) => content(NEXT[path as keyof typeof NEXT]) },
          stateAfter: "the state after",
        });
      } finally {
        await discardChange(ctx, staging);
      }
    };
    const texts = (folder: string) =>
      Object.fromEntries(
        [...filesOf(`${root}/${folder}`)].flatMap((file) =>
          "content" in file
            ? [[
              file.path,
              typeof file.content === "string"
                ? file.content
                : new TextDecoder().decode(file.content),
            ]]
            : []
        ),
      );
    const machine: Machine = { ctx, tree, texts, apply, onBackup: () => {} };
    await test(machine);
  });
}

const asBefore = ({ texts }: Machine, files: Readonly<Record<string, string>> = BASE) => {
  deepEqual(texts("etc/hypervisor/src"), files);
  equal(texts("var/lib/hyper-nixos/sync")["state.json"], "the state before");
  deepEqual(
    [...Object.keys(texts("etc/hypervisor"))].filter((path) => !path.startsWith("src/")),
    [],
  );
  deepEqual(
    Object.keys(texts("var/lib/hyper-nixos")).filter((path) => /tmp|backups/.test(path)),
    [],
  );
};

Deno.test(
  "applyChange() makes the tree the commit, keeps the way back, and describes what is there then",
  async () => {
    await withMachine(() => {}, async ({ tree, texts, apply }) => {
      const { backup, edited, left } = await apply();
      deepEqual([backup, edited, left], [undefined, [], []]);
      deepEqual(texts("etc/hypervisor/src"), NEXT);
      const previous = texts("etc/hypervisor/.src-previous");
      deepEqual(
        [previous["tree/a/gone"], previous["tree/b"], previous["tree/dir/f"]],
        ["gone", "old", "f"],
      );
      equal(JSON.parse(previous["record.json"]!).state, "the state before");
      equal(texts("var/lib/hyper-nixos/sync")["state.json"], "the state after");
      for (const path of [tree.state, tree.index]) {
        equal((Deno.statSync(path).mode ?? 0) & 0o7777, 0o600);
      }
    });
  },
);

Deno.test(
  "applyChange() brings what the owner edited and it replaces to one backup, and leaves what it need not touch",
  async () => {
    await withMachine((top) => {
      Deno.writeTextFileSync(`${top}/b`, "mine");
      Deno.chmodSync(`${top}/b`, 0o600);
      Deno.writeTextFileSync(`${top}/dir/mine`, "mine too");
      Deno.writeTextFileSync(`${top}/a/gone`, "mine and gone upstream");
      Deno.writeTextFileSync(`${top}/a/other`, "nobody's business");
    }, async ({ ctx, texts, apply }) => {
      const { backup, edited } = await apply();
      deepEqual(edited, ["b", "dir/mine"]);
      equal(backup, "/var/lib/hyper-nixos/backups/sync-2026-01-02T030405");
      deepEqual(texts(backup!.slice(1)), { "b": "mine", "dir/mine": "mine too" });
      equal((Deno.statSync(`${ctx.root.host(backup!)}/b`).mode ?? 0) & 0o7777, 0o600);
      deepEqual(texts("etc/hypervisor/src"), {
        ...NEXT,
        "a/gone": "mine and gone upstream",
        "a/other": "nobody's business",
      });
    });
  },
);

Deno.test(
  "applyChange() that fails before it is decided, or when it is described, leaves the tree as it was and nothing else",
  async () => {
    await withMachine(() => {}, async (machine) => {
      await rejects(
        machine.apply((text) => {
          if (text === "a file now") throw new Error("the content is gone");
          return bytes(text);
        }),
        /the content is gone/,
      );
      asBefore(machine);
    });
    await withMachine(() => {}, async (machine) => {
      machine.ctx.abort(new Error("told to stop"));
      await rejects(machine.apply(), /told to stop/);
      asBefore(machine);
    });
    await withMachine((top) => Deno.writeTextFileSync(`${top}/b`, "mine"), async (machine) => {
      // In the last moment: what is known of the tree cannot be put in place.
      machine.onBackup = () => Deno.mkdirSync(machine.tree.index);
      await rejects(machine.apply(), /os error/);
      Deno.removeSync(machine.tree.index);
      asBefore(machine, { ...BASE, b: "mine" });
    });
  },
);
