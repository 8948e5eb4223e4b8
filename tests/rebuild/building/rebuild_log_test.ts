import { deepEqual, equal, match } from "node:assert/strict";
import { openRebuildLog } from "../../../lib/rebuild/building/rebuild_log.ts";
import { testContext } from "../../support/context.ts";
import { withScratch } from "../../support/scratch_files.ts";

const now = () => new Date("2026-06-15T12:34:56.789Z");
const PATH = "/var/log/nixos/rebuild-20260615T123456Z.log";

Deno.test("openRebuildLog() writes lines that only root can read, and that no terminal obeys", async () => {
  await withScratch({}, (root) => {
    const ctx = testContext({ root, now });
    {
      using log = openRebuildLog(ctx);
      equal(log.path, PATH);
      log.write("one\x1b[31m");
      log.write("zwei: ü");
    }
    const text = Deno.readTextFileSync(root + PATH);
    match(text, /^one.*\nzwei: ü\n$/);
    equal(text.includes("\x1b"), false);
    equal(Deno.statSync(root + PATH).mode! & 0o777, 0o600);
    // Another build within the same second goes on in it.
    {
      using log = openRebuildLog(ctx);
      log.write("three");
    }
    match(Deno.readTextFileSync(root + PATH), /^one[^]*\nthree\n$/);
    deepEqual(ctx.messages("warn"), []);
  });
});

Deno.test("openRebuildLog() goes on without a log where the folder is not root's alone, or is none", async () => {
  const machines = [
    (root: string) => {
      Deno.mkdirSync(`${root}/var/log/nixos`, { recursive: true });
      Deno.chmodSync(`${root}/var/log/nixos`, 0o777);
    },
    (root: string) => {
      Deno.mkdirSync(`${root}/var/log`, { recursive: true });
      Deno.writeTextFileSync(`${root}/var/log/nixos`, "");
    },
  ];
  for (const make of machines) {
    await withScratch({}, (root) => {
      make(root);
      const ctx = testContext({ root, now });
      using log = openRebuildLog(ctx);
      equal(log.path, undefined);
      log.write("into nothing");
      equal(ctx.messages("warn").length, 1);
      match(ctx.messages("warn")[0]!, /^no rebuild log is written to .*20260615T123456Z\.log: /);
    });
  }
});
