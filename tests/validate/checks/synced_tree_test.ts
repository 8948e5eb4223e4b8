import { deepEqual, equal, match } from "node:assert/strict";
import { Mode } from "../../../lib/git/git_objects.ts";
import { blobHash } from "../../../lib/machine/tree/blob_hash.ts";
import { encodeState } from "../../../lib/sync/state.ts";
import { encodeIndex, FIGURES } from "../../../lib/sync/tree/index_file.ts";
import type { ManifestEntry } from "../../../lib/sync/tree/manifest.ts";
import { manifestFromList } from "../../../lib/sync/tree/manifest_trees.ts";
import { testContext } from "../../support/context.ts";
import { makeFifo, withScratch } from "../../support/scratch_files.ts";
import type { Finding } from "../../../lib/validate/check.ts";
import { look } from "../look.ts";

const COMMIT = "c0ffee".padEnd(40, "0");
const OTHER = "beef".padEnd(40, "1");
const TREE = "etc/hypervisor/src";
const FILES = {
  "flake.nix": "{ }",
  "bin/run.sh": "#!/bin/sh\n",
  "lib/ümlaut.nix": "{ ü = 1; }",
  "empty": "",
};
const entry = (path: string, text: string, mode: number = Mode.File): ManifestEntry => ({
  path,
  mode,
  sha: blobHash(new TextEncoder().encode(text)),
});

/** A tree as a sync left it, changed by `change`. */
async function synced(id: string, change: (tree: string, root: string) => void): Promise<Finding> {
  let finding: Finding | undefined;
  const tree = Object.fromEntries(
    Object.entries(FILES).map(([path, text]) => [`${TREE}/${path}`, text]),
  );
  await withScratch({ ...tree, [`${TREE}/link`]: { link: "flake.nix" } }, async (root) => {
    Deno.chmodSync(`${root}/${TREE}/bin/run.sh`, 0o755);
    const manifest = manifestFromList(COMMIT, [
      ...Object.entries(FILES).map(([path, text]) =>
        entry(path, text, path.endsWith(".sh") ? Mode.Executable : Mode.File)
      ),
      entry("link", "flake.nix", Mode.Symlink),
      { path: "themes", mode: Mode.Gitlink, sha: OTHER },
    ]);
    const folder = `${root}/var/lib/hyper-nixos/sync`;
    Deno.mkdirSync(folder, { recursive: true });
    Deno.writeTextFileSync(
      `${folder}/state.json`,
      encodeState({
        version: 1,
        repository: "owner/name",
        commit: COMMIT,
        ref: "main",
        time: "2026-11-24T08:00:00.000Z",
      }),
    );
    const figures = new Float64Array(manifest.entries.length * FIGURES);
    Deno.writeFileSync(`${folder}/index`, await encodeIndex({ manifest, figures }));
    change(`${root}/${TREE}`, root);
    finding = await look(id, testContext({ root }));
  });
  return finding!;
}

const CASES: Readonly<
  Record<string, readonly [(tree: string, root: string) => void, readonly string[]]>
> = {
  "nothing": [() => {}, []],
  "other times and a closed mode, which no commit has": [(tree) => {
    Deno.utimeSync(`${tree}/flake.nix`, 0, 0);
    Deno.chmodSync(`${tree}/flake.nix`, 0o600);
  }, []],
  "an edit": [(tree) => Deno.writeTextFileSync(`${tree}/flake.nix`, "{ } "), [
    "modified: flake.nix",
  ]],
  "line ends of Windows": [
    (tree) => Deno.writeTextFileSync(`${tree}/bin/run.sh`, "#!/bin/sh\r\n"),
    ["modified: bin/run.sh"],
  ],
  "a script that cannot be run any more": [
    (tree) => Deno.chmodSync(`${tree}/bin/run.sh`, 0o644),
    ["modified: bin/run.sh"],
  ],
  "a file that can be run now": [(tree) => Deno.chmodSync(`${tree}/empty`, 0o755), [
    "modified: empty",
  ]],
  // A copy by a tool that knows no links: its content is the link's.
  "a file in a link's place": [(tree) => {
    Deno.removeSync(`${tree}/link`);
    Deno.writeTextFileSync(`${tree}/link`, "flake.nix");
  }, ["modified: link"]],
  "a link that leads elsewhere": [(tree) => {
    Deno.removeSync(`${tree}/link`);
    Deno.symlinkSync("empty", `${tree}/link`);
  }, ["modified: link"]],
  "a folder in a file's place": [(tree) => {
    Deno.removeSync(`${tree}/empty`);
    Deno.mkdirSync(`${tree}/empty`);
  }, ["modified: empty"]],
  "a pipe in a file's place": [(tree) => {
    Deno.removeSync(`${tree}/empty`);
    makeFifo(`${tree}/empty`);
  }, ["modified: empty"]],
  "a file that is gone": [(tree) => Deno.removeSync(`${tree}/lib`, { recursive: true }), [
    "missing: lib/ümlaut.nix",
  ]],
  "files and folders of one's own": [(tree) => {
    Deno.writeTextFileSync(`${tree}/lib/mine.nix`, "{ }");
    Deno.mkdirSync(`${tree}/notes/empty`, { recursive: true });
    Deno.writeTextFileSync(`${tree}/notes/today`, "x");
    Deno.mkdirSync(`${tree}/nothing/in/it`, { recursive: true });
  }, ["extra: lib/mine.nix", "extra: notes/"]],
  "what is never synced": [(tree) => {
    for (const folder of [".git", "target", "var"]) {
      Deno.mkdirSync(`${tree}/${folder}`);
      Deno.writeTextFileSync(`${tree}/${folder}/x`, "x");
    }
    Deno.symlinkSync("/nix/store/x", `${tree}/result`);
  }, []],
};

for (const [what, [change, items]] of Object.entries(CASES)) {
  Deno.test(`synced-files and ${what}`, async () => {
    const found = await synced("synced-files", change);
    deepEqual([found.status, found.items ?? []], [items.length === 0 ? "pass" : "warn", items]);
  });
}

Deno.test("synced-files says when there is nothing to compare", async () => {
  const gone = await synced("synced-files", (tree) => Deno.removeSync(tree, { recursive: true }));
  deepEqual([gone.status, gone.detail], ["skip", "there is no /etc/hypervisor/src"]);
  const unknown = await synced(
    "synced-files",
    (_, root) => Deno.removeSync(`${root}/var/lib/hyper-nixos/sync/index`),
  );
  match(`${unknown.status} ${unknown.detail}`, /^skip the files of c0ffee000000 are not known/);
  const never = await synced(
    "synced-files",
    (_, root) => Deno.removeSync(`${root}/var/lib/hyper-nixos`, { recursive: true }),
  );
  match(`${never.status} ${never.detail}`, /^skip the tree was never synced/);
});

Deno.test("running-commit compares what runs with what the tree is", async () => {
  const running = (commit: string | null) =>
    synced("running-commit", (_, root) => {
      Deno.mkdirSync(`${root}/run`);
      Deno.mkdirSync(`${root}/nix/store/x-system`, { recursive: true });
      Deno.symlinkSync("/nix/store/x-system", `${root}/run/current-system`);
      const folder = `${root}/var/lib/hyper-nixos/systems`;
      Deno.mkdirSync(folder);
      Deno.writeTextFileSync(
        `${folder}/x-system.json`,
        JSON.stringify({
          version: 1,
          toplevel: "/nix/store/x-system",
          flake: "/etc/hypervisor/src",
          host: "h",
          commit,
          activated: "2026-11-24T08:00:00.000Z",
          facts: null,
        }),
      );
    });
  equal((await running(COMMIT)).status, "pass");
  const old = await running(OTHER);
  deepEqual([old.status, old.remedy], ["warn", "rebuild-helper switch"]);
  match(old.detail, /of beef11111111, \/etc\/hypervisor\/src of c0ffee000000/);
  equal((await running(null)).status, "skip");
});
