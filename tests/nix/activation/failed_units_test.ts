import { deepEqual } from "node:assert/strict";
import { failedUnits, unitsNamedAsFailed } from "../../../lib/nix/activation/failed_units.ts";
import type { RunOptions } from "../../../lib/machine/run.ts";
import { testContext } from "../../support/context.ts";

/** What is found where systemctl does this, and nobody waits longer for it than these milliseconds. */
async function found(script: string, patience = 60_000): Promise<string[]> {
  const folder = Deno.makeTempDirSync({ prefix: "systemctl-" });
  Deno.writeTextFileSync(`${folder}/systemctl`, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const ctx = testContext({ env: { PATH: `${folder}:/usr/bin:/bin` } });
  const run = (command: string, args: readonly string[], options: RunOptions = {}) =>
    ctx.run(command, args, { ...options, timeout: patience });
  try {
    const { which, env } = ctx.run;
    return await failedUnits({ ...ctx, run: Object.assign(run, { which, env }) });
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

Deno.test("failedUnits() names units as any systemctl lists them, and none where no systemd answers", async () => {
  const lines = [
    "a.service loaded failed failed A service",
    "● b@1.service loaded failed failed B",
    "* c.mount loaded failed failed C",
    "  dev-disk-by\\x2duuid.swap loaded failed failed D",
    "",
  ];
  deepEqual(await found(`printf '%s\\n' ${lines.map((line) => `'${line}'`).join(" ")}`), [
    "a.service",
    "b@1.service",
    "c.mount",
    "dev-disk-by\\x2duuid.swap",
  ]);
  deepEqual(await found("echo 'Failed to connect to bus' >&2; exit 1"), []);
  deepEqual(await found("kill -9 $$"), []);
  deepEqual(await found("sleep 60", 100), []);
});

Deno.test("unitsNamedAsFailed() reads switch-to-configuration's warning, and no words that are no units", () => {
  const output = "starting the following units: a.service\n" +
    "warning: the following units failed: b.service, dev-disk-by\\x2duuid.swap\n" +
    "warning: the following units failed: user@1000.service\n" +
    "the following units failed: $(rm), \u001b[31mc.service\n";
  deepEqual(unitsNamedAsFailed(output), [
    "b.service",
    "dev-disk-by\\x2duuid.swap",
    "user@1000.service",
  ]);
  deepEqual(unitsNamedAsFailed("all is well"), []);
});
