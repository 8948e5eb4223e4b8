import assert from "node:assert/strict";
import {
  supplyBlockers,
  supplyLines,
  supplyQuestions,
} from "../../../lib/install/plan/supply_plan.ts";
import { renderStyles } from "../../../lib/layout/style.ts";
import type { Supply } from "../../../lib/nix/store/supply.ts";

const DERIVATION = "/nix/store/0000000000000000000000000000000a-nixos-system-host-24.05.drv";
const ALL_THERE: Supply = {
  derivation: DERIVATION,
  made: 3,
  carried: { paths: 0, bytes: 0 },
  fetched: { names: [], bytes: 0 },
  lacking: [],
  asked: false,
  silent: undefined,
};
const LACKING: Supply = { ...ALL_THERE, lacking: ["a-1", "b-1", "c-1", "d-1", "e-1", "f-1"] };
const codes = (supply: Supply) => supplyBlockers(supply, "host").map(({ code }) => code);

Deno.test("supplyBlockers() refuses what is lacking where no network is, with the way to a stick", () => {
  assert.deepEqual([codes(ALL_THERE), codes({ ...LACKING, asked: true })], [[], []]);
  const [blocker] = supplyBlockers(LACKING, "host");
  assert.equal(blocker?.code, 5);
  assert.match(
    blocker.message,
    /6 packages of the new system are neither .*: a-1, b-1, c-1, d-1, e-1 and 1 more$/,
  );
  assert.ok(
    blocker.hint?.includes(`nix-store --export $(nix-store -qR ${DERIVATION}) | gzip > host.plan`),
  );
});

Deno.test("supplyQuestions() asks only where a cache does not answer", () => {
  const asked = { ...LACKING, asked: true };
  assert.deepEqual(supplyQuestions(asked, "host"), [], "they are built from what is downloaded");
  const [question] = supplyQuestions({ ...asked, silent: "unable to download 'x'" }, "host");
  assert.match(question?.found ?? "", /does not answer, and 6 packages/);
  assert.deepEqual(question?.details, ["unable to download 'x'"]);
});

Deno.test("supplyLines() says what comes from where", () => {
  const lines = (supply: Parameters<typeof supplyLines>[0]) =>
    supplyLines(supply).map((line) => renderStyles(line));
  assert.deepEqual(lines(undefined), []);
  assert.deepEqual(lines(ALL_THERE), ["✓ nothing is lacking: the build needs no network"]);
  assert.deepEqual(
    lines({
      ...LACKING,
      carried: { paths: 1, bytes: 1024 },
      fetched: { names: ["libvirt-10.0.0", "qemu-8.2.4"], bytes: 3 * 1024 ** 2 },
    }),
    [
      "it gives 1 store path, 1.00 KiB",
      "the network gives 2 store paths, 3.00 MiB: libvirt-10.0.0, qemu-8.2.4",
      "! 6 packages in no cache that was asked: a-1, b-1, c-1, d-1, e-1 and 1 more",
    ],
  );
  assert.deepEqual(lines({ unknown: "timed out" }), [
    "! what the build takes is not known: timed out",
  ]);
});
