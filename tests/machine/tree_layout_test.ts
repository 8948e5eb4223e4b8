import assert from "node:assert/strict";
import { encodeHostRecord, type HostRecord } from "../../lib/machine/host_record.ts";
import { places } from "../../lib/machine/places.ts";
import {
  installedLayout,
  layoutOf,
  layoutOfFolder,
  localModule,
} from "../../lib/machine/tree_layout.ts";
import { testContext } from "../support/context.ts";
import { withScratch } from "../support/scratch_files.ts";

const native = ["flake.nix", "nix/host.nix"];
const published = ["flake.nix", "configuration.nix", "modules"];

Deno.test("layoutOf() knows a tree by its marks; who has nix/host.nix is native whatever else is there", () => {
  const of = (paths: readonly string[]) => layoutOf((path) => paths.includes(path));
  assert.equal(of(native), "native");
  assert.equal(of(published), "published");
  assert.equal(of([...published, ...native]), "native");
  for (const mark of published) {
    assert.equal(of(published.filter((path) => path !== mark)), undefined, `without ${mark}`);
  }
  assert.equal(of(["nix/host.nix"]), undefined);
});

Deno.test("layoutOfFolder() looks at the disk", async () => {
  const files = { "flake.nix": "{ }", "configuration.nix": "{ }", "modules/a.nix": "{ }" };
  await withScratch(files, (root) => assert.equal(layoutOfFolder(root), "published"));
  await withScratch(
    { "flake.nix": "{ }" },
    (root) => assert.equal(layoutOfFolder(root), undefined),
  );
});

Deno.test("installedLayout() is what host.json says, native where it says nothing", async () => {
  const record: HostRecord = {
    version: 2,
    hostName: "tower",
    system: "x86_64-linux",
    base: null,
    tools: null,
  };
  const path = places.hostRecord.slice(1);
  const cases: [Record<string, string>, string | undefined, string][] = [
    [{}, undefined, "/etc/hypervisor/configuration/local.nix"],
    [{ [path]: "{" }, undefined, "/etc/hypervisor/configuration/local.nix"],
    [{ [path]: encodeHostRecord(record) }, "native", "/etc/hypervisor/configuration/local.nix"],
    [
      { [path]: encodeHostRecord({ ...record, layout: "published" }) },
      "published",
      "/etc/hypervisor/host/local.nix",
    ],
  ];
  for (const [files, layout, local] of cases) {
    await withScratch(files, (root) => {
      const ctx = testContext({ root });
      assert.deepEqual([installedLayout(ctx), localModule(ctx)], [layout, local]);
    });
  }
});
