import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { ExitCode } from "../../../lib/machine/exit_code.ts";
import {
  hasSystemd,
  startSession,
  startUnit,
} from "../../../lib/nix/activation/activation_start.ts";
import { type TestContext, testContext } from "../../support/context.ts";
import { until } from "../../support/until.ts";

/** A machine with a systemd-run that writes down how it was called and then does this. */
async function withSystemdRun(script: string, test: (ctx: TestContext, folder: string) => unknown) {
  const folder = Deno.makeTempDirSync({ prefix: "systemd-run-" });
  try {
    Deno.writeTextFileSync(
      `${folder}/systemd-run`,
      `#!/bin/sh\nfor word; do echo "$word"; done > ${folder}/words\n${script}\n`,
      { mode: 0o755 },
    );
    const ctx = testContext({ root: folder, env: { PATH: `${folder}:/usr/bin:/bin` } });
    await test(ctx, folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

Deno.test("hasSystemd() is about the machine's systemd, not about programs alone", async () => {
  await withSystemdRun("", (ctx, folder) => {
    equal(hasSystemd(ctx), false);
    Deno.mkdirSync(`${folder}/run/systemd/system`, { recursive: true });
    equal(hasSystemd(ctx), true);
  });
});

Deno.test("startUnit() hands variables on as they are, and a way back only where one is needed", async () => {
  await withSystemdRun("exit 0", async (ctx, folder) => {
    const environment = { PATH: "/a:/b c", LOCALE_ARCHIVE: "/x=y" };
    equal(await startUnit(ctx, "/var/lib/x.sh", environment, undefined), true);
    const words = () => Deno.readTextFileSync(`${folder}/words`).trim().split("\n");
    deepEqual(words().filter((word) => word.startsWith("--setenv")), [
      "--setenv=PATH=/a:/b c",
      "--setenv=LOCALE_ARCHIVE=/x=y",
    ]);
    deepEqual(words().slice(-2), ["/bin/sh", "/var/lib/x.sh"]);
    equal(words().some((word) => word.startsWith("--property")), false);
    equal(words().includes("--unit=nixos-rebuild-switch-to-configuration"), true);

    equal(await startUnit(ctx, "/var/lib/x.sh", {}, 900), true);
    deepEqual(words().filter((word) => word.startsWith("--property")), [
      "--property=ExecStopPost=/bin/sh /var/lib/x.sh recover",
      "--property=TimeoutStopSec=900",
    ]);
  });
});

Deno.test("startUnit() tells a systemd that is not there from one that refuses", async () => {
  const answer = (says: string) => `echo "${says}" >&2; exit 1`;
  // systemd 245 to 255, and since 256.
  for (
    const says of [
      "Failed to connect to bus: No such file or directory",
      "Failed to create bus connection: No such file or directory",
      "System has not been booted with systemd as init system (PID 1). Can't operate.\n" +
      "Failed to connect to bus: Host is down",
      "Failed to connect to system scope bus via local transport: No such file or directory",
    ]
  ) {
    await withSystemdRun(answer(says), async (ctx) => {
      equal(await startUnit(ctx, "/x", {}, undefined), false, says);
    });
  }
  const unit = "nixos-rebuild-switch-to-configuration.service";
  for (
    const says of [
      `Failed to start transient service unit: Unit ${unit} already exists.`,
      `Failed to start transient service unit: Unit ${unit} was already loaded or has a fragment file.`,
    ]
  ) {
    await withSystemdRun(answer(says), async (ctx) => {
      await rejects(startUnit(ctx, "/x", {}, undefined), {
        code: ExitCode.General,
        message: "another activation is running on this machine",
      });
    });
  }
  await withSystemdRun(
    answer("Failed to start transient service unit: Interactive authentication required."),
    async (ctx) => {
      await rejects(startUnit(ctx, "/x", {}, undefined), {
        message: /could not start the activation: .*Interactive authentication required\.$/,
      });
    },
  );
});

Deno.test("startSession() runs the script in a session of its own, with nothing but what it is given", async () => {
  const folder = Deno.makeTempDirSync({ prefix: "session-" });
  try {
    Deno.writeTextFileSync(
      `${folder}/script`,
      `env > ${folder}/env; cat /proc/$$/stat > ${folder}/stat; : > ${folder}/status
until [ -e ${folder}/go ]; do sleep 0.05; done; pwd > ${folder}/end`,
    );
    await startSession(`${folder}/script`, { PATH: "/usr/bin:/bin", X: "a b" }, `${folder}/status`);
    const environment = Deno.readTextFileSync(`${folder}/env`);
    match(environment, /^X=a b$/m);
    equal(/^HOME=/m.test(environment), false);
    // proc_pid_stat(5): pid, command, state, parent, group, session.
    const [pid, , , , , session] = Deno.readTextFileSync(`${folder}/stat`).split(" ");
    equal(session, pid);
    Deno.writeTextFileSync(`${folder}/go`, "");
    const end = await until("it has ended", () => {
      try {
        return Deno.readTextFileSync(`${folder}/end`).trim() || undefined;
      } catch {
        return undefined;
      }
    });
    equal(end, "/");
    // One that ends without a word is not waited for.
    Deno.writeTextFileSync(`${folder}/script`, "exit 1");
    await startSession(`${folder}/script`, {}, `${folder}/never`);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
