/** rebuild-helper --build-host, over a real sshd on loopback, with real Nix on all machines. */
import { deepEqual, doesNotMatch, equal, match, ok } from "node:assert/strict";
import { hasNix, hasSshd, isRoot } from "../support/needs.ts";
import { NEW } from "../support/rebuild_host.ts";
import { SshTarget } from "../support/ssh_target.ts";

const ignore = !hasSshd || !hasNix || !isRoot;
const BUILDER = ["--build-host", "target"];

Deno.test({
  name: "--build-host evaluates here, builds there, and activates here what is copied back",
  ignore,
  fn: async () => {
    await using builder = await SshTarget.start({ builds: true });
    const { here, there } = builder;
    const built = await builder.run("rebuild-helper", [...BUILDER, "--json", "build"]);
    equal(built.code, 0, built.stderr);
    const { toplevel } = JSON.parse(built.stdout);
    ok(there.machine.exists(toplevel));
    ok(!here.machine.exists(toplevel), "a build leaves it where it was built");

    const switched = await builder.run("rebuild-helper", [...BUILDER, "switch"]);
    equal(switched.code, 0, switched.stderr);
    equal(here.bootDefault(), toplevel);
    deepEqual(here.actions(), [`test ${NEW}`, `boot ${NEW}`]);
    deepEqual(there.actions(), []);
    deepEqual(here.stand.calls("nixos-rebuild").filter(({ args }) => args[0] === "build"), []);
  },
});

Deno.test({
  name: "--build-host with --target-host: three machines, or the same one twice",
  ignore,
  fn: async () => {
    await using target = await SshTarget.start();
    await using builder = await SshTarget.start({ builds: true });
    target.alsoReach("builder", builder);
    const hosts = ["--target-host", "target", "--build-host", "builder"];
    const switched = await target.run("rebuild-helper", [...hosts, "--json", "switch"]);
    equal(switched.code, 0, switched.stderr);
    const { toplevel } = JSON.parse(switched.stdout);
    deepEqual(
      [target.here, builder.there, target.there].map(({ machine }) => machine.exists(toplevel)),
      [false, true, true],
    );
    equal(target.there.bootDefault(), toplevel);

    target.here.configure((text) => text.replace('"dana@starling"', '"dana@lark"'));
    const same = ["--target-host", "target", ...BUILDER];
    const tested = await target.run("rebuild-helper", [...same, "--json", "test"]);
    equal(tested.code, 0, tested.stderr);
    doesNotMatch(tested.stderr, /\[rebuild-helper\] copying/);
    deepEqual(builder.there.actions(), []);
  },
});

Deno.test({
  name: "--build-host says what it cannot do, and which machine failed",
  ignore,
  fn: async () => {
    await using builder = await SshTarget.start({ builds: true });
    const refusals: readonly (readonly [args: readonly string[], code: number, says: RegExp])[] = [
      [["--build-host", "-x", "build"], 4, /--build-host -x is not \[USER@\]HOST/],
      [[...BUILDER, "dry-build"], 4, /cannot say what --build-host would build/],
      [[...BUILDER, "--rollback"], 4, /--build-host goes with an action that builds/],
      [[...BUILDER, "--store-path", "/nix/store/x", "test"], 4, /goes with an action that builds/],
      [["--build-host", "nobody.invalid", "build"], 5, /nobody\.invalid cannot be reached/],
    ];
    for (const [args, code, says] of refusals) {
      const refused = await builder.run("rebuild-helper", args);
      equal(refused.code, code, `${args} ${refused.stdout}${refused.stderr}`);
      match(refused.stderr, says);
    }
    builder.here.configure((text) =>
      text.replace(
        /\}\s*$/,
        '  environment.etc.broken.source = derivation { name = "broken"; system = "x86_64-linux"; ' +
          'builder = "/bin/sh"; args = [ "-c" "echo this is why; exit 3" ]; };\n}\n',
      )
    );
    const failing = await builder.run("rebuild-helper", [...BUILDER, "build"]);
    equal(failing.code, 1, failing.stderr);
    match(failing.stderr, /failed at \/nix\/store\/.*-broken\.drv/);
  },
});
