/** What rebuild-helper does not do, and what it says instead. */
import { deepEqual, equal, match } from "node:assert/strict";
import { hasNix, isRoot } from "../support/needs.ts";
import { NEW, RebuildHost as Host, withLine } from "../support/rebuild_host.ts";

const ignore = !hasNix || !isRoot;

Deno.test({
  name: "rebuild-helper names the hosts of the flake and the nearest one",
  ignore,
  fn: async () => {
    using host = new Host();
    const { code, stderr } = await host.run(["--host", "starlin", "build"]);
    equal(code, 6);
    match(stderr, /no host "starlin"/);
    match(stderr, /did you mean starling\? It has: starling/);
    const twice = await host.run(["--flake", "/etc/nixos#starling", "--host", "other", "build"]);
    equal(twice.code, 4);
  },
});

Deno.test({
  name: "rebuild-helper tells a broken configuration (6) from a failing build (1)",
  ignore,
  fn: async () => {
    using host = new Host();
    const original = host.machine.read("/etc/nixos/configuration.nix");
    host.configure(withLine('environment.etc.broken.text = throw "no name";'));
    const broken = await host.run(["build"]);
    equal(broken.code, 6, broken.stderr);
    match(broken.stderr, /no name/);
    match(broken.stderr, /\/var\/log\/nixos\/rebuild-\d+T\d+Z\.log/);
    host.machine.write("/etc/nixos/configuration.nix", original);

    host.configure(withLine(
      'environment.etc.broken.source = derivation { name = "broken"; system = "x86_64-linux"; ' +
        'builder = "/bin/sh"; args = [ "-c" "echo this is why; exit 3" ]; };',
    ));
    const failing = await host.run(["build"]);
    equal(failing.code, 1, failing.stderr);
    match(failing.stdout, /this is why/);
    match(failing.stderr, /failed at \/nix\/store\/.*-broken\.drv/);
    deepEqual(host.actions(), []);
  },
});

Deno.test({
  name: "rebuild-helper refuses to lock out who is at work, and disks that are not there",
  ignore,
  fn: async () => {
    using host = new Host();
    const env = { SUDO_USER: "dana" };
    const first = await host.run(["test"], { env });
    equal(first.code, 0, first.stderr);
    // What runs now is what is compared with: the scratch system's activation changes nothing.
    const toplevel = JSON.parse((await host.run(["--json", "build"])).stdout).toplevel;
    const link = host.machine.host("/run/current-system");
    Deno.removeSync(link);
    Deno.symlinkSync(toplevel, link);

    const original = host.machine.read("/etc/nixos/configuration.nix");
    host.configure(withLine("security.sudo.enable = lib.mkForce false;"));
    const locked = await host.run(["switch"], { env });
    equal(locked.code, 6, locked.stdout + locked.stderr);
    match(locked.stderr, /not proven: dana can become root: there is no sudo/);
    match(locked.stderr, /security\.sudo\.enable = true;/);

    host.machine.write("/etc/nixos/configuration.nix", original);
    const hardware = "/etc/nixos/hardware-configuration.nix";
    host.machine.change(hardware, /by-uuid\/[0-9a-f-]{36}/, "by-uuid/0000-gone");
    const gone = await host.run(["switch"], { env });
    equal(gone.code, 6, gone.stdout + gone.stderr);
    match(gone.stderr, /there is no \/dev\/disk\/by-uuid\/0000-gone/);
    deepEqual(host.actions(), [`test ${NEW}`]);
  },
});

Deno.test({
  name: "rebuild-helper ends with 2 without nixos-rebuild, 3 without root, 4 without sense",
  ignore,
  fn: async () => {
    using host = new Host({ only: ["systemctl"] });
    const missing = await host.run(["switch"]);
    equal(missing.code, 2, missing.stderr);
    match(missing.stderr, /nixos-rebuild not found/);
    equal((await host.run(["switch"], { uid: 65534 })).code, 3);
    for (
      const args of [
        [],
        ["unbuild"],
        ["--rollback", "--confirmed"],
        ["--rollback", "build"],
        ["--confirm", "60", "build"],
        ["--confirm", "soon", "switch"],
        ["--list-generations", "switch"],
      ]
    ) equal((await host.run(args)).code, 4, args.join(" "));
  },
});

Deno.test({
  name:
    "rebuild-helper refuses a full /boot also when its kernel is there already: the menu is written",
  ignore,
  fn: async () => {
    using host = new Host();
    // Kernel and initrd are those of the generation that runs.
    const args = ["--store-path", host.machine.toplevel, "--confirm", "60", "switch"];
    const full = [host.machine.host("/boot")];
    const { code, stderr, stdout } = await host.run(args, { full });
    equal(code, 1, stdout + stderr);
    match(stderr, /\/boot has 0.00 KiB free, the new kernel, initrd and menu need 128 KiB/);
    deepEqual(host.actions(), []);
  },
});

Deno.test({
  name: "rebuild-helper explains a pre-switch check's refusal and offers boot",
  ignore,
  fn: async () => {
    using host = new Host();
    host.ends("hook", "#!/bin/sh\necho \"Pre-switch check 'switchInhibitors' failed\"\nexit 1\n");
    const { code, stderr, stdout } = await host.run(["switch"]);
    equal(code, 1);
    match(stdout, /switchInhibitors/);
    match(stderr, /a pre-switch check refused it/);
    match(stderr, /next: make it the boot default and reboot: rebuild-helper boot/);
    equal(host.bootDefault(), host.machine.toplevel);
  },
});
