import { deepEqual, equal, match, ok } from "node:assert/strict";
import { hasNix, hasTmux, isRoot } from "../support/needs.ts";
import { NEW, OLD, RebuildHost as Host, withLine } from "../support/rebuild_host.ts";
import { openToolTerminal } from "../support/terminal.ts";

const ignore = !hasNix || !isRoot || !hasTmux;

/** Puts a program beside the stand-ins. */
function install(host: Host, name: string, script: string): void {
  const path = `${host.stand.folder}/${name}`;
  Deno.writeTextFileSync(path, `#!/bin/sh\n${script}\n`);
  Deno.chmodSync(path, 0o755);
}

Deno.test({
  name: "rebuild-helper draws a build with nom on a terminal, and still logs it as text",
  ignore,
  fn: async () => {
    using host = new Host();
    install(host, "nom", `cat > ${host.stand.folder}/state/nom\necho "nom has drawn $1"`);
    await using terminal = await openToolTerminal("rebuild-helper", ["build"], host.launch);
    equal(await terminal.exitCode(), 0);
    const screen = await terminal.screen();
    match(screen, /nom has drawn --json/);
    ok(!screen.includes("building '/nix/store"), screen);
    match(host.stand.get("nom")!, /^@nix \{"action":"start"/m);
    const [log] = [...Deno.readDirSync(host.machine.host("/var/log/nixos"))];
    match(host.machine.read(`/var/log/nixos/${log!.name}`), /^building '\/nix\/store\/.*system/m);
  },
});

Deno.test({
  name: "rebuild-helper shows what changes with nvd before it activates",
  ignore,
  fn: async () => {
    using host = new Host();
    install(host, "nvd", 'echo "from $4"; echo "to $5"');
    const { code, stdout, stderr } = await host.run(["test"]);
    equal(code, 0, stderr);
    match(stdout, new RegExp(`from ${host.machine.toplevel}\nto /nix/store/.*${NEW}`));
  },
});

Deno.test({
  name: "rebuild-helper offers boot when a pre-switch check refuses the new system",
  ignore,
  fn: async () => {
    using host = new Host();
    host.ends(
      "hook",
      '#!/bin/sh\n[ $1 = test ] || exit 0\necho "Pre-switch checks failed"\nexit 1\n',
    );
    await using terminal = await openToolTerminal("rebuild-helper", ["switch"], host.launch);
    await terminal.waitFor(/Make it the boot default/);
    await terminal.send("Enter");
    equal(await terminal.exitCode(), 0, await terminal.screen());
    deepEqual(host.actions(), [`test ${NEW}`, `boot ${NEW}`]);
    ok(host.bootDefault().endsWith(NEW));
  },
});

Deno.test({
  name: "rebuild-helper offers the way back after units failed, and goes back",
  ignore,
  fn: async () => {
    using host = new Host();
    host.ends("hook", `#!/bin/sh\ncase "$1 $2" in "test "*standin) exit 4;; esac\n`);
    await using terminal = await openToolTerminal("rebuild-helper", ["switch"], host.launch);
    await terminal.waitFor(/Go back to the previous system\?/);
    await terminal.send("y");
    equal(await terminal.exitCode(), 1);
    deepEqual(host.actions(), [`test ${NEW}`, `boot ${NEW}`, `test ${OLD}`, `boot ${OLD}`]);
    equal(host.bootDefault(), host.machine.toplevel);
  },
});

Deno.test({
  name: "rebuild-helper offers over SSH to go back by itself, and Ctrl-C at that changes nothing",
  ignore,
  fn: async () => {
    using host = new Host();
    const env = { SSH_CONNECTION: "198.51.100.7 50000 192.0.2.1 22" };
    // The address is one that dhcpcd got: its lease is the server's message (RFC 2131).
    const lease = new Uint8Array(240);
    lease.set([192, 0, 2, 1], 16);
    Deno.mkdirSync(host.machine.host("/var/lib/dhcpcd"), { recursive: true });
    Deno.writeFileSync(host.machine.host("/var/lib/dhcpcd/eth0.lease"), lease);
    const launch = { ...host.launch, env };
    await using terminal = await openToolTerminal("rebuild-helper", ["switch"], launch);
    const screen = await terminal.waitFor(/Go back by itself/);
    match(screen, /proven: dana can still log in over SSH/);
    await terminal.send("C-c");
    equal(await terminal.exitCode(), 130);
    deepEqual(host.actions(), []);
    equal(host.activation(), undefined);
  },
});

Deno.test({
  name: "rebuild-helper takes Enter at the question whether to lock out for a no",
  ignore,
  fn: async () => {
    using host = new Host();
    host.configure(withLine("security.sudo.enable = false;"));
    const launch = { ...host.launch, env: { ...host.launch.env, SUDO_USER: "dana" } };
    await using terminal = await openToolTerminal("rebuild-helper", ["switch"], launch);
    await terminal.waitFor(/Activate it nevertheless/);
    await terminal.send("Enter");
    equal(await terminal.exitCode(), 6, await terminal.screen());
    deepEqual(host.actions(), []);
  },
});
