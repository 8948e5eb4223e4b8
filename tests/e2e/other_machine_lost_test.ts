/** A connection that is cut, a tool that is killed: the other machine goes on or goes back, never half. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { hasNix, hasSshd, isRoot } from "../support/needs.ts";
import { until } from "../support/until.ts";
import { NEW, OLD } from "../support/rebuild_host.ts";
import { SshTarget } from "../support/ssh_target.ts";

const ignore = !hasSshd || !hasNix || !isRoot;
const THERE = ["--target-host", "target"];

Deno.test({
  name:
    "an activation on another machine finishes although the connection was cut, and the next run says so",
  ignore,
  fn: async () => {
    await using target = await SshTarget.start();
    const { there } = target;
    there.holdActivation();
    await using tool = target.start("rebuild-helper", [...THERE, "switch"]);
    await there.appears("/run/begun");
    target.cut();
    const { code, stderr } = await tool.result;
    equal(code, 5, stderr);
    match(stderr, /the connection to target was lost/);
    const busy = await target.run("rebuild-helper", [...THERE, "switch"]);
    equal(busy.code, 1, busy.stderr);
    match(busy.stderr, /an activation is under way|another tool is changing this machine/);
    there.go();
    await there.phase("done");
    deepEqual(there.actions(), [`test ${NEW}`, `boot ${NEW}`]);
    ok(there.bootDefault().endsWith(NEW));
  },
});

Deno.test({
  name: "a system that waits on another machine goes back by itself when the connection was cut",
  ignore,
  fn: async () => {
    await using target = await SshTarget.start();
    const { there } = target;
    there.holdActivation();
    await using tool = target.start("rebuild-helper", [...THERE, "--confirm", "1", "switch"]);
    await there.appears("/run/begun");
    target.cut();
    equal((await tool.result).code, 5);
    there.go();
    await there.phase("done");
    deepEqual(there.actions(), [`test ${NEW}`, `test ${OLD}`]);
    equal(there.bootDefault(), there.machine.toplevel);
    const next = await target.run("rebuild-helper", [...THERE, "--rollback", "test"]);
    match(next.stdout + next.stderr, /nobody confirmed the new system within 1 seconds/);
  },
});

Deno.test({
  name: "a system that waits on another machine is kept from here, over a new connection",
  ignore,
  fn: async () => {
    await using target = await SshTarget.start();
    const { there } = target;
    await using tool = target.start("rebuild-helper", [...THERE, "--confirm", "300", "switch"]);
    await tool.waitForLine(/goes back by itself in 300 seconds/);
    target.cut();
    await tool.result;
    const kept = await target.run("rebuild-helper", [...THERE, "--confirmed"]);
    equal(kept.code, 0, kept.stderr);
    deepEqual(there.actions(), [`test ${NEW}`, `boot ${NEW}`]);
    ok(there.bootDefault().endsWith(NEW));
  },
});

for (const signal of ["SIGINT", "SIGTERM", "SIGKILL"] as const) {
  Deno.test({
    name: `${signal} here, before the activation, stops the tool there and changes nothing`,
    ignore,
    fn: async () => {
      await using target = await SshTarget.start();
      const { there } = target;
      // What the dry activation is asked for comes after the proofs and before the activation.
      const virsh = `${there.stand.folder}/virsh`;
      Deno.writeTextFileSync(
        virsh,
        "#!/bin/sh\n: > /run/begun\nuntil [ -e /run/go ]; do sleep 0.05; done\n",
      );
      Deno.chmodSync(virsh, 0o755);
      await using tool = target.start("rebuild-helper", [...THERE, "switch"]);
      await there.appears("/run/begun");
      tool.kill(signal);
      const { code } = await tool.result;
      equal(code, { SIGINT: 130, SIGTERM: 143, SIGKILL: 137 }[signal]);
      const log = "/var/log/hypervisor/rebuild-helper.log";
      await until(
        "the tool there has stopped",
        () =>
          there.machine.exists(log) && /SIGHUP: stopping/.test(there.machine.read(log)) ||
          undefined,
      );
      there.go();
      await until("its session there is over", () => !target.busy || undefined);
      deepEqual(there.actions(), []);
      equal(there.activation(), undefined);
    },
  });
}

Deno.test({
  name: "a connection that is cut while a system is copied leaves nothing there that runs",
  ignore,
  fn: async () => {
    await using target = await SshTarget.start();
    const { there } = target;
    const daemon = `${there.stand.folder}/nix-daemon`;
    Deno.writeTextFileSync(daemon, "#!/bin/sh\n: > /run/begun\nexec cat >/dev/null\n");
    Deno.chmodSync(daemon, 0o755);
    await using tool = target.start("rebuild-helper", [...THERE, "switch"]);
    await there.appears("/run/begun");
    target.cut();
    const { code, stderr } = await tool.result;
    equal(code, 5, stderr);
    await until("its session there is over", () => !target.busy || undefined);
    deepEqual(there.actions(), []);
    deepEqual(
      [...Deno.readDirSync(there.machine.host("/run"))].map(({ name }) => name).filter((name) =>
        name.startsWith("hyper-nixos-")
      ),
      [],
    );
    Deno.removeSync(daemon);
    equal((await target.run("rebuild-helper", [...THERE, "test"])).code, 0);
  },
});
