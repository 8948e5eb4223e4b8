/** What follows `--` goes on to Nix: to the evaluation for the proofs and to the build alike. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { Root } from "../../lib/machine/root.ts";
import { hasNix, isRoot } from "../support/needs.ts";
import { NEW, RebuildHost as Host, withLine } from "../support/rebuild_host.ts";

const ignore = !hasNix || !isRoot;

/** A host whose flake takes a file of /etc from an input; another content of it is in /srv/new. */
function hostWithInput(rebuild: "shell" | "ng"): Host {
  const host = new Host({ rebuild });
  for (const name of ["old", "new"]) host.machine.write(`/srv/${name}/text`, name);
  const path = "/etc/nixos/flake.nix";
  host.machine.write(
    path,
    host.machine.read(path)
      .replace(
        "  outputs = { self,",
        '  inputs.words = { url = "path:/srv/old"; flake = false; };\n  outputs = { self, words,',
      )
      .replace(
        "modules = [ ./configuration.nix ];",
        'modules = [ ./configuration.nix { environment.etc.words.text = builtins.readFile "${words}/text"; } ];',
      ),
  );
  return host;
}

function words(host: Host, toplevel: string): string {
  return Deno.readTextFileSync(new Root(host.machine.root).follow(`${toplevel}/etc/words`));
}

for (const rebuild of ["shell", "ng"] as const) {
  Deno.test({
    name: `rebuild-helper hands options on to evaluation and build (${rebuild})`,
    ignore,
    fn: async () => {
      using host = hostWithInput(rebuild);
      const handed = [
        ...["--override-input", "words", "path:/srv/new", "--offline", "--option", "cores", "3"],
        ...["-j2", "--print-build-logs"],
      ];
      const { code, stdout, stderr } = await host.run(["--json", "switch", "--", ...handed]);
      equal(code, 0, stderr);
      const document = JSON.parse(stdout);
      deepEqual(document.nixOptions, handed);
      equal(words(host, document.toplevel), "new");
      // The proofs looked at the same system: what was recorded of it is what they evaluated.
      const systems = "/var/lib/hyper-nixos/systems";
      const records = [...Deno.readDirSync(host.machine.host(systems))]
        .map(({ name }) => JSON.parse(host.machine.read(`${systems}/${name}`)));
      const record = records.find(({ toplevel }) => toplevel === document.toplevel);
      equal(record.identity.toplevel, document.toplevel);
      equal(record.identity.etc.words.text, "new");
      // It is not what the tree's commit makes.
      equal(record.commit, null);

      const build = host.stand.calls("nixos-rebuild").find(({ args }) => args[0] === "build")!;
      for (const word of ["--offline", "--print-build-logs"]) ok(build.args.includes(word), word);
      match(build.env.NIX_CONFIG!, /^cores = 3$/m);
      match(build.env.NIX_CONFIG!, /^max-jobs = 2$/m);
    },
  });
}

Deno.test({
  name: "rebuild-helper activates nothing when nixos-rebuild drops what was handed on",
  ignore,
  fn: async () => {
    using host = hostWithInput("shell");
    const whole = `${host.stand.folder}/whole`;
    Deno.renameSync(`${host.stand.folder}/nixos-rebuild`, whole);
    Deno.writeTextFileSync(
      `${host.stand.folder}/nixos-rebuild`,
      `#!/bin/sh
count=$#
while [ "$count" -gt 0 ]; do
  if [ "$1" = --override-input ]; then shift 3; count=$((count - 3)); continue; fi
  set -- "$@" "$1"; shift; count=$((count - 1))
done
exec ${whole} "$@"
`,
      { mode: 0o755 },
    );
    const handed = ["--override-input", "words", "path:/srv/new"];
    const { code, stderr } = await host.run(["switch", "--", ...handed]);
    equal(code, 6, stderr);
    match(stderr, /what was built \(.*\) is not what was proven \(/);
    deepEqual(host.actions(), []);
    equal(host.bootDefault(), host.machine.toplevel);
  },
});

Deno.test({
  name: "rebuild-helper refuses options that choose what is activated, before it does anything",
  ignore,
  fn: async () => {
    using host = new Host();
    for (const handed of [["--profile-name", "x"], ["--flake", "/tmp"], ["--target-host", "a"]]) {
      const { code, stderr } = await host.run(["switch", "--", ...handed]);
      equal(code, 4);
      match(stderr, new RegExp(`${handed[0]} is not handed on to Nix`));
    }
    deepEqual(host.stand.calls(), []);
    const rollback = await host.run(["--rollback", "--", "--offline"]);
    equal(rollback.code, 4);
    match(rollback.stderr, /--rollback hands nothing on to Nix/);
  },
});

Deno.test({
  name: "rebuild-helper --no-impure evaluates for the proofs as it builds",
  ignore,
  fn: async () => {
    using host = new Host();
    const path = "/etc/nixos/configuration.nix";
    const mode = 'environment.etc.mode.text = if builtins ? currentTime then "impure" else "pure";';
    host.machine.change(path, /\}\s*$/, `  ${mode}\n}\n`);
    const { code, stdout, stderr } = await host.run(["--no-impure", "--json", "test"]);
    equal(code, 0, stderr);
    const { toplevel } = JSON.parse(stdout);
    const file = new Root(host.machine.root).follow(`${toplevel}/etc/mode`);
    equal(Deno.readTextFileSync(file), "pure");
    ok(!/is not what was proven/.test(stderr), stderr);
    deepEqual(host.actions(), [`test ${NEW}`]);
  },
});

Deno.test({
  name: "rebuild-helper shows the trace of an evaluation that fails before the build, when asked",
  ignore,
  fn: async () => {
    using host = new Host();
    host.configure(withLine('environment.etc.broken.text = throw "no name";'));
    const trace = /… while (?:evaluating|calling)/;
    const plain = await host.run(["test"]);
    equal(plain.code, 6);
    ok(!trace.test(plain.stdout), plain.stdout);
    for (const asked of [["--show-trace", "test"], ["test", "--", "--show-trace"]]) {
      const { code, stdout } = await host.run(asked);
      equal(code, 6);
      match(stdout, trace);
    }
  },
});
