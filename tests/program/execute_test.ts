import { equal, match, throws } from "node:assert/strict";
import { ExitCode } from "../../lib/machine/exit_code.ts";
import { ToolError } from "../../lib/machine/tool_error.ts";
import { existingRoot } from "../../lib/program/execute.ts";
import { withScratch } from "../support/scratch_files.ts";

function expectRefusal(path: string, code: ExitCode, says: RegExp): void {
  throws(() => existingRoot(path), (error) => {
    match((error as Error).message, says);
    return error instanceof ToolError && error.code === code;
  });
}

Deno.test("existingRoot() takes a folder with etc for a machine, and nothing else", async () => {
  await withScratch(
    { "machine/etc/": "", "link/etc": { link: "../machine/etc" }, "file/etc": "" },
    (root) => {
      equal(existingRoot(`${root}/machine`).path, `${root}/machine`);
      equal(existingRoot(`${root}/link/`).path, `${root}/link`);
      equal(existingRoot("/").isRunning, true);
      for (const name of ["", "/none", "/file", "/machine/etc"]) {
        expectRefusal(
          root + name,
          ExitCode.InvalidArguments,
          /holds no machine: it has no folder etc/,
        );
      }
    },
  );
});
