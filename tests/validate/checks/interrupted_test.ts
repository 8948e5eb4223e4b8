import { equal, match } from "node:assert/strict";
import { lookAt } from "../look.ts";

const RECEIPTS = "var/lib/hyper-nixos/receipts";
const receipt = (id: string, state: string) => ({
  [`${RECEIPTS}/${id}.json`]: JSON.stringify({
    version: 1,
    id,
    toolkit: "2.0.0",
    startedAt: `${id}T08:00:00.000Z`,
    hostName: "h",
    state,
    previousSystem: null,
    previousDefault: null,
    activated: null,
    accountsSaved: false,
    steps: [],
  }),
});

for (
  const [what, files, status, says] of [
    ["none", {}, "skip", /no receipt/],
    [
      "one that ended",
      receipt("2026-11-01", "activated"),
      "pass",
      /installed 2026-11-01 \(activated\)/,
    ],
    [
      "one that was cut off",
      receipt("2026-11-01", "applying"),
      "fail",
      /cut off while applying.*finish or to revert/,
    ],
    ["an undo that was cut off", receipt("2026-11-01", "undoing"), "fail", /cut off while undoing/],
    [
      "one that ended after one that was cut off",
      {
        ...receipt("2026-10-01", "reverting"),
        ...receipt("2026-11-01", "activated"),
      },
      "fail",
      /installation of 2026-10-01/,
    ],
    [
      "what a writer left",
      {
        ...receipt("2026-11-01", "activated"),
        [`${RECEIPTS}/.2026-11-02.json.0a1b2c3d.tmp`]: "{ half",
      },
      "pass",
      /2026-11-01/,
    ],
    ["a folder", { [`${RECEIPTS}/a.json/x`]: "" }, "fail", /cannot be read: is a folder/],
    [
      "one of another version",
      { [`${RECEIPTS}/a.json`]: '{"version":7}' },
      "fail",
      /received 7, at version/,
    ],
    [
      "a damaged one",
      { [`${RECEIPTS}/a.json`]: "" },
      "fail",
      /a\.json cannot be read: it is not JSON.*put files back by hand/,
    ],
  ] as const
) {
  Deno.test(`unfinished-install and ${what}: ${status}`, async () => {
    const found = await lookAt("unfinished-install", files).catch((error) => ({
      status: "fail",
      detail: (error as Error).message,
      remedy: (error as { hint?: string }).hint,
    }));
    equal(found.status, status, found.detail);
    match(`${found.detail} ${found.remedy}`, says);
  });
}

const TREE = { "etc/hypervisor/src/flake.nix": "{ }" };

for (
  const [what, files, status] of [
    ["none", TREE, "pass"],
    ["one that had only begun", { ...TREE, "etc/hypervisor/.src-staging-x/new/file": "x" }, "warn"],
    ["one among its renames", {
      ...TREE,
      "etc/hypervisor/.src-staging-x/journal.json": JSON.stringify({ version: 1, operations: [] }),
    }, "fail"],
    ["nothing at all", {}, "pass"],
  ] as const
) {
  Deno.test(`interrupted-sync and ${what}: ${status}`, async () => {
    const found = await lookAt("interrupted-sync", files);
    equal(found.status, status, found.detail);
  });
}
