import { deepEqual, equal } from "node:assert/strict";
import { checkoutEnvironment } from "../../../lib/nix/flakes/flake_environment.ts";
import { resolveFlake } from "../../../lib/nix/flakes/flake_reference.ts";
import { refreshIndex } from "../../../lib/nix/flakes/uncommitted_files.ts";
import { testContext } from "../../support/context.ts";
import { hasNix, isRoot } from "../../support/needs.ts";
import { withScratch } from "../../support/scratch_files.ts";

for (const where of ["this machine's", "a mounted machine's"]) {
  Deno.test({
    name: `root reads a user's checkout with Nix, ${where}, and not even its index becomes root's`,
    ignore: !hasNix || !isRoot,
    fn: () =>
      withScratch({ "home/flake.nix": "{ outputs = _: { answer = 42; }; }\n" }, async (root) => {
        const folder = `${root}/home`;
        const ctx = testContext(where === "this machine's" ? {} : { root });
        const { run } = ctx;
        const git = (...args: string[]) => run("git", ["-C", folder, ...args]);
        await git("init", "--quiet");
        await git("add", ".");
        await git("-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "-m", "x");
        // The index is out of date now, which git puts right wherever it may.
        Deno.utimeSync(`${folder}/flake.nix`, 1, 1);
        Deno.chmodSync(root, 0o755);
        await run("chown", ["-R", "1000:1000", folder]);
        const flake = resolveFlake(ctx, folder);
        equal(flake.checkout, folder);
        await refreshIndex(ctx, flake.checkout);
        const env = checkoutEnvironment(folder);
        deepEqual(env, { SUDO_UID: "1000" });
        const { stdout } = await run("nix", ["eval", `${flake.url}#answer`], { env });
        equal(stdout.trim(), "42");
        for (const { name } of Deno.readDirSync(`${folder}/.git`)) {
          equal(Deno.lstatSync(`${folder}/.git/${name}`).uid, 1000, name);
        }
      }),
  });
}

Deno.test("checkoutEnvironment() says nothing of root's own checkout, or of none", async () => {
  deepEqual(checkoutEnvironment(undefined), {});
  await withScratch({}, (folder) => {
    if (isRoot) deepEqual(checkoutEnvironment(folder), {});
    deepEqual(checkoutEnvironment(`${folder}/none`), {});
  });
});
