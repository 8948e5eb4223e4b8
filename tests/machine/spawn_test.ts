import { equal, match, throws } from "node:assert/strict";
import { spawn } from "../../lib/machine/spawn.ts";
import { ToolError } from "../../lib/machine/tool_error.ts";
import { withScratch } from "../support/scratch_files.ts";

Deno.test("spawn() says what keeps a program that is there from being started", async () => {
  await withScratch({ lost: "#!/nowhere/sh\n", closed: "#!/bin/sh\n" }, (folder) => {
    const refusal = (name: string, mode: number, code: number, next: RegExp) => {
      Deno.chmodSync(`${folder}/${name}`, mode);
      throws(
        () => spawn(`${folder}/${name}`, { stdin: "null", stdout: "null", stderr: "null" }),
        (error) => {
          if (!(error instanceof ToolError)) throw error;
          equal(error.code, code);
          match(error.message, new RegExp(`^${folder}/${name} (cannot|may not) be started`));
          match(error.hint ?? "", next);
          return true;
        },
      );
    };
    refusal("lost", 0o755, 2, /its interpreter or loader is missing/);
    refusal("closed", 0o644, 3, /noexec/);
  });
});

Deno.test("spawn() starts what it can", async () => {
  const child = spawn("/bin/sh", { args: ["-c", "exit 7"], stdin: "null" });
  equal((await child.status).code, 7);
});
