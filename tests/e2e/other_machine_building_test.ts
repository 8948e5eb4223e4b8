/** While a system is built for another machine: that machine has proven it, waits, and is let go in the end. */
import { deepEqual, doesNotMatch, equal, match, ok } from "node:assert/strict";
import { hasNix, hasSshd, hasTmux, isRoot } from "../support/needs.ts";
import { NEW, withLine } from "../support/rebuild_host.ts";
import { SshTarget } from "../support/ssh_target.ts";
import { openToolTerminal } from "../support/terminal.ts";
import { until } from "../support/until.ts";

const ignore = !hasSshd || !hasNix || !isRoot;
const THERE = ["--target-host", "target"];

/** A build that says that it has begun and goes on when it is let. */
const HELD = withLine(
  'environment.etc.held.source = derivation { name = "held"; system = "x86_64-linux"; ' +
    'builder = "/bin/sh"; args = [ "-c" "PATH=/usr/bin:/bin; echo held >&2; : > /run/begun; ' +
    'until [ -e /run/go ]; do sleep 0.05; done; : > $out" ]; };',
);

/** What lies in the store of the machine that builds and is the system. */
function built({ here }: SshTarget): string[] {
  return [...Deno.readDirSync(here.machine.host("/nix/store"))].map(({ name }) => name)
    .filter((name) => name.endsWith(NEW));
}

function leftThere({ there }: SshTarget): string[] {
  return [...Deno.readDirSync(there.machine.host("/run"))].map(({ name }) => name)
    .filter((name) => name.startsWith("hyper-nixos-"));
}

Deno.test({
  name:
    "what that machine refuses is refused before it is built, and asked on a terminal before it is",
  ignore: ignore || !hasTmux,
  fn: async () => {
    await using target = await SshTarget.start();
    target.here.configure((text) => text.replace(`ports = [ ${target.port} ]`, "ports = [ 22 ]"));
    const refused = await target.run("rebuild-helper", [...THERE, "switch"]);
    equal(refused.code, 6, refused.stdout);
    match(refused.stderr, /this would not be safe to activate: .*port/);
    const { launch } = target.here;
    await using terminal = await openToolTerminal("rebuild-helper", [...THERE, "switch"], launch);
    await terminal.waitFor(/You may lock yourself out\. Activate it nevertheless\?/);
    await terminal.send("Enter");
    equal(await terminal.exitCode(), 6, await terminal.screen());
    doesNotMatch(refused.stdout + await terminal.screen(), /waiting until|copying/);
    deepEqual([built(target), leftThere(target), target.there.actions()], [[], [], []]);
  },
});

Deno.test({
  name: "a build for another machine is shown line by line on a terminal that is that machine's",
  ignore: ignore || !hasTmux,
  fn: async () => {
    await using target = await SshTarget.start();
    const { here, there } = target;
    here.configure(HELD);
    const args = [...THERE, "--confirm", "300", "test"];
    await using terminal = await openToolTerminal("rebuild-helper", args, here.launch);
    await terminal.waitFor(/^held$/m);
    const screen = await terminal.screen();
    match(
      screen,
      /^\[rebuild-helper\] proven: .*[^]*^\[rebuild-helper\] waiting until it is built/m,
    );
    const busy = await target.run("rebuild-helper", [...THERE, "test"]);
    match(busy.stderr, /another tool is changing this machine/);
    here.go();
    await terminal.waitFor(/^\[rebuild-helper\] copied to target: (\d+) of \1 paths?/m);
    await terminal.waitFor(/type "keep" here/);
    await terminal.send("keep", "Enter");
    equal(await terminal.exitCode(), 0, await terminal.screen());
    deepEqual([there.actions(), leftThere(target)], [[`test ${NEW}`], []]);
  },
});

Deno.test({
  name: "Ctrl-C while it is built ends the build here and the waiting there",
  ignore: ignore || !hasTmux,
  fn: async () => {
    await using target = await SshTarget.start();
    const { here, there } = target;
    here.configure(HELD);
    await using terminal = await openToolTerminal(
      "rebuild-helper",
      [...THERE, "switch"],
      here.launch,
    );
    await terminal.waitFor(/^held$/m);
    await terminal.send("C-c");
    equal(await terminal.exitCode(), 130, await terminal.screen());
    await until("its session there is over", () => !target.busy || undefined);
    deepEqual([there.actions(), leftThere(target), built(target)], [[], [], []]);
  },
});

Deno.test({
  name: "a connection that is cut while it is built ends the build here and the waiting there",
  ignore,
  fn: async () => {
    await using target = await SshTarget.start();
    const { here, there } = target;
    here.configure(HELD);
    await using tool = target.start("rebuild-helper", [...THERE, "switch"]);
    await here.appears("/run/begun");
    target.cut();
    const { code, stderr } = await tool.result;
    equal(code, 5, stderr);
    await until("its session there is over", () => !target.busy || undefined);
    deepEqual([there.actions(), leftThere(target), built(target)], [[], [], []]);
    here.go();
    const again = await target.run("rebuild-helper", [...THERE, "test"]);
    equal(again.code, 0, again.stderr);
    ok(there.actions().includes(`test ${NEW}`));
  },
});

Deno.test({
  name: "a build that fails ends with what failed, here, and lets that machine go",
  ignore: ignore || !hasTmux,
  fn: async () => {
    await using target = await SshTarget.start();
    const { here, there } = target;
    here.configure(
      withLine(
        'environment.etc.broken.source = derivation { name = "broken"; system = "x86_64-linux"; ' +
          'builder = "/bin/sh"; args = [ "-c" "echo this is why; exit 3" ]; };',
      ),
    );
    const failing = await target.run("rebuild-helper", [...THERE, "switch"]);
    equal(failing.code, 1, failing.stderr);
    match(failing.stderr, /failed at \/nix\/store\/.*-broken\.drv/);
    await until("its session there is over", () => !target.busy || undefined);
    await using terminal = await openToolTerminal(
      "rebuild-helper",
      [...THERE, "switch"],
      here.launch,
    );
    equal(await terminal.exitCode(), 1, await terminal.screen());
    match(await terminal.screen(), /^\[rebuild-helper\] .*failed at/m);
    await until("its session there is over", () => !target.busy || undefined);
    deepEqual([there.actions(), leftThere(target)], [[], []]);
    // The lock is free.
    const listed = await target.run("rebuild-helper", [...THERE, "--rollback", "test"]);
    equal(listed.code, 0, listed.stderr);
  },
});

Deno.test({
  name: "a line that is cut under a terminal while it is built lets that machine go, too",
  ignore: ignore || !hasTmux,
  fn: async () => {
    await using target = await SshTarget.start();
    const { here, there } = target;
    here.configure(HELD);
    await using terminal = await openToolTerminal(
      "rebuild-helper",
      [...THERE, "switch"],
      here.launch,
    );
    await terminal.waitFor(/^held$/m);
    target.cut();
    equal(await terminal.exitCode(), 5, await terminal.screen());
    await until("its session there is over", () => !target.busy || undefined);
    deepEqual([there.actions(), leftThere(target), built(target)], [[], [], []]);
  },
});
