/** What rebuild-helper builds and activates, and how it tells the ways in which that ends. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { Root } from "../../lib/machine/root.ts";
import { runTool } from "../support/executable.ts";
import { hasNix, isRoot } from "../support/needs.ts";
import { NEW, OLD, RebuildHost as Host } from "../support/rebuild_host.ts";

const ignore = !hasNix || !isRoot;

for (const rebuild of ["shell", "ng"] as const) {
  Deno.test({
    name: `rebuild-helper builds and switches with nixos-rebuild (${rebuild})`,
    ignore,
    fn: async () => {
      using host = new Host({ rebuild });
      const built = await host.run(["build"]);
      equal(built.code, 0, built.stderr);
      match(built.stdout, /building '\/nix\/store\/.*nixos-system-starling/);
      match(built.stdout, /built \/nix\/store\/.*nixos-system-starling.*; nothing was activated/);
      deepEqual(host.actions(), []);
      equal(host.bootDefault(), host.machine.toplevel);

      const switched = await host.run(["--json", "switch"]);
      equal(switched.code, 0, switched.stderr);
      const document = JSON.parse(switched.stdout);
      deepEqual(host.actions(), [`test ${NEW}`, `boot ${NEW}`]);
      equal(host.bootDefault(), document.toplevel);
      deepEqual(document.before, { generation: 12, toplevel: host.machine.toplevel });
      deepEqual(document.after, { generation: 13, toplevel: document.toplevel });
      equal(document.outcome.kind, "activated");
      deepEqual(document.outcome.rebootNeededFor, ["kernel", "initrd", "kernel-modules"]);
      equal(
        document.outcome.rollbackCommand,
        "sudo nix-env -p /nix/var/nix/profiles/system --switch-generation 12 && " +
          `sudo ${host.machine.toplevel}/bin/switch-to-configuration switch`,
      );
      match(host.machine.read(document.log), /building the system configuration/);
      const [build] = host.stand.calls("nixos-rebuild").filter(({ args }) => args[0] === "build");
      deepEqual(build!.args.slice(0, 4), [
        "build",
        "--flake",
        "path:/etc/nixos#starling",
        "--impure",
      ]);
    },
  });
}

Deno.test({
  name: "rebuild-helper builds where there is no nixos-rebuild, as on another Linux",
  ignore,
  fn: async () => {
    using host = new Host({ only: ["systemctl"] });
    const dry = await host.run(["dry-build"]);
    equal(dry.code, 0, dry.stderr);
    match(dry.stdout + dry.stderr, /nixos-system-starling/);
    const built = await host.run(["--json", "build"]);
    equal(built.code, 0, built.stderr);
    const { toplevel } = JSON.parse(built.stdout);
    ok(toplevel.endsWith(NEW) && host.machine.exists(toplevel));
    equal(Deno.readLinkSync(host.machine.host("/var/lib/hyper-nixos/build/result")), toplevel);
  },
});

Deno.test({
  name: "rebuild-helper boot sets the default, test leaves it, dry runs change nothing",
  ignore,
  fn: async () => {
    using host = new Host();
    const before = host.bootDefault();
    const dryBuild = await host.run(["dry-build"]);
    equal(dryBuild.code, 0, dryBuild.stderr);
    match(dryBuild.stdout, /derivations will be built|nixos-system-starling/);
    host.ends("hook", "#!/bin/sh\necho 'would restart the following units: sshd.service'\n");
    const dry = await host.run(["dry-activate"]);
    equal(dry.code, 0, dry.stderr);
    match(dry.stdout, /would restart the following units: sshd\.service/);
    const tested = await host.run(["test"]);
    equal(tested.code, 0, tested.stderr);
    equal(host.bootDefault(), before);
    const booted = await host.run(["boot"]);
    equal(booted.code, 0, booted.stderr);
    deepEqual(host.actions(), [`dry-activate ${NEW}`, `test ${NEW}`, `boot ${NEW}`]);
    ok(host.bootDefault() !== before);
  },
});

Deno.test({
  name: "rebuild-helper keeps a system whose units failed, names them, and ends with 1",
  ignore,
  fn: async () => {
    using host = new Host();
    host.stand.set("systemctl/failed", "old-trouble.service\n");
    host.ends(
      "hook",
      `#!/bin/sh
[ "$1" = test ] || exit 0
echo "warning: the following units failed: web.service, old-trouble.service"
printf 'old-trouble.service\\nweb.service\\n' > ${host.stand.folder}/state/systemctl/failed
`,
    );
    host.ends("exit-test", "4");
    const { code, stderr } = await host.run(["switch"]);
    equal(code, 1);
    match(stderr, /the new system runs, but these units failed: web\.service\n/);
    match(stderr, /systemctl status web\.service; to go back: sudo nix-env -p .* 12 && sudo/);
    deepEqual(host.actions(), [`test ${NEW}`, `boot ${NEW}`]);
    ok(host.bootDefault().endsWith(NEW));
  },
});

for (
  const [ends, how] of [
    ["2", /the activation script failed, exit code 2/],
    ["3", /systemd could not reload its units, exit code 3/],
    ["100", /its init cannot take over.*nothing was changed/],
  ] as const
) {
  Deno.test({
    name: `rebuild-helper leaves the default alone when the activation ends with ${ends}`,
    ignore,
    fn: async () => {
      using host = new Host();
      host.ends("exit-test", ends);
      const { code, stderr } = await host.run(["switch"]);
      equal(code, 1);
      match(stderr, how);
      deepEqual(host.actions(), [`test ${NEW}`]);
      equal(host.bootDefault(), host.machine.toplevel);
    },
  });
}

Deno.test({
  name: "rebuild-helper puts the default back when the boot loader cannot be updated",
  ignore,
  fn: async () => {
    using host = new Host();
    host.ends("hook", `#!/bin/sh\ncase "$1 $2" in "boot "*standin) exit 1;; esac\n`);
    const { code, stderr } = await host.run(["switch"]);
    equal(code, 1);
    match(stderr, /the boot loader could not be updated for it; the boot default is the previous/);
    equal(host.bootDefault(), host.machine.toplevel);
  },
});

Deno.test({
  name: "rebuild-helper --rollback brings the previous generation back without building",
  ignore,
  fn: async () => {
    using host = new Host();
    equal((await host.run(["switch"])).code, 0);
    host.stand.clear();
    const { code, stdout, stderr } = await host.run(["--rollback"]);
    equal(code, 0, stderr);
    match(stdout, /going back to generation 12/);
    match(stdout, /the previous system runs again and is the boot default/);
    equal(host.bootDefault(), host.machine.toplevel);
    deepEqual(host.stand.calls("nixos-rebuild"), []);
    const list = JSON.parse((await host.run(["--json", "--list-generations"])).stdout);
    deepEqual(
      list.generations.map((one: { generation: number; default: boolean }) => [
        one.generation,
        one.default,
      ]),
      [[11, false], [12, true], [13, false]],
    );
  },
});

Deno.test({
  name: "rebuild-helper resolves a flake.nix that is a link, and takes #host",
  ignore,
  fn: async () => {
    using host = new Host();
    host.machine.write("/etc/hypervisor/README", "");
    Deno.renameSync(host.machine.host("/etc/nixos"), host.machine.host("/etc/hypervisor/src"));
    Deno.mkdirSync(host.machine.host("/etc/nixos"));
    Deno.symlinkSync("/etc/hypervisor/src/flake.nix", host.machine.host("/etc/nixos/flake.nix"));
    const { code, stderr } = await host.run(["--flake", "/etc/nixos#starling", "build"]);
    equal(code, 0, stderr);
    const build = host.stand.calls("nixos-rebuild").find(({ args }) => args[0] === "build");
    equal(build!.args[2], "path:/etc/hypervisor/src#starling");
  },
});

Deno.test({
  name: "rebuild-helper warns of files that git does not track",
  ignore,
  fn: async () => {
    using host = new Host({ scratch: { git: true } });
    host.machine.write("/etc/nixos/forgotten.nix", "{ }");
    const { code, stderr } = await host.run(["build"]);
    equal(code, 0, stderr);
    match(stderr, /Nix does not see files that git does not track: forgotten\.nix/);
  },
});

Deno.test({
  name: "rebuild-helper installs a mounted machine with nixos-install, and cannot test it",
  ignore,
  fn: async () => {
    using host = new Host();
    const options = { root: host.machine.root, standIns: host.stand.folder };
    equal((await runTool("rebuild-helper", ["test"], options)).code, 4);
    const { code, stderr } = await runTool("rebuild-helper", ["switch"], options);
    equal(code, 0, stderr);
    const [install] = host.stand.calls("nixos-install");
    deepEqual(install!.args, [
      "--root",
      host.machine.root,
      "--flake",
      `path:${host.machine.root}/etc/nixos#starling`,
      "--impure",
      "--no-root-passwd",
      "--no-channel-copy",
    ]);
    ok(host.bootDefault().endsWith(NEW));
    equal(OLD, host.machine.toplevel.slice(-OLD.length));
  },
});

Deno.test({
  name: "rebuild-helper first finishes a sync that was killed among its renames: one commit, whole",
  ignore,
  fn: async () => {
    using host = new Host();
    const source = "/etc/hypervisor/src";
    host.machine.write("/etc/hypervisor/README", "");
    Deno.renameSync(host.machine.host("/etc/nixos"), host.machine.host(source));
    Deno.mkdirSync(host.machine.host("/etc/nixos"));
    Deno.symlinkSync(`${source}/flake.nix`, host.machine.host("/etc/nixos/flake.nix"));
    // The new commit's configuration.nix is in place, the module that it imports is still staged.
    const staging = "/etc/hypervisor/.src-staging-killed";
    const commit = "0123456789abcdef0123456789abcdef01234567";
    const configuration = `${source}/configuration.nix`;
    host.machine.change(configuration, /imports =\s*\[/, "imports = [ ./added.nix");
    host.machine.write(`${staging}/new/added.nix`, '{ environment.etc."proof".text = "whole"; }\n');
    host.machine.write(
      `${staging}/state.json`,
      JSON.stringify({ version: 1, repository: "a/b", commit, ref: "main", time: "2026-11-24" }),
    );
    Deno.mkdirSync(host.machine.host(`${staging}/previous`));
    host.machine.write(
      `${staging}/journal.json`,
      JSON.stringify({ version: 1, operations: [{ do: "put", path: "added.nix" }] }),
    );
    Deno.chmodSync(host.machine.host(staging), 0o700);

    const { code, stdout, stderr } = await host.run(["--json", "switch"]);
    equal(code, 0, stderr);
    match(stderr, /finished the update of the source tree that had been interrupted/);
    const document = JSON.parse(stdout);
    equal(document.commit, commit);
    const proof = new Root(host.machine.root).follow(`${document.toplevel}/etc/proof`);
    equal(Deno.readTextFileSync(proof), "whole");
    ok(!host.machine.exists(staging));
  },
});
