import { deepEqual, equal, match, rejects } from "node:assert/strict";
import type { RunResult } from "../../../lib/machine/run.ts";
import { type BuildOptions, runBuild } from "../../../lib/rebuild/building/run_build.ts";
import { testContext } from "../../support/context.ts";
import { withScratch } from "../../support/scratch_files.ts";

const OPTIONS = {
  flake: { url: "path:/etc/hypervisor/src" },
  host: "web.example.org",
  buildFlags: [],
} as unknown as BuildOptions;

function ended(code: number): RunResult {
  const result = { command: "nix", args: [], code, signal: null, stdout: "out", stderr: "" };
  return { ...result, timedOut: false } as unknown as RunResult;
}

Deno.test("runBuild() shows what a builder writes, keeps it in the log, and gives its answer", async () => {
  await withScratch({}, async (root) => {
    const ctx = testContext({ root });
    const { stdout, log } = await runBuild(ctx, OPTIONS, false, (onLine, { write }) => {
      onLine("building", "stderr");
      write("for the log alone");
      return Promise.resolve(ended(0));
    });
    deepEqual([stdout, ctx.printed], ["out", ["building"]]);
    equal(Deno.readTextFileSync(root + log), "building\nfor the log alone\n");
  });
});

Deno.test("runBuild() says what a failure means, and where on this machine its log is", async () => {
  const table: readonly (readonly [line: string, exit: number, code: number, message: RegExp])[] = [
    [
      "error: builder for '/nix/store/a-x.drv' failed with exit code 2",
      1,
      1,
      /failed at .*a-x\.drv/,
    ],
    ["error: writing to file: No space left on device", 1, 1, /filled the disk/],
    ["error: unable to download 'https://cache.example.org/x'", 1, 5, /./],
    ["error: attribute 'nope' missing", 1, 6, /./],
    ["Killed", 137, 1, /SIGKILL/],
    ["", 3, 1, /failed with exit code 3/],
  ];
  for (const [line, exit, code, message] of table) {
    await withScratch({}, async (root) => {
      const failed = runBuild(testContext({ root }), OPTIONS, false, (onLine) => {
        onLine(line, "stderr");
        return Promise.resolve(ended(exit));
      });
      await rejects(failed, (error: Error & { code: number; hint: string }) => {
        match(error.message, message);
        equal(error.code, code, line);
        const [, log = ""] = /everything it said is in (\S+)$/.exec(error.hint) ?? [];
        match(Deno.readTextFileSync(log), new RegExp(`^${line.slice(0, 10)}`));
        return true;
      });
    });
  }
});

Deno.test("runBuild() hands on what ended a build before it could end by itself", async () => {
  await withScratch({}, async (root) => {
    const ctx = testContext({ root });
    const interrupted = new Error("interrupted");
    await rejects(
      runBuild(ctx, OPTIONS, false, () => Promise.reject(interrupted)),
      (error) => error === interrupted,
    );
    deepEqual(ctx.messages("info"), ["the build has failed"]);
  });
});
