import { doesNotThrow, throws } from "node:assert/strict";
import { requireSense, type UpdateOptions } from "../../lib/update/options.ts";
import { testContext } from "../support/context.ts";

const plain: UpdateOptions = {
  ref: "main",
  checkOnly: false,
  skipRebuild: false,
  forceFull: false,
  rebuildAction: "switch",
  restartGuests: false,
  verbose: false,
  yes: false,
};

const cases: readonly (readonly [
  what: string,
  root: string,
  options: Partial<UpdateOptions>,
  refused: RegExp | undefined,
])[] = [
  ["no option", "/", {}, undefined],
  ["--confirm with switch", "/", { confirm: 60 }, undefined],
  ["--confirm with test", "/", { confirm: 60, rebuildAction: "test" }, undefined],
  ["--confirm with build", "/", { confirm: 60, rebuildAction: "build" }, /--confirm goes with/],
  ["--confirm without a rebuild", "/", { confirm: 60, skipRebuild: true }, /--confirm goes with/],
  ["--confirm with --check-only", "/", { confirm: 60, checkOnly: true }, /--confirm goes with/],
  ["test of a mounted machine", "/mnt", { rebuildAction: "test" }, /needs a running machine/],
  ["test not done there", "/mnt", { rebuildAction: "test", skipRebuild: true }, undefined],
  ["switch of a mounted machine", "/mnt", {}, undefined],
];

for (const [what, root, options, refused] of cases) {
  Deno.test(`requireSense() ${refused ? "refuses" : "takes"} ${what}`, () => {
    const require = () => requireSense(testContext({ root }), { ...plain, ...options });
    if (refused) throws(require, { message: refused, code: 4 });
    else doesNotThrow(require);
  });
}
