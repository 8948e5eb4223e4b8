import { equal, match, ok, throws } from "node:assert/strict";
import { makeTemporaryDirectory, temporaryPlace } from "../../../lib/machine/files/temporary.ts";
import { ToolError } from "../../../lib/machine/tool_error.ts";
import { isRoot } from "../../support/needs.ts";
import { withScratch } from "../../support/scratch_files.ts";

Deno.test("temporaryPlace() takes TMPDIR only where nobody else can exchange what is in it", async () => {
  await withScratch({ "own/x": "", "file": "" }, (folder) => {
    const own = `${folder}/own`;
    const chosen = (mode: number, path = own) => {
      Deno.chmodSync(own, mode);
      return temporaryPlace(path);
    };
    Deno.chmodSync(folder, 0o755);
    equal(chosen(0o700), own);
    equal(chosen(0o1777), own);
    for (const mode of [0o777, 0o770, 0o775]) equal(chosen(mode), "/tmp");
    for (const path of [`${folder}/file`, `${folder}/none`, "own", ""]) {
      equal(chosen(0o700, path), "/tmp");
    }
    equal(temporaryPlace(undefined), "/tmp");
    Deno.chmodSync(folder, 0o777);
    equal(chosen(0o700), "/tmp");
    Deno.chmodSync(folder, 0o755);
    const made = makeTemporaryDirectory({ env: { TMPDIR: own } }, "test-");
    equal(made.startsWith(`${own}/test-`), true);
    equal(Deno.statSync(made).mode! & 0o777, 0o700);
  });
});

Deno.test({
  name: "temporaryPlace() takes no folder of another user",
  ignore: !isRoot,
  fn: () =>
    withScratch({ "hers/x": "" }, (folder) => {
      Deno.chmodSync(`${folder}/hers`, 0o1777);
      Deno.chownSync(`${folder}/hers`, 1000, 100);
      equal(temporaryPlace(`${folder}/hers`), "/tmp");
    }),
});

Deno.test("makeTemporaryDirectory() says where it can make none, and what else to name", () => {
  // The kernel's own folders: nobody makes any in them.
  for (const [place, code] of [["/proc/self", 2], ["/sys", 3]] as const) {
    throws(() => makeTemporaryDirectory({ env: { TMPDIR: place } }, "test-"), (error) => {
      ok(error instanceof ToolError);
      equal(error.code, code);
      match(error.message, new RegExp(`^no temporary folder can be made in ${place}: [A-Z]`));
      match(error.hint ?? "", /TMPDIR=FOLDER/);
      return true;
    });
  }
});
