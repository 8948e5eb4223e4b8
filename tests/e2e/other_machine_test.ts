/** rebuild-helper on another machine, over a real sshd on loopback: built here, copied and activated there. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { runTool } from "../support/executable.ts";
import { commandPath } from "../support/has_command.ts";
import { commandInside } from "../support/launch.ts";
import { hasNix, hasSshd, isRoot } from "../support/needs.ts";
import { NEW, OLD } from "../support/rebuild_host.ts";
import { SshTarget } from "../support/ssh_target.ts";

const ignore = !hasSshd || !hasNix || !isRoot;
const THERE = ["--target-host", "target"];

/** What a run leaves on that machine outside of what it was for. */
function leftThere(target: SshTarget): string[] {
  return [...Deno.readDirSync(target.there.machine.host("/run"))].map(({ name }) => name)
    .filter((name) => name.startsWith("hyper-nixos-"));
}

Deno.test({
  name: "--target-host builds here, copies, proves and activates there, and goes back there",
  ignore,
  fn: async () => {
    await using target = await SshTarget.start();
    const { here, there } = target;
    const shown = await target.run("rebuild-helper", [...THERE, "--json", "switch"]);
    equal(shown.code, 0, shown.stderr);
    match(shown.stderr, /proven: dana can still log in over SSH/);
    match(shown.stderr, /copied to target: (\d+) of \1 paths?/);
    // Two lines to copy: one for that machine, one for this.
    match(shown.stderr, /to go back, on starling:\n {2}sudo nix-env/);
    match(
      shown.stderr,
      /to go back, from here:\n {2}rebuild-helper --target-host target --rollback/,
    );
    const document = JSON.parse(shown.stdout);
    equal(document.outcome.kind, "activated");
    equal(document.host, "starling");
    equal(there.bootDefault(), document.toplevel);
    ok(there.machine.exists(document.toplevel));
    deepEqual(there.actions(), [`test ${NEW}`, `boot ${NEW}`]);
    deepEqual(here.actions(), []);
    deepEqual(there.stand.calls("nixos-rebuild"), []);
    deepEqual(leftThere(target), []);

    const again = await target.run("rebuild-helper", [...THERE, "switch"]);
    equal(again.code, 0, again.stderr);
    match(again.stdout, /nothing of the running system changes|no package differs|proven/);

    const listed = await target.run("rebuild-helper", [...THERE, "--list-generations"]);
    equal(listed.code, 0, listed.stderr);
    match(listed.stdout, /^ +13 .* default$/m);
    match(listed.stdout, /^ +12 .* running,\s+booted$/m);
    const back = await target.run("rebuild-helper", [...THERE, "--rollback"]);
    equal(back.code, 0, back.stderr);
    match(back.stdout, /the previous system runs again/);
    equal(there.bootDefault(), there.machine.toplevel);
    const json = await target.run("rebuild-helper", [...THERE, "--json", "--list-generations"]);
    equal(JSON.parse(json.stdout).generations.length, 3);
  },
});

Deno.test({
  name: "an activation there may put another /tmp in the place of the one that was used",
  ignore,
  fn: async () => {
    await using target = await SshTarget.start();
    const { there } = target;
    there.ends("hook", "#!/bin/sh\n[ $1 = dry-activate ] || rm -r /run/tmp/tmp.*\n");
    const tested = await target.run("rebuild-helper", [...THERE, "test"]);
    equal(tested.code, 0, tested.stderr);
    deepEqual(there.actions(), [`test ${NEW}`]);
    deepEqual([...Deno.readDirSync(there.machine.host("/run/tmp"))], []);
  },
});

Deno.test({
  name: "--target-host build and dry-build copy nothing, dry-activate asks that machine",
  ignore,
  fn: async () => {
    await using target = await SshTarget.start();
    const built = await target.run("rebuild-helper", [...THERE, "--json", "build"]);
    equal(built.code, 0, built.stderr);
    const { toplevel } = JSON.parse(built.stdout);
    ok(target.here.machine.exists(toplevel));
    ok(!target.there.machine.exists(toplevel));
    equal((await target.run("rebuild-helper", [...THERE, "dry-build"])).code, 0);
    const dry = await target.run("rebuild-helper", [...THERE, "dry-activate"]);
    equal(dry.code, 0, dry.stderr);
    deepEqual(target.there.actions(), [`dry-activate ${NEW}`]);

    const ready = ["--store-path", toplevel, "--confirm", "1", "test"];
    const back = await target.run("rebuild-helper", [...THERE, ...ready]);
    equal(back.code, 1);
    match(back.stderr, /nobody confirmed the new system within 1 seconds/);
    deepEqual(target.there.actions().slice(-2), [`test ${NEW}`, `test ${OLD}`]);
  },
});

Deno.test({
  name: "--target-host refuses what would lock people out of that machine, not of this one",
  ignore,
  fn: async () => {
    await using target = await SshTarget.start();
    target.here.configure((text) => text.replace(`ports = [ ${target.port} ]`, "ports = [ 22 ]"));
    const refused = await target.run("rebuild-helper", [...THERE, "switch"]);
    equal(refused.code, 6, refused.stdout);
    match(refused.stderr, new RegExp(`listens on port ${target.port}: it would listen on 22`));
    deepEqual(target.there.actions(), []);
  },
});

Deno.test({
  name: "--target-host protects the guests that run there",
  ignore,
  fn: async () => {
    await using target = await SshTarget.start();
    const { there } = target;
    const virsh = `${there.stand.folder}/virsh`;
    Deno.writeTextFileSync(virsh, "#!/bin/sh\nprintf 'web\\ndatabase\\n\\n'\n");
    Deno.chmodSync(virsh, 0o755);
    there.ends(
      "hook",
      `#!/bin/sh
[ $1 != dry-activate ] || echo 'would restart the following units: libvirtd.service'
`,
    );
    const refused = await target.run("rebuild-helper", [...THERE, "switch"]);
    equal(refused.code, 4, refused.stdout);
    match(refused.stderr, /these guests run: web, database/);
    deepEqual(there.actions(), [`dry-activate ${NEW}`]);
    const allowed = await target.run("rebuild-helper", [...THERE, "--restart-guests", "test"]);
    equal(allowed.code, 0, allowed.stderr);
  },
});

Deno.test({
  name:
    "--target-host refuses a machine without room, without the tool, that is no NixOS or where you are not root",
  ignore,
  fn: async () => {
    await using full = await SshTarget.start({ full: ["/nix/store"] });
    const room = await full.run("rebuild-helper", [...THERE, "switch"]);
    equal(room.code, 1, room.stdout);
    match(room.stderr, /only .* are free for \/nix\/store on target/);

    await using bare = await SshTarget.start({ withoutTools: true });
    const missing = await bare.run("rebuild-helper", [...THERE, "switch"]);
    equal(missing.code, 2, missing.stdout);
    match(missing.stderr, /target has no rebuild-helper of version/);
    Deno.removeSync(bare.there.machine.host("/etc/NIXOS"));
    equal((await bare.run("rebuild-helper", [...THERE, "switch"])).code, 6);

    await using user = await SshTarget.start({ user: "dana" });
    const powerless = await user.run("rebuild-helper", [...THERE, "switch"]);
    equal(powerless.code, 3, powerless.stdout);
    match(powerless.stderr, /you did not become root on target/);
    const listed = await user.run("rebuild-helper", [...THERE, "--list-generations"]);
    equal(listed.code, 0, listed.stderr);
  },
});

Deno.test({
  name: "--target-host copies this very tool where it is a package, and Nix what is needed",
  ignore,
  fn: async () => {
    await using target = await SshTarget.start({ withoutTools: true });
    const { here, there } = target;
    // A package as nix/package.nix makes it: the program behind a wrapper that names itself.
    const script = `#!/bin/sh\n${commandInside("rebuild-helper", there.stand.folder)} "$@"\n`;
    here.machine.write("/root/hyper-nixos-tools/bin/rebuild-helper", script, 0o755);
    const add = await runTool(
      commandPath("nix-store")!,
      ["--add", "/root/hyper-nixos-tools"],
      here.launch,
    );
    const tools = add.stdout.trim();
    const env = { HYPERVISOR_EXECUTABLE: `${tools}/bin/rebuild-helper` };
    const first = await target.run("rebuild-helper", [...THERE, "--list-generations"], { env });
    equal(first.code, 0, first.stderr);
    match(first.stdout, new RegExp(`copying to target: ${tools}`));
    ok(there.machine.exists(`${tools}/bin/rebuild-helper`));
    const second = await target.run("rebuild-helper", [...THERE, "test"], { env });
    equal(second.code, 0, second.stderr);
    match(second.stdout, /copying to target: \/nix\/store\/[^ ]*-nixos-system-[^ ]*$/m);
  },
});

Deno.test({
  name: "--target-host says what it cannot do, and why",
  ignore,
  fn: async () => {
    await using target = await SshTarget.start();
    const refusals: readonly (readonly [args: readonly string[], code: number, says: RegExp])[] = [
      [["--target-host", "-oProxyCommand=x", "switch"], 4, /is not \[USER@\]HOST/],
      [["--target-host", "a b", "switch"], 4, /is not \[USER@\]HOST/],
      [[...THERE], 4, /no action was named/],
      [[...THERE, "--root", "/", "--host", "nobody", "switch"], 6, /no host "nobody"/],
      [["--target-host", "nobody.invalid", "switch"], 5, /nobody\.invalid cannot be reached/],
      [[...THERE, "--store-path", "/etc", "switch"], 4, /no store path/],
      [[...THERE, "--store-path", "/etc", "build"], 4, /build would build one/],
      [[...THERE, "switch", "--offline"], 4, /--offline is an option of Nix[^]*after --/],
    ];
    for (const [args, code, says] of refusals) {
      const refused = await target.run("rebuild-helper", args);
      equal(refused.code, code, `${args} ${refused.stdout}${refused.stderr}`);
      match(refused.stderr, says);
    }
    const profile = target.there.machine.host("/root/.bashrc");
    Deno.writeTextFileSync(profile, "echo Welcome to starling, ä=b\n");
    for (const args of [["--list-generations"], ["--json", "--rollback"], ["test"]]) {
      const greeted = await target.run("rebuild-helper", [...THERE, ...args]);
      equal(greeted.code, 1, greeted.stdout);
      match(greeted.stderr, /answers in a way that is not understood: Welcome to starling/);
    }
    Deno.removeSync(profile);

    const mounted = await target.run("rebuild-helper", [...THERE, "build"], {
      env: { HYPERVISOR_ROOT: target.there.machine.root },
    });
    equal(mounted.code, 4, mounted.stderr);

    const config = target.here.machine.read("/root/.ssh/config");
    const write = (text: string) => target.here.machine.write("/root/.ssh/config", text, 0o600);
    write(config.replaceAll(`Port ${target.port}`, "Port 1"));
    const closed = await target.run("rebuild-helper", [...THERE, "switch"]);
    equal(closed.code, 5, closed.stderr);
    match(closed.stderr, /cannot be reached: .*refused/);
    write(config.replaceAll("/key", "/none"));
    const unknown = await target.run("rebuild-helper", [...THERE, "switch"]);
    equal(unknown.code, 3, unknown.stderr);
    match(unknown.stderr, /does not let you in/);
    write(config);
    const known = target.here.machine.read("/root/.ssh/known_hosts");
    target.here.machine.write(
      "/root/.ssh/known_hosts",
      known.replace(
        /AAAA\S+/,
        "AAAAC3NzaC1lZDI1NTE5AAAAIDtqJ7zOtqQtYqOo0CpvDXNlMV3HeJDpjrASKGLWdopl",
      ),
    );
    const foreign = await target.run("rebuild-helper", [...THERE, "switch"]);
    equal(foreign.code, 3, foreign.stderr);
    match(foreign.stderr, /is not known by its host key/);
    target.here.machine.write("/root/.ssh/known_hosts", "");
    equal((await target.run("rebuild-helper", [...THERE, "switch"])).code, 3);
    deepEqual(target.there.actions(), []);
  },
});
