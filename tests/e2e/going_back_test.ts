/** Where "to go back", an expired --confirm and --rollback lead. */
import { deepEqual, equal, match, notEqual } from "node:assert/strict";
import type { Host } from "../support/host.ts";
import { runTool } from "../support/executable.ts";
import { needsNix } from "../support/needs.ts";
import { NEW, OLD, RebuildHost } from "../support/rebuild_host.ts";
import { InstallerHost, SWITCH } from "./installer_host.ts";

/** What an activation that succeeds does, and the stand-in does not. */
function becomesCurrent(host: Host): void {
  host.ends(
    "hook",
    '#!/bin/sh\ncase "$1" in test | switch) ln -sfn "$2" /run/current-system ;; esac\n',
  );
}

needsNix("after test, switch: the way back is to the boot default of before", async () => {
  using host = new RebuildHost();
  becomesCurrent(host);
  const old = host.machine.toplevel;
  equal((await host.run(["test"])).code, 0);
  const { stdout } = await host.run(["--list-generations"]);
  match(stdout, /^ +none +– .* running$/m);
  const list = JSON.parse((await host.run(["--list-generations", "--json"])).stdout);
  equal(list.running.generation, null);
  match(list.running.toplevel, /standin$/);

  const expired = await host.run(["--confirm", "1", "switch"]);
  equal(expired.code, 1, expired.stderr);
  match(expired.stderr, /the previous system runs again/);
  deepEqual(host.actions(), [`test ${NEW}`, `test ${NEW}`, `test ${OLD}`]);
  equal(host.bootDefault(), old);

  equal((await host.run(["test"])).code, 0);
  const switched = await host.run(["switch", "--json"]);
  const { outcome } = JSON.parse(switched.stdout);
  equal(outcome.previous, old);
  match(outcome.rollbackCommand, new RegExp(`--switch-generation 12 && sudo ${old}/bin`));
  const again = JSON.parse((await host.run(["switch", "--json"])).stdout);
  equal(again.outcome.previous, null, "it was the boot default already");
});

needsNix("--rollback after a test brings the boot default back", async () => {
  using host = new RebuildHost();
  becomesCurrent(host);
  equal((await host.run(["test"])).code, 0);
  const { code, stdout, stderr } = await host.run(["--rollback"]);
  equal(code, 0, stderr);
  match(stdout, /going back to generation 12/);
  equal(host.defaultLink(), "system-12-link");
  deepEqual(host.actions(), [`test ${NEW}`, `test ${OLD}`, `boot ${OLD}`]);
});

needsNix("--rollback leaves out the system of an installation that was undone", async () => {
  using host = new InstallerHost("uefi");
  becomesCurrent(host);
  const [old, link] = [host.bootDefault(), host.defaultLink()];
  equal((await host.run(SWITCH)).code, 0);
  const installed = host.bootDefault();
  notEqual(installed, old);
  equal((await host.run(["--undo"])).code, 0);
  equal(host.bootDefault(), old);

  const rebuild = (...args: string[]) => runTool("rebuild-helper", args, { ...host.launch });
  // Another system of the owner's, as a new generation after the undone one.
  const profiles = host.machine.host("/nix/var/nix/profiles");
  const number = Number(/\d+/.exec(host.defaultLink())![0]) + 2;
  const third = host.machine.host("/nix/store/0000000000000000000000000000000a-nixos-system-third");
  await new Deno.Command("cp", { args: ["-a", host.machine.host(old), third] }).output();
  Deno.symlinkSync(third.slice(host.machine.root.length), `${profiles}/system-${number}-link`);
  Deno.removeSync(`${profiles}/system`);
  Deno.symlinkSync(`system-${number}-link`, `${profiles}/system`);
  const { code, stdout, stderr } = await rebuild("--rollback", "boot");
  equal(code, 0, stdout + stderr);
  equal(host.bootDefault(), old);
  equal(host.defaultLink(), link);
});
