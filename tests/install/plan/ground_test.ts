import assert from "node:assert/strict";
import { examineGround } from "../../../lib/install/plan/ground.ts";
import { encodeHostRecord, type HostRecord } from "../../../lib/machine/host_record.ts";
import { testContext } from "../../support/context.ts";
import { INSTALL_OPTIONS } from "../../support/install_options.ts";
import { withScratch } from "../../support/scratch_files.ts";
import { diffTrees, snapshotTree } from "../../support/tree.ts";

const NATIVE = { "source/flake.nix": "{ }\n", "source/nix/host.nix": "{ }\n" };
const MACHINE = {
  "machine/etc/NIXOS": "",
  "machine/etc/os-release": "ID=nixos\nPRETTY_NAME=NixOS\n",
};
const RECORD: HostRecord = {
  version: 2,
  hostName: "h",
  system: "x86_64-linux",
  base: null,
  tools: null,
};

/** Blockers of the source, and what changed on the machine. */
async function examined(files: Record<string, string>, source: string) {
  const found: {
    blockers: (readonly [number, string, string])[];
    has: boolean;
    changed: string;
  }[] = [];
  await withScratch({ ...MACHINE, ...files }, async (folder) => {
    const root = `${folder}/machine`;
    const before = snapshotTree(root);
    const options = { ...INSTALL_OPTIONS, source: `${folder}/${source}` };
    const { blockers, source: its } = await examineGround(testContext({ root }), options);
    found.push({
      blockers: blockers.map(({ code, message, hint }) => [code, message, hint ?? ""]),
      has: its !== undefined,
      changed: diffTrees(before, snapshotTree(root)),
    });
  });
  return found[0]!;
}

Deno.test("examineGround() finds the source and changes nothing", async () => {
  const { blockers, has, changed } = await examined(NATIVE, "source");
  assert.equal(has, true);
  assert.equal(changed, "");
  assert.deepEqual(blockers.filter(([, message]) => /source|layout/.test(message)), []);
});

Deno.test("examineGround() has a missing source as one blocker, with whatever else stands against a run", async () => {
  const { blockers, has } = await examined({ "machine/etc/os-release": "ID=debian\n" }, "none");
  assert.equal(has, false);
  assert.ok(
    blockers.some(([code, message]) => code === 6 && /none/.test(message)),
    JSON.stringify(blockers),
  );
  assert.ok(blockers.every(([, , hint]) => hint !== ""), JSON.stringify(blockers));
});

Deno.test("examineGround() refuses a tree of another layout than the installation's, and says the way", async () => {
  const place = "machine/etc/hypervisor/configuration/host.json";
  const published = { [place]: encodeHostRecord({ ...RECORD, layout: "published" }) };
  const { blockers, has } = await examined({ ...NATIVE, ...published }, "source");
  assert.equal(has, true);
  const [refusal] = blockers.filter(([, message]) => message.includes("layout"));
  assert.equal(refusal?.[0], 6);
  assert.match(refusal![2], /system-installer --undo/);
  // The same layout again, and a record that cannot be read, which is written anew.
  for (const text of [encodeHostRecord(RECORD), "{"]) {
    const again = await examined({ ...NATIVE, [place]: text }, "source");
    assert.deepEqual(again.blockers.filter(([, message]) => message.includes("layout")), []);
  }
});
