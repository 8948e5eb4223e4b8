import assert from "node:assert/strict";
import { parseDryRun } from "../../../lib/nix/store/dry_run.ts";

const A = "/nix/store/0000000000000000000000000000000a";
const B = "/nix/store/0000000000000000000000000000000b";

Deno.test("parseDryRun() reads the lists of Nix, of many and of one", () => {
  const stderr = `warning: something else
these 2 derivations will be built:
  ${A}-one.drv
  ${B}-two.drv
this path will be fetched (0.01 MiB download, 2.50 MiB unpacked):
  ${A}-three
don't know how to build these paths (may be caused by read-only store access):
  ${B}-four
`;
  assert.deepEqual(parseDryRun(stderr), {
    built: [`${A}-one.drv`, `${B}-two.drv`],
    fetched: [`${A}-three`],
    fetchedBytes: 2.5 * 1024 ** 2,
    unknown: [`${B}-four`],
  });
});

Deno.test("parseDryRun() knows the units of newer releases, and nothing to do", () => {
  const size = (text: string) =>
    parseDryRun(`these 9 paths will be fetched (1.0 KiB download, ${text} unpacked):\n`)
      .fetchedBytes;
  assert.deepEqual([size("512.0 KiB"), size("1.5 GiB")], [512 * 1024, 1.5 * 1024 ** 3]);
  assert.deepEqual(parseDryRun(""), { built: [], fetched: [], fetchedBytes: 0, unknown: [] });
});
