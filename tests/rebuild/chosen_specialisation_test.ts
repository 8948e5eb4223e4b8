import { equal, throws } from "node:assert/strict";
import { activePath, chosenSpecialisation } from "../../lib/rebuild/chosen_specialisation.ts";
import { testContext } from "../support/context.ts";
import { withScratch } from "../support/scratch_files.ts";

const SYSTEM = "/nix/store/abc-system";

Deno.test("activePath() leads to the chosen specialisation, and says which there are", async () => {
  const files = {
    "nix/store/abc-system/specialisation/quiet": { link: "/nix/store/def-quiet" },
    "nix/store/abc-system/specialisation/loud": { link: "/nix/store/ghi-loud" },
    "nix/store/def-quiet/init": "",
    "nix/store/ghi-loud/init": "",
    "nix/store/bare/init": "",
  };
  await withScratch(files, (root) => {
    const ctx = testContext({ root });
    equal(activePath(ctx, SYSTEM, undefined), SYSTEM);
    equal(activePath(ctx, SYSTEM, { name: "quiet", named: true }), "/nix/store/def-quiet");
    for (const name of ["none", "", ".", "..", "../../def-quiet", "quiet/"]) {
      throws(() => activePath(ctx, SYSTEM, { name, named: true }), {
        name: "ToolError",
        code: 4,
        hint: "it has: loud, quiet",
      }, name);
    }
    throws(() => activePath(ctx, "/nix/store/bare", { name: "quiet", named: false }), {
      code: 6,
      hint: "it runs now, and it has none; to leave it: --no-specialisation",
    });
  });
});

Deno.test("chosenSpecialisation() is none for what activates nothing now, and on a mounted machine", async () => {
  const running = testContext();
  for (const action of ["build", "dry-build", "boot"] as const) {
    equal(chosenSpecialisation(running, action, "quiet"), undefined, action);
  }
  for (const action of ["test", "switch", "dry-activate"] as const) {
    equal(chosenSpecialisation(running, action, "quiet")?.name, "quiet", action);
    equal(chosenSpecialisation(running, action, false), undefined, action);
  }
  await withScratch({ "etc/specialisation": "quiet\n" }, (root) => {
    equal(chosenSpecialisation(testContext({ root }), "switch", "quiet"), undefined);
  });
});
