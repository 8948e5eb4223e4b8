import { equal, match, rejects, throws } from "node:assert/strict";
import { activateReady, inStore } from "../../lib/rebuild/ready_system.ts";
import { testContext } from "../support/context.ts";
import { withScratch } from "../support/scratch_files.ts";

Deno.test("inStore() takes no path for a system that is not one of the store's", async () => {
  await withScratch({
    "result": { link: "/etc" },
    "broken": { link: "/nix/store/00000000000000000000000000000000-gone" },
    "circle": { link: "circle" },
    "file": "",
  }, (root) => {
    const paths = [
      "",
      "/nix/store",
      "/nix/store/..",
      "/nix/store/../../etc",
      "/",
      "/etc",
      "relative",
      `${root}/result`,
      `${root}/broken`,
      `${root}/circle`,
      `${root}/file`,
      `${root}/missing`,
    ];
    for (const path of paths) {
      throws(() => inStore(path), { code: 4, message: /^--store-path .* is no store path/ }, path);
    }
  });
});

Deno.test("activateReady() needs a machine that runs, and a file that says what the system is", async () => {
  await withScratch({ "x": "{" }, async (root) => {
    const options = { action: "test", storePath: "/nix/store/x", restartGuests: false } as const;
    await rejects(activateReady(testContext({ root }), options), { code: 4 });
    for (const evaluated of [`${root}/x`, `${root}/missing`, root]) {
      await rejects(
        activateReady(testContext(), { ...options, evaluated }),
        (error: Error & { code: number; hint: string }) => {
          equal(error.code, 4, evaluated);
          match(error.hint, /--target-host/);
          return true;
        },
      );
    }
  });
});
