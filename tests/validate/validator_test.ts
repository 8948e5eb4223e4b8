import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import type { ReportDocument } from "../../lib/validate/document.ts";
import { validator, type ValidatorOptions } from "../../lib/validate/validator.ts";
import { testContext } from "../support/context.ts";
import { isRoot } from "../support/needs.ts";
import { withScratch } from "../support/scratch_files.ts";

const QUICK: ValidatorOptions = {
  quick: true,
  fix: false,
  verbose: false,
  json: false,
  metrics: false,
};

Deno.test("validator() prints one document: a report, a JSON document, or metrics", async () => {
  await withScratch({ "etc/hostname": "h\n" }, async (root) => {
    const people = testContext({ root });
    equal(await validator(people, QUICK), 6);
    match(people.printed.join("\n"), /Core Directories[^]*Resources/);
    match(people.messages("error").join("\n"), /\d+ passed.*; failed: .*hypervisor-folder/);
    equal(people.documents.length, 0);

    const program = testContext({ root });
    equal(await validator(program, { ...QUICK, json: true }), 6);
    const [document] = program.documents as ReportDocument[];
    deepEqual([program.printed, document!.exitCode, document!.host, document!.repairs], [
      [],
      6,
      "h",
      null,
    ]);
    const counted = Object.values(document!.counts).reduce((sum, count) => sum + count);
    equal(counted, document!.checks.length);
    for (const { id, status, remedy, detail } of document!.checks) {
      ok(!/\.$/.test(detail), `${id}: ${detail}`);
      // Who is woken has to know what to do.
      if (status === "fail" || status === "warn") ok(remedy, `${id} says nothing to do`);
    }

    const prometheus = testContext({ root });
    equal(await validator(prometheus, { ...QUICK, metrics: true }), 6);
    equal(prometheus.printed.length, 1);
    match(prometheus.printed[0]!, /^hypervisor_validator_check\{id="hypervisor-folder".*\} 2$/m);

    await rejects(
      validator(testContext({ root }), { ...QUICK, json: true, metrics: true }),
      /--json and --metrics exclude each other/,
    );
  });
});

Deno.test({
  name: "validator() repairs, looks again, and says what is left to a person",
  ignore: !isRoot,
  fn: async () => {
    const files = { "etc/hypervisor/src/": "", "run/": "", "var/lib/": "", "var/log/": "" };
    await withScratch(files, async (root) => {
      Deno.chmodSync(`${root}/etc/hypervisor`, 0o775);
      const ctx = testContext({ root });
      equal(await validator(ctx, { ...QUICK, fix: true, json: true }), 6);
      const [document] = ctx.documents as ReportDocument[];
      const status = (id: string) => document!.checks.find((check) => check.id === id)?.status;
      deepEqual(
        [
          status("hypervisor-folder"),
          status("log-folders"),
          status("state-folder"),
          status("source-files"),
        ],
        ["pass", "pass", "pass", "fail"],
      );
      const repaired = document!.repairs!.filter(({ changes }) => changes.length > 0).map((
        { check },
      ) => check);
      for (const id of ["hypervisor-folder", "log-folders", "state-folder"]) {
        ok(repaired.includes(id), id);
      }
      match(ctx.messages("info").join("\n"), /left to you: .*source-files/);
      equal(Deno.statSync(`${root}/etc/hypervisor`).mode! & 0o7777, 0o755);
    });
  },
});

Deno.test({
  name: "validator() sends nobody to sudo who is root: what is not there is not closed",
  ignore: !isRoot,
  fn: async () => {
    await withScratch(
      { "etc/hypervisor/": "", "etc/passwd": "root:x:0:0::/root:/bin/sh\n" },
      async (root) => {
        const ctx = testContext({ root });
        await validator(ctx, QUICK);
        equal(ctx.lines.some(({ text }) => /only root may look/.test(text)), false);
      },
    );
  },
});
