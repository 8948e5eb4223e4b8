import { doesNotThrow, equal, match, throws } from "node:assert/strict";
import { Mode } from "../../lib/git/git_objects.ts";
import { ExitCode } from "../../lib/machine/exit_code.ts";
import { places } from "../../lib/machine/places.ts";
import type { ToolError } from "../../lib/machine/tool_error.ts";
import { LocalTree } from "../../lib/sync/tree/local_tree.ts";
import { manifestFromList } from "../../lib/sync/tree/manifest_trees.ts";
import { refuseUselessCommit } from "../../lib/sync/useless_commit.ts";
import { testContext } from "../support/context.ts";
import { withScratch } from "../support/scratch_files.ts";

const NATIVE = ["flake.nix", "nix/host.nix"];
const PUBLISHED = ["flake.nix", "flake.lock", "configuration.nix", "modules/default.nix"];
const SHA = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391";

/** Judges a commit of these paths (those that end in "@" are submodules) beside a tree of those. */
async function judge(
  there: readonly string[],
  commit: readonly string[],
  { isNamed = false, layout }: { isNamed?: boolean; layout?: "native" | "published" } = {},
): Promise<ToolError | undefined> {
  let refused: ToolError | undefined;
  const host = {
    version: 2,
    hostName: "h",
    system: "x86_64-linux",
    base: null,
    tools: null,
    layout,
  };
  await withScratch({
    ...Object.fromEntries(there.map((path) => [`etc/hypervisor/src/${path}`, ""])),
    ...(layout ? { [places.hostRecord.slice(1)]: JSON.stringify(host) } : {}),
    "etc/x": "",
  }, (root) => {
    const local = new LocalTree(`${root}/etc/hypervisor/src`, undefined, 0);
    const manifest = manifestFromList(
      "c".repeat(40),
      commit.map((path) =>
        path.endsWith("@")
          ? { path: path.slice(0, -1), mode: Mode.Gitlink, sha: SHA }
          : { path, mode: Mode.File, sha: SHA }
      ),
    );
    try {
      refuseUselessCommit(testContext({ root }), local, manifest, "o/n", isNamed);
    } catch (error) {
      refused = error as ToolError;
    }
  });
  return refused;
}

Deno.test("refuseUselessCommit() lets pass what builds a host as the tree does, and what no host is built of", async () => {
  for (
    const [there, commit] of [
      [[], NATIVE],
      [[], ["README"]],
      [["README"], ["other"]],
      [NATIVE, [...NATIVE, "more"]],
      [PUBLISHED, PUBLISHED],
      [["flake.nix"], ["flake.nix"]],
      // Somebody is just bringing it in order.
      [["nix/host.nix"], ["README"]],
    ]
  ) {
    const refused = await judge(there!, commit!);
    doesNotThrow(() => {
      if (refused) throw refused;
    }, `${there} ${commit}`);
  }
});

Deno.test("refuseUselessCommit() names what a commit lacks, and takes it with --repo alone", async () => {
  for (
    const [there, commit, missing] of [
      [NATIVE, ["flake.nix"], /it has no nix\/host\.nix$/],
      [NATIVE, ["README"], /it has no flake\.nix, no nix\/host\.nix$/],
      // What became a submodule is not synced.
      [NATIVE, ["flake.nix", "nix@"], /it has no nix\/host\.nix$/],
      [PUBLISHED, [...PUBLISHED.slice(0, 3), "modules@"], /it has no modules$/],
      [PUBLISHED, PUBLISHED.filter((path) => path !== "flake.lock"), /it has no flake\.lock$/],
    ] as const
  ) {
    const refused = await judge(there, commit);
    match(refused?.message ?? "taken", missing);
    match(refused!.message, /^commit c{12} of o\/n cannot build this host/);
    throws(() => {
      throw refused;
    }, { code: ExitCode.Configuration });
    const named = await judge(there, commit, { isNamed: true });
    doesNotThrow(() => {
      if (named) throw named;
    });
  }
});

Deno.test("refuseUselessCommit() takes another layout only where nothing is installed, and by name", async () => {
  for (const [there, commit] of [[NATIVE, PUBLISHED], [PUBLISHED, NATIVE]] as const) {
    match((await judge(there, commit))!.message, /it is of the \w+ layout .*, the host of the/);
    equal(await judge(there, commit, { isNamed: true }), undefined);
  }
  // What the machine is installed with counts, whatever the tree has become.
  const options = { isNamed: true, layout: "published" } as const;
  match((await judge(PUBLISHED, NATIVE, options))!.hint!, /system-installer --undo/);
  match((await judge([], NATIVE, options))!.hint!, /system-installer --undo/);
  equal(await judge([], PUBLISHED, options), undefined);
});
