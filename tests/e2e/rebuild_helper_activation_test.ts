import { deepEqual, equal, match, ok } from "node:assert/strict";
import { startTool } from "../support/executable.ts";
import { hasNix, hasTmux, isRoot } from "../support/needs.ts";
import { until } from "../support/until.ts";
import { NEW, OLD, RebuildHost as Host, withLine } from "../support/rebuild_host.ts";
import { openToolTerminal } from "../support/terminal.ts";
import { makeFifo } from "../support/scratch_files.ts";

const ignore = !hasNix || !isRoot;

/** With systemd's programs, and without: then the activation is a session of its own. */
const WAYS = [
  ["in a systemd unit", {}],
  ["in a session of its own", { only: ["nixos-rebuild", "systemctl"] }],
] as const;

for (const [way, options] of WAYS) {
  Deno.test({
    name: `an activation ${way} finishes although its tool was killed, and the next run says so`,
    ignore,
    fn: async () => {
      using host = new Host(options);
      host.holdActivation();
      await using tool = startTool("rebuild-helper", ["switch"], host.launch);
      await host.appears("/run/begun");
      tool.kill("SIGKILL");
      await tool.result;
      const busy = await host.run(["switch"]);
      equal(busy.code, 1, busy.stderr);
      match(busy.stderr, /an activation is under way/);

      host.go();
      await host.phase("done");
      deepEqual(host.actions(), [`test ${NEW}`, `boot ${NEW}`]);
      ok(host.bootDefault().endsWith(NEW));
      const next = await host.run(["build"]);
      equal(next.code, 0, next.stderr);
      match(next.stdout, /an earlier switch had not been reported: the new system runs/);
      const again = await host.run(["build"]);
      ok(!again.stdout.includes("had not been reported"));
    },
  });

  Deno.test({
    name: `an activation ${way} finishes although its terminal was closed`,
    ignore: ignore || !hasTmux,
    fn: async () => {
      using host = new Host(options);
      host.holdActivation();
      await using terminal = await openToolTerminal("rebuild-helper", ["switch"], host.launch);
      await host.appears("/run/begun");
      await terminal.hangup();
      host.go();
      await host.phase("done");
      deepEqual(host.actions(), [`test ${NEW}`, `boot ${NEW}`]);
      ok(host.bootDefault().endsWith(NEW));
      // The tool goes on into its log.
      const log = "/var/log/hypervisor/rebuild-helper.log";
      await until(
        "the log says how it ended",
        () =>
          /the new system runs and is the boot default/.test(host.machine.read(log)) || undefined,
      );
    },
  });

  Deno.test({
    name: `an activation ${way} goes back by itself when its tool is gone and nobody confirms`,
    ignore,
    fn: async () => {
      using host = new Host(options);
      host.holdActivation();
      await using tool = startTool("rebuild-helper", ["--confirm", "1", "switch"], host.launch);
      await host.appears("/run/begun");
      tool.kill("SIGKILL");
      await tool.result;
      host.go();
      await host.phase("done");
      deepEqual(host.actions(), [`test ${NEW}`, `test ${OLD}`]);
      equal(host.bootDefault(), host.machine.toplevel);
      const next = await host.run(["build"]);
      match(next.stderr, /nobody confirmed the new system within 1 seconds/);
    },
  });
}

Deno.test({
  name: "rebuild-helper --confirm goes back when nobody confirms, and ends with 1",
  ignore,
  fn: async () => {
    using host = new Host();
    const { code, stdout, stderr } = await host.run(["--confirm", "1", "switch"]);
    equal(code, 1);
    match(stdout, /touch \/var\/lib\/hyper-nixos\/activations\/.*\.confirmed/);
    match(
      stderr,
      /nobody confirmed the new system within 1 seconds: the previous system runs again/,
    );
    deepEqual(host.actions(), [`test ${NEW}`, `test ${OLD}`]);
    equal(host.bootDefault(), host.machine.toplevel);
  },
});

Deno.test({
  name: "rebuild-helper --confirmed keeps a system that waits, from another session",
  ignore,
  fn: async () => {
    using host = new Host();
    await using tool = startTool("rebuild-helper", ["--confirm", "600", "switch"], host.launch);
    await tool.waitForLine(/goes back by itself in 600 seconds/);
    equal(host.bootDefault(), host.machine.toplevel);
    const confirmed = await host.run(["--confirmed"]);
    equal(confirmed.code, 0, confirmed.stderr);
    match(confirmed.stdout, /the new system runs and is the boot default/);
    equal((await tool.result).code, 0);
    ok(host.bootDefault().endsWith(NEW));
    const late = await host.run(["--confirmed"]);
    equal(late.code, 1);
    match(late.stderr, /no activation waits for a confirmation/);
  },
});

Deno.test({
  name: "rebuild-helper --confirm is confirmed on the terminal by typing keep",
  ignore: ignore || !hasTmux,
  fn: async () => {
    using host = new Host();
    await using terminal = await openToolTerminal(
      "rebuild-helper",
      ["--confirm", "600", "switch"],
      host.launch,
    );
    await terminal.waitFor(/or type "keep" here/);
    await terminal.send("keep", "Enter");
    equal(await terminal.exitCode(), 0);
    match(await terminal.screen(), /the new system runs and is the boot default/);
    ok(host.bootDefault().endsWith(NEW));
  },
});

Deno.test({
  name: "rebuild-helper stops cleanly while it builds, and no longer once it activates",
  ignore,
  fn: async () => {
    using host = new Host();
    const original = host.machine.read("/etc/nixos/configuration.nix");
    makeFifo(host.machine.host("/run/never"));
    host.configure(withLine(
      'environment.etc.slow.source = derivation { name = "slow"; system = "x86_64-linux"; ' +
        'builder = "/bin/sh"; args = [ "-c" ": > /run/building; read -r _ < /run/never" ]; };',
    ));
    await using stopped = startTool("rebuild-helper", ["switch"], host.launch);
    await host.appears("/run/building");
    stopped.kill("SIGINT");
    equal((await stopped.result).code, 130);
    equal(host.activation(), undefined);

    host.machine.write("/etc/nixos/configuration.nix", original);
    host.holdActivation();
    await using tool = startTool("rebuild-helper", ["switch"], host.launch);
    await host.appears("/run/begun");
    tool.kill("SIGINT");
    await tool.waitForLine(/SIGINT ignored: the activation is under way/);
    host.go();
    equal((await tool.result).code, 0);
    ok(host.bootDefault().endsWith(NEW));
  },
});

Deno.test({
  name: "rebuild-helper --confirm goes back when the activation itself is killed",
  ignore,
  fn: async () => {
    using host = new Host({ only: ["nixos-rebuild", "systemctl"] });
    await using tool = startTool("rebuild-helper", ["--confirm", "600", "switch"], host.launch);
    await tool.waitForLine(/goes back by itself in 600 seconds/);
    Deno.kill(Number(host.activation()!.pid), "SIGKILL");
    const { code, stderr } = await tool.result;
    equal(code, 1);
    match(stderr, /the activation was ended before it was confirmed: going back/);
    deepEqual(host.actions(), [`test ${NEW}`, `test ${OLD}`]);
    equal(host.bootDefault(), host.machine.toplevel);
  },
});
