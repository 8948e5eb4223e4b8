/** Who is not root there, and the ways that ssh itself knows. */
import { deepEqual, doesNotMatch, equal, match, ok } from "node:assert/strict";
import { runTool } from "../support/executable.ts";
import { hasCommand, hasNix, hasSshd, hasTmux, isRoot, need } from "../support/needs.ts";
import { NEW } from "../support/rebuild_host.ts";
import { SshTarget } from "../support/ssh_target.ts";
import { openToolTerminal } from "../support/terminal.ts";
import { until } from "../support/until.ts";

const ignore = !hasSshd || !hasNix || !isRoot;
const hasSudo = need(
  hasCommand("sudo"),
  "sudo is not installed: tests of its password are skipped",
);
const withSudo = ignore || !hasTmux || !hasSudo;
const THERE = ["--target-host", "target"];

Deno.test({
  name: "who is not root there is asked once by sudo there, is asked to confirm, and keeps it",
  ignore: withSudo,
  fn: async () => {
    await using target = await SshTarget.start({ user: "dana" });
    const { here, there } = target;
    const password = target.letBecomeRoot("dana");
    // A package that PATH has first and that makes nobody root.
    Deno.writeTextFileSync(`${there.stand.folder}/sudo`, "#!/bin/sh\nexit 7\n", { mode: 0o755 });
    const args = [...THERE, "switch"];
    await using terminal = await openToolTerminal("rebuild-helper", args, here.launch);
    await terminal.waitFor(/password for dana: *$/m);
    await terminal.send(password, "Enter");
    await terminal.waitFor(/You are here over SSH\. Go back by itself/);
    await terminal.send("Enter");
    await terminal.waitFor(/type "keep" here/);
    await terminal.send("keep", "Enter");
    equal(await terminal.exitCode(), 0, await terminal.screen());
    const screen = await terminal.screen();
    equal(screen.match(/password for dana/g)?.length, 1, screen);
    ok(!screen.includes(password) && !screen.includes("Shared connection"), screen);
    match(screen, /rebuild-helper --target-host target --confirmed/);
    deepEqual(there.actions(), [`test ${NEW}`, `boot ${NEW}`]);
    ok(there.bootDefault().endsWith(NEW));
  },
});

Deno.test({
  name: "a wrong password there ends with 3, and changes nothing",
  ignore: withSudo,
  fn: async () => {
    await using target = await SshTarget.start({ user: "dana" });
    target.letBecomeRoot("dana");
    const { launch } = target.here;
    await using terminal = await openToolTerminal(
      "rebuild-helper",
      [...THERE, "--rollback"],
      launch,
    );
    for (let attempt = 1; attempt <= 3; attempt++) {
      await terminal.waitFor(new RegExp(`(password for dana[^]*){${attempt}}`));
      await terminal.send(`wrong`, "Enter");
    }
    equal(await terminal.exitCode(), 3, await terminal.screen());
    match(await terminal.screen(), /you did not become root on target/);

    await using again = await openToolTerminal("rebuild-helper", [...THERE, "switch"], launch);
    await again.waitFor(/password for dana: *$/m);
    await again.send("C-c");
    equal(await again.exitCode(), 3, await again.screen());
    deepEqual(target.there.actions(), []);
  },
});

Deno.test({
  name: "a sudo there that is not setuid is none, and is not asked after everything was built",
  ignore: withSudo,
  fn: async () => {
    await using target = await SshTarget.start({ user: "dana", withoutSetuid: true });
    const args = [...THERE, "switch"];
    await using terminal = await openToolTerminal("rebuild-helper", args, target.here.launch);
    equal(await terminal.exitCode(), 3, await terminal.screen());
    match(await terminal.screen(), /you did not become root on target/);
    match(await terminal.screen(), /next: \/\S+\/sudo has no setuid bit/);
    doesNotMatch(await terminal.screen(), /building|copying/);
  },
});

Deno.test({
  name:
    "without a terminal sudo there must ask for no password; validator says what it can see without",
  ignore: ignore || !hasSudo,
  fn: async () => {
    await using target = await SshTarget.start({ user: "dana" });
    target.letBecomeRoot("dana");
    const refused = await target.run("rebuild-helper", [...THERE, "switch"]);
    equal(refused.code, 3, refused.stderr);
    match(refused.stderr, /you did not become root on target/);

    const seen = await target.run("validator", [...THERE, "--quick"]);
    match(
      seen.stdout,
      /you are not root on target; root sees more: validator --target-host root@target/,
    );
    match(seen.stderr, /only root may look at .*: sudo validator, on starling$/m);

    const rule = "dana ALL=(ALL) NOPASSWD: ALL\n";
    const { machine } = target.there;
    machine.write("/etc/sudoers", machine.read("/etc/sudoers") + rule, 0o440);
    const switched = await target.run("rebuild-helper", [...THERE, "test"]);
    equal(switched.code, 0, switched.stderr);
    match(switched.stdout, /proven: dana can still log in over SSH/);
  },
});

Deno.test({
  name: "jump hosts, an agent and NIX_SSHOPTS are ssh's own",
  ignore,
  fn: async () => {
    await using target = await SshTarget.start();
    const { here } = target;
    const write = (text: string) => here.machine.write("/root/.ssh/config", text, 0o600);
    const config = here.machine.read("/root/.ssh/config");
    // A machine behind a forwarded port, as virtual ones have it.
    write(config.replace("Host target", "Host localhost target"));
    const forwarded = await target.run("rebuild-helper", ["--target-host", "localhost", "test"]);
    equal(forwarded.code, 0, forwarded.stderr);
    write(config);
    const jumped = await target.run("rebuild-helper", ["--target-host", "jumped", "test"]);
    equal(jumped.code, 0, jumped.stderr);

    write("");
    here.machine.write("/root/other", config.replace(/^ +Identit.*\n/gm, ""), 0o600);
    const env = { NIX_SSHOPTS: "-F /root/other" };
    const none = await target.run("rebuild-helper", [...THERE, "test"], { env });
    equal(none.code, 3, none.stderr);
    await using agent = await sshAgent(here.machine.host("/root/.ssh/key"));
    const known = await target.run("rebuild-helper", [...THERE, "test"], {
      env: { ...env, SSH_AUTH_SOCK: agent.socket },
    });
    equal(known.code, 0, known.stderr);
  },
});

/** An ssh-agent(1) that holds a key. */
async function sshAgent(key: string): Promise<AsyncDisposable & { readonly socket: string }> {
  const folder = Deno.makeTempDirSync({ prefix: "agent-" });
  const socket = `${folder}/socket`;
  const agent = new Deno.Command("ssh-agent", { args: ["-D", "-a", socket], stdout: "null" })
    .spawn();
  const add = () =>
    new Deno.Command("ssh-add", {
      args: ["-q", key],
      env: { SSH_AUTH_SOCK: socket },
      stderr: "null",
    })
      .outputSync().success;
  await until("the agent has the key", () => add() || undefined);
  return {
    socket,
    [Symbol.asyncDispose]: async () => {
      agent.kill();
      await agent.status;
      Deno.removeSync(folder, { recursive: true });
    },
  };
}

Deno.test({
  name: "on a terminal ssh itself asks about a host key that it does not know, and no means no",
  ignore: ignore || !hasTmux,
  fn: async () => {
    await using target = await SshTarget.start();
    const { machine, launch } = target.here;
    machine.write("/root/.ssh/known_hosts", "", 0o600);
    const args = [...THERE, "--list-generations"];
    await using refusing = await openToolTerminal("rebuild-helper", args, launch);
    await refusing.waitFor(/Are you sure you want to continue connecting/);
    await refusing.send("no", "Enter");
    equal(await refusing.exitCode(), 3, await refusing.screen());
    equal(machine.read("/root/.ssh/known_hosts"), "");

    await using trusting = await openToolTerminal("rebuild-helper", args, launch);
    await trusting.waitFor(/Are you sure you want to continue connecting/);
    await trusting.send("yes", "Enter");
    equal(await trusting.exitCode(), 0, await trusting.screen());
    match(await trusting.screen(), /running,\s+booted/);
    match(machine.read("/root/.ssh/known_hosts"), /ssh-ed25519/);
  },
});

Deno.test({
  name: "validator --target-host is the validator of that machine",
  ignore,
  fn: async () => {
    await using target = await SshTarget.start();
    const local = await runTool("validator", ["--quick", "--json"], target.there.launch);
    const shown = await target.run("validator", [...THERE, "--quick", "--json"]);
    equal(shown.code, local.code, shown.stderr);
    const checks = (text: string) =>
      JSON.parse(text).checks.map(({ id, status }: Record<string, string>) => `${id} ${status}`);
    deepEqual(checks(shown.stdout), checks(local.stdout));
    const read = await target.run("validator", [...THERE, "--quick"]);
    equal(read.code, local.code);
    match(read.stdout, /^\[validator\] \d+ essential checks of starling$/m);
    equal((await target.run("validator", [...THERE, "--root", "/mnt"])).code, 4);
  },
});
