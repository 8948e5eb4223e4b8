import { deepEqual, equal, rejects } from "node:assert/strict";
import { showChanges } from "../../../lib/nix/store/closure_diff.ts";
import { type TestContext, testContext } from "../../support/context.ts";

const [OLD, NEW] = [
  "/nix/store/aaaa-nixos-system-vm-24.05",
  "/nix/store/bbbb-nixos-system-vm-24.11",
];

/** A machine that runs OLD, with these programs. */
async function withPrograms(
  programs: Readonly<Record<string, string>>,
  test: (ctx: TestContext) => Promise<void>,
) {
  const root = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "diff-" }));
  try {
    Deno.mkdirSync(`${root}/run`);
    Deno.mkdirSync(`${root}/bin`);
    Deno.symlinkSync(OLD, `${root}/run/current-system`);
    for (const [name, script] of Object.entries(programs)) {
      Deno.writeTextFileSync(`${root}/bin/${name}`, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    }
    await test(testContext({ root, env: { PATH: `${root}/bin:/usr/bin:/bin` } }));
  } finally {
    Deno.removeSync(root, { recursive: true });
  }
}

const DIFFERS = `printf 'openssh: 9.7 \\033[31m→\\033[0m 9.9\\n'`;

Deno.test("showChanges() prints what nvd says, else what Nix does, without colours", async () => {
  await withPrograms(
    { nvd: `[ "$*" = "--color never diff ${OLD} ${NEW}" ] && ${DIFFERS}` },
    async (ctx) => {
      equal(await showChanges(ctx, NEW), "openssh: 9.7 → 9.9");
      deepEqual(ctx.printed, ["openssh: 9.7 → 9.9"]);
    },
  );
  const nix = `[ "$*" = "store diff-closures ${OLD} ${NEW}" ] && ${DIFFERS}`;
  for (const nvd of ["exit 1", "kill -9 $$", 'echo "half of it"; exit 3']) {
    await withPrograms({ nvd, nix }, async (ctx) => {
      equal(await showChanges(ctx, NEW), "openssh: 9.7 → 9.9", nvd);
    });
  }
});

Deno.test("showChanges() says that nothing differs, and nothing where nothing is known", async () => {
  await withPrograms({ nvd: "exit 1", nix: "exit 1" }, async (ctx) => {
    equal(await showChanges(ctx, OLD), "");
    deepEqual(ctx.messages("info"), ["no package differs from the running system"]);
    equal(await showChanges(ctx, NEW), undefined);
    Deno.removeSync(ctx.root.host("/run/current-system"));
    equal(await showChanges(ctx, NEW), undefined);
    deepEqual(ctx.printed, []);
  });
  await withPrograms({ nvd: "exit 0" }, async (ctx) => equal(await showChanges(ctx, NEW), ""));
});

Deno.test("showChanges() ends with a signal", async () => {
  await withPrograms({ nvd: "sleep 60" }, async (ctx) => {
    const shown = rejects(showChanges(ctx, NEW), { message: "SIGINT" });
    ctx.abort(new Error("SIGINT"));
    await shown;
  });
});
