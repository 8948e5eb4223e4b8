import { deepEqual, equal } from "node:assert/strict";
import {
  type ActivationHead,
  activationIds,
  neverStarted,
  newActivationId,
  readActivationStatus,
} from "../../../lib/nix/activation/activation_status.ts";
import { testContext } from "../../support/context.ts";
import { withScratch } from "../../support/scratch_files.ts";

const FOLDER = "var/lib/hyper-nixos/activations";
const HEAD: ActivationHead = {
  version: 1,
  id: "1",
  action: "switch",
  toplevel: "/nix/store/x",
  previous: "/nix/store/y",
  previousDefault: null,
  log: "/var/log/x",
  bootId: "b",
  confirmSeconds: 0,
  failedBefore: [],
};

Deno.test("readActivationStatus() takes a whole status and nothing else", async () => {
  const status = neverStarted(HEAD);
  const bad = [
    "",
    "{",
    "null",
    "[]",
    JSON.stringify({ ...status, phase: "resting" }),
    JSON.stringify({ ...status, pid: "7" }),
    JSON.stringify({ ...status, version: 2 }),
    JSON.stringify(HEAD),
    JSON.stringify(status).slice(0, -1),
  ];
  const files = Object.fromEntries(bad.map((text, index) => [`${FOLDER}/${index}.json`, text]));
  await withScratch({ ...files, [`${FOLDER}/good.json`]: JSON.stringify(status) }, (root) => {
    const ctx = testContext({ root });
    deepEqual(readActivationStatus(ctx, "good"), status);
    bad.forEach((text, index) => equal(readActivationStatus(ctx, String(index)), undefined, text));
    equal(readActivationStatus(ctx, "none"), undefined);
  });
  // Where it was killed before it said anything, nothing is known to go back to.
  deepEqual([status.previous, status.phase, status.activateCode], [null, "activating", null]);
});

Deno.test("activationIds() lists statuses alone, oldest first", async () => {
  const names = [
    "2024-07-02T10-00-00.json",
    "2024-07-01T10-00-00.json",
    "2024-07-01T10-00-00.log",
    "2024-07-01T10-00-00.json.tmp",
    ".2024-07-03.json",
    "pending.json",
  ];
  await withScratch(Object.fromEntries(names.map((name) => [`${FOLDER}/${name}`, ""])), (root) => {
    deepEqual(activationIds(testContext({ root })), ["2024-07-01T10-00-00", "2024-07-02T10-00-00"]);
  });
  await withScratch({ "etc/": "" }, (root) => deepEqual(activationIds(testContext({ root })), []));
});

Deno.test("newActivationId() is the last one, whatever the clock says", async () => {
  await withScratch({ [`${FOLDER}/`]: "" }, (root) => {
    const times = [
      "2026-11-24T07:15:00.100Z",
      "2026-11-24T07:15:00.900Z",
      "1970-01-01T00:00:42Z",
      "2026-12-31T23:59:59Z",
      "2026-12-31T21:59:59Z",
    ];
    for (const time of times) {
      const ctx = testContext({ root, now: () => new Date(time) });
      const id = newActivationId(ctx);
      Deno.writeTextFileSync(`${root}/${FOLDER}/${id}.json`, "{}");
      equal(activationIds(ctx).at(-1), id, time);
      if (time === times[0]) equal(id.slice(0, 16), "20261124T071500Z");
    }
  });
});
