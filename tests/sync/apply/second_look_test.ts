import { deepEqual, equal } from "node:assert/strict";
import { Mode } from "../../../lib/git/git_objects.ts";
import { identityOf } from "../../../lib/machine/tree/file_identity.ts";
import { blobHash } from "../../../lib/machine/tree/blob_hash.ts";
import { type Compared, settlePlan } from "../../../lib/sync/apply/second_look.ts";
import { LocalTree } from "../../../lib/sync/tree/local_tree.ts";
import type { Manifest } from "../../../lib/sync/tree/manifest.ts";
import { manifestFromList } from "../../../lib/sync/tree/manifest_trees.ts";
import { planSync } from "../../../lib/sync/tree/planner.ts";
import { withScratch } from "../../support/scratch_files.ts";

const sha = (text: string) => blobHash(new TextEncoder().encode(text));
const manifest = (files: Readonly<Record<string, string>>): Manifest =>
  manifestFromList(
    "c".repeat(40),
    Object.entries(files).map(([path, text]) => ({ path, mode: Mode.File, sha: sha(text) })),
  );

/** A tree that a sync has left, what the next commit makes of it, and an edit while files arrive. */
async function settle(
  edit: (top: string, looks: number) => void,
  test: (settled: Awaited<ReturnType<typeof settlePlan>>, top: string, plans: number) => void,
): Promise<void> {
  const base = manifest({ "a/gone": "gone", "a/kept": "kept", "b": "old", "dir/f": "f" });
  const target = manifest({ "a/kept": "kept", "b": "new", "dir": "a file now" });
  await withScratch({
    "tree/a/gone": "gone",
    "tree/a/kept": "kept",
    "tree/b": "old",
    "tree/dir/f": "f",
    "elsewhere/f": "not ours",
  }, async (folder) => {
    const top = `${folder}/tree`;
    for (const path of ["a", "dir"]) Deno.chmodSync(`${top}/${path}`, 0o755);
    for (const path of ["a/kept", "a/gone", "b", "dir/f"]) Deno.chmodSync(`${top}/${path}`, 0o644);
    const index = { manifest: base, figures: new Float64Array(base.table.count * 4) };
    const now = () => new LocalTree(top, index, 0);
    const compare = async (local: LocalTree): Promise<Compared> => {
      await local.scan();
      return { local, plan: planSync(local, target, base) };
    };
    let plans = 1;
    const first = await compare(now());
    edit(top, plans);
    const settled = await settlePlan(first, now, async (local) => {
      const { plan } = await compare(local);
      edit(top, ++plans);
      return plan;
    });
    test(settled, top, plans);
  });
}

Deno.test("settlePlan() names what is replaced, as it is, and compares once where nobody edits", async () => {
  await settle(() => {}, ({ operations }, top, plans) => {
    equal(plans, 1);
    const at = (path: string) => identityOf(Deno.lstatSync(`${top}/${path}`));
    deepEqual(operations, [
      { do: "aside", path: "dir", below: [{ path: "dir/f", ...at("dir/f") }] },
      { do: "remove", path: "a/gone", was: at("a/gone") },
      { do: "put", path: "b", was: at("b") },
      // What was moved aside before is not replaced.
      { do: "put", path: "dir" },
    ]);
  });
});

Deno.test("settlePlan() compares again when something else is there, also in a folder that goes as a whole", async () => {
  const edits: Readonly<
    Record<string, readonly [(top: string) => void, readonly string[], readonly string[]]>
  > = {
    "an edit of what is replaced": [(top) => Deno.writeTextFileSync(`${top}/b`, "mine"), ["b"], []],
    "an edit of what is removed": [(top) => Deno.writeTextFileSync(`${top}/a/gone`, "mine"), [], [
      "a/gone",
    ]],
    "an edit of the same length": [(top) => Deno.writeTextFileSync(`${top}/b`, "0ld"), ["b"], []],
    "an edit in a folder that goes": [
      (top) => Deno.writeTextFileSync(`${top}/dir/f`, "mine"),
      ["dir/f"],
      [],
    ],
    "a new file in a folder that goes": [
      (top) => Deno.writeTextFileSync(`${top}/dir/mine`, "mine"),
      ["dir/mine"],
      [],
    ],
    "a link in a file's place": [
      (top) => {
        Deno.removeSync(`${top}/a/gone`);
        Deno.symlinkSync("kept", `${top}/a/gone`);
      },
      [],
      ["a/gone"],
    ],
  };
  for (const [name, [edit, edited, kept]] of Object.entries(edits)) {
    await settle((top, plans) => plans === 1 && edit(top), ({ plan }, _, plans) => {
      equal(plans, 2, name);
      deepEqual([plan.edited, plan.kept], [edited, kept], name);
    });
  }
});

Deno.test("settlePlan() removes nothing behind a folder that became a link", async () => {
  await settle((top, plans) => {
    if (plans > 1) return;
    Deno.renameSync(`${top}/a`, `${top}/was-a`);
    Deno.symlinkSync("was-a", `${top}/a`);
  }, ({ operations, plan }, top, plans) => {
    equal(plans, 2);
    deepEqual(operations.filter(({ path }) => path === "a/gone"), []);
    equal(Deno.lstatSync(`${top}/was-a/gone`).isFile, true);
    deepEqual(plan.deleted, []);
  });
});

Deno.test("settlePlan() comes to an end where somebody edits all the time, and replaces no edit unseen", async () => {
  await settle(
    (top, plans) => Deno.writeTextFileSync(`${top}/b`, `mine ${plans}`),
    (settled, _, plans) => {
      equal(plans, 3);
      // Without what was in its place, an edit that is met there is kept where it is replaced.
      deepEqual(settled.operations.filter(({ path }) => path === "b"), [{ do: "put", path: "b" }]);
      deepEqual(settled.plan.edited, ["b"]);
    },
  );
});
