import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import { ToolError } from "../../../lib/machine/tool_error.ts";
import { uncommittedFiles } from "../../../lib/nix/flakes/uncommitted_files.ts";
import { testContext } from "../../support/context.ts";
import { hasSetpriv } from "../../support/needs.ts";
import { plant, withScratch } from "../../support/scratch_files.ts";

async function checkout(folder: string): Promise<void> {
  const { run } = testContext();
  const git = (...args: string[]) =>
    run("git", ["-C", folder, "-c", "user.name=a", "-c", "user.email=a@example.org", ...args]);
  plant(folder, { "flake.nix": "{ }", "kept.nix": "1", "gone.nix": "2", ".gitignore": "result\n" });
  await git("init", "-q");
  await git("add", ".");
  await git("commit", "-q", "-m", "x");
  Deno.removeSync(`${folder}/gone.nix`);
  plant(folder, { "kept.nix": "changed", "new folder/ü\n.nix": "3", "result": "ignored" });
}

const EXPECTED = { untracked: ["new folder/ü\n.nix"], changed: ["gone.nix", "kept.nix"] };

Deno.test("uncommittedFiles() lists what Nix ignores and what it takes changed", () =>
  withScratch({}, async (folder) => {
    await checkout(folder);
    const flake = { url: `git+file://${folder}`, directory: folder, checkout: folder };
    deepStrictEqual(await uncommittedFiles(testContext(), flake), EXPECTED);
  }));

Deno.test({
  name: "uncommittedFiles() runs git as the owner of another user's checkout",
  ignore: !hasSetpriv,
  fn: () =>
    withScratch({}, async (folder) => {
      await checkout(folder);
      const { run } = testContext();
      // What the checkout's own configuration starts must not run as root.
      const script = `${folder}/.git/monitor`;
      Deno.writeTextFileSync(script, `#!/bin/sh\nid -u > '${folder}/.git/ran-as'\nexit 1\n`);
      await run("chmod", ["755", script]);
      await run("git", ["-C", folder, "config", "core.fsmonitor", script]);
      await run("chown", ["-R", "65534:65534", folder]);
      const flake = { url: `git+file://${folder}`, directory: folder, checkout: folder };
      deepStrictEqual(await uncommittedFiles(testContext(), flake), EXPECTED);
      strictEqual(Deno.readTextFileSync(`${folder}/.git/ran-as`), "65534\n");
    }),
});

Deno.test("uncommittedFiles() is undefined without a checkout, and an error for a broken one", () =>
  withScratch({ ".git/HEAD": "nonsense", "flake.nix": "{ }" }, async (folder) => {
    strictEqual(await uncommittedFiles(testContext(), { url: "github:a/b" }), undefined);
    const flake = { url: `git+file://${folder}`, directory: folder, checkout: folder };
    await rejects(uncommittedFiles(testContext(), flake), ToolError);
  }));
