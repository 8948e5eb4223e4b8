import { deepEqual, match, rejects } from "node:assert/strict";
import { checkForUpdates } from "../../lib/install/update_check.ts";
import type { Source } from "../../lib/install/source/source.ts";
import { testContext } from "../support/context.ts";
import { INSTALL_OPTIONS } from "../support/install_options.ts";
import { withScratch } from "../support/scratch_files.ts";

const ASKED = { ...INSTALL_OPTIONS, skipUpdateCheck: false };
/** Whoever is asked there answers nothing: nobody listens (RFC 6335, discard). */
const NOBODY = {
  GITHUB_API_URL: "http://127.0.0.1:9",
  GITHUB_RAW_URL: "http://127.0.0.1:9",
  GITHUB_SERVER_URL: "http://127.0.0.1:9",
};

Deno.test("checkForUpdates() asks nobody where that was not wanted", async () => {
  await withScratch({ "etc/": "" }, async (root) => {
    for (
      const [options, answers] of [
        [INSTALL_OPTIONS, {}],
        [ASKED, { "--skip-update-check": false }],
      ] as const
    ) {
      const ctx = testContext({ root, answers, env: NOBODY });
      await checkForUpdates(ctx, options, { source: undefined });
      deepEqual(ctx.messages("warn"), []);
      deepEqual([...Deno.readDirSync(`${root}/etc`)], []);
    }
  });
});

Deno.test("checkForUpdates() that gets no answer, or cannot even ask, is a message and no failure", async () => {
  const addresses = [NOBODY, { GITHUB_API_URL: "nonsense" }, { GITHUB_API_URL: "ftp://host/" }];
  for (const env of addresses) {
    await withScratch({ "etc/": "", "var/lib/": "" }, async (root) => {
      for (const path of ["", "/etc", "/var", "/var/lib"]) Deno.chmodSync(root + path, 0o755);
      const ctx = testContext({ root, env: { ...env, HYPERVISOR_TIMEOUT: "2" } });
      await checkForUpdates(ctx, ASKED, { source: undefined });
      const [said = ""] = ctx.messages("warn").slice(-1);
      match(said, /^no update: .*; going on with the source as it is$/s);
      deepEqual([...Deno.readDirSync(`${root}/etc`)], [], "nothing of a tree is left");
    });
  }
});

Deno.test("checkForUpdates() that is told to stop is no message", async () => {
  await withScratch({ "etc/": "" }, async (root) => {
    const ctx = testContext({ root, env: NOBODY });
    ctx.abort(new Error("told to stop"));
    await rejects(checkForUpdates(ctx, ASKED, { source: undefined }), /told to stop/);
  });
});

Deno.test("checkForUpdates() asks about the repository whose files would take the source's place", async () => {
  const source = { origin: { repository: "owner/fork" } } as unknown as Source;
  const cases: [source: Source | undefined, env: Record<string, string>, name: string][] = [
    [source, {}, "owner/fork"],
    [source, { HYPERVISOR_REPO: "other/one" }, "owner/fork"],
    [undefined, { HYPERVISOR_REPO: "other/one" }, "other/one"],
    [undefined, { HYPERVISOR_REPO: "" }, "MasterofNull/Hyper-NixOS"],
  ];
  for (const [its, env, name] of cases) {
    const ctx = testContext({ env: { ...NOBODY, ...env } });
    const asked: string[] = [];
    const confirm = ({ message }: { readonly message: string }) => {
      asked.push(message);
      return Promise.resolve(false);
    };
    await checkForUpdates({ ...ctx, ui: { ...ctx.ui, confirm } }, ASKED, { source: its });
    deepEqual(asked, [`Check GitHub for updates, from ${name}?`]);
  }
});
