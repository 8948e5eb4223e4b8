import { equal, match } from "node:assert/strict";
import { withNixSettings } from "../../lib/nix/nix_settings.ts";
import { testContext } from "../support/context.ts";
import { hasNix } from "../support/needs.ts";

/** The setting as Nix itself has it under these. */
async function setting(
  name: string,
  own: string,
  after: readonly string[],
  before: readonly string[] = [],
): Promise<unknown> {
  const ctx = withNixSettings(testContext({ env: { NIX_CONFIG: own } }), after, before);
  const { stdout } = await ctx.run("nix", ["show-config", "--json"]);
  return JSON.parse(stdout)[name].value;
}

Deno.test({
  name:
    "withNixSettings() lets what comes after win over the user's, and the user's over what comes before",
  ignore: !hasNix,
  fn: async () => {
    equal(await setting("cores", "cores = 2", ["cores = 3"], ["cores = 1"]), 3);
    equal(await setting("cores", "cores = 2", [], ["cores = 1"]), 2);
    equal(await setting("cores", "", [], ["cores = 1"]), 1);
    // A text of several lines, and without an end of its last one.
    equal(await setting("cores", "max-jobs = 1\n\ncores = 2\n\n", ["max-jobs = 4"]), 2);
  },
});

Deno.test("withNixSettings() leaves a context alone that it has nothing for, and the one that it was given", () => {
  const ctx = testContext({ env: { NIX_CONFIG: "cores = 2" } });
  equal(withNixSettings(ctx, []), ctx);
  const other = withNixSettings(ctx, ["cores = 3"]);
  equal(ctx.env.NIX_CONFIG, "cores = 2");
  equal(other.env.NIX_CONFIG, "cores = 2\ncores = 3");
  match(other.run.env.NIX_CONFIG!, /^cores = 3$/m);
});
