/** Which specialisation of a system rebuild-helper activates, and what it proves of which. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { Root } from "../../lib/machine/root.ts";
import { hasNix, isRoot } from "../support/needs.ts";
import { RebuildHost as Host, withLine } from "../support/rebuild_host.ts";

const ignore = !hasNix || !isRoot;
const CONFIGURATION = "/etc/nixos/configuration.nix";
const EACH = `specialisation.gaming.configuration.environment.etc.which.text = "gaming";
  specialisation.lean.configuration.environment.etc.which.text = "lean";`;

function hostWith(lines: string): Host {
  const host = new Host();
  host.configure(withLine(lines));
  return host;
}

/** Each action with what it was done to: `gaming`, or `base`. */
function actions(host: Host): string[] {
  const path = "/run/standin-activation/actions";
  if (!host.machine.exists(path)) return [];
  return host.machine.read(path).trim().split("\n").map((line) => {
    const [action = "", system = ""] = line.split(" ");
    return `${action} ${which(host, system)}`;
  });
}

function which(host: Host, system: string): string {
  try {
    return Deno.readTextFileSync(new Root(host.machine.root).follow(`${system}/etc/which`));
  } catch {
    return "base";
  }
}

/** What runs; the scratch system's activation changes nothing. */
function runs(host: Host, system: string): void {
  const link = host.machine.host("/run/current-system");
  Deno.removeSync(link);
  Deno.symlinkSync(system, link);
}

/** Switches to the specialisation gaming, which runs then. */
async function runsGaming(host: Host) {
  const { stdout } = await host.run(["--json", "--specialisation", "gaming", "switch"]);
  const document = JSON.parse(stdout);
  runs(host, document.outcome.toplevel);
  return document;
}

Deno.test({
  name: "rebuild-helper activates a named specialisation, and the next boot starts its system",
  ignore,
  fn: async () => {
    using host = hostWith(EACH);
    const { code, stdout, stderr } = await host.run([
      "--json",
      "--specialisation",
      "gaming",
      "switch",
    ]);
    equal(code, 0, stderr);
    const document = JSON.parse(stdout);
    equal(document.specialisation, "gaming");
    deepEqual(actions(host), ["test gaming", "boot base"]);
    equal(host.bootDefault(), document.toplevel);
    equal(which(host, document.outcome.toplevel), "gaming");
    deepEqual(document.after, { generation: 13, toplevel: document.outcome.toplevel });
    match(stderr, /the specialisation gaming, which is to run:\n.*proven: /);
    match(stderr, /the system itself, which the next boot starts:\n.*proven: /);

    const dry = await host.run(["--specialisation", "lean", "dry-activate"]);
    equal(dry.code, 0, dry.stderr);
    deepEqual(actions(host).slice(2), ["dry-activate lean"]);
  },
});

Deno.test({
  name: "rebuild-helper keeps the specialisation that runs, and goes back to it",
  ignore,
  fn: async () => {
    using host = hostWith(EACH);
    const first = await runsGaming(host);
    const list = JSON.parse((await host.run(["--json", "--list-generations"])).stdout);
    deepEqual(list.running, {
      generation: 13,
      toplevel: first.outcome.toplevel,
      specialisation: "gaming",
    });
    deepEqual(list.generations.at(-1).specialisations, ["gaming", "lean"]);

    host.configure(withLine('environment.etc.more.text = "more";'));
    const { code, stdout, stderr } = await host.run(["--json", "switch"]);
    equal(code, 0, stderr);
    match(stderr, /the specialisation gaming runs and is kept/);
    const second = JSON.parse(stdout);
    deepEqual(actions(host).slice(2), ["test gaming", "boot base"]);
    // Back is where it came from: the specialisation of generation 13, with its own boot menu.
    equal(
      second.outcome.rollbackCommand,
      "sudo nix-env -p /nix/var/nix/profiles/system --switch-generation 13 && " +
        `sudo ${first.outcome.toplevel}/bin/switch-to-configuration test && ` +
        `sudo ${first.toplevel}/bin/switch-to-configuration boot`,
    );

    runs(host, second.outcome.toplevel);
    const back = await host.run(["--json", "--rollback"]);
    equal(back.code, 0, back.stderr);
    equal(JSON.parse(back.stdout).toplevel, first.outcome.toplevel);
    equal(host.bootDefault(), first.toplevel);
    deepEqual(actions(host).slice(4), ["test gaming", "boot base"]);

    runs(host, first.outcome.toplevel);
    const left = await host.run(["--no-specialisation", "test"]);
    equal(left.code, 0, left.stderr);
    deepEqual(actions(host).slice(6), ["test base"]);
    // The next boot starts the system itself anyway.
    equal((await host.run(["boot"])).code, 0);
    deepEqual(actions(host).slice(7), ["boot base"]);
  },
});

Deno.test({
  name: "rebuild-helper --rollback goes on without the specialisation where a generation has none",
  ignore,
  fn: async () => {
    using host = hostWith(EACH);
    await runsGaming(host);
    const named = await host.run(["--rollback", "--specialisation", "gaming"]);
    equal(named.code, 4, named.stderr);
    const { code, stderr } = await host.run(["--rollback"]);
    equal(code, 0, stderr);
    match(stderr, /that generation has no specialisation gaming: it is activated without/);
    equal(host.bootDefault(), host.machine.toplevel);
  },
});

Deno.test({
  name: "rebuild-helper names the specialisations there are when one is not",
  ignore,
  fn: async () => {
    using host = hostWith(EACH);
    for (const action of ["test", "dry-activate"]) {
      const { code, stderr } = await host.run(["--specialisation", "gamin", action]);
      equal(code, 4, stderr);
      match(stderr, /the new system has no specialisation "gamin"/);
      match(stderr, /it has: gaming, lean/);
    }
    const first = JSON.parse(
      (await host.run(["--json", "--specialisation", "gaming", "test"])).stdout,
    );
    runs(host, first.outcome.toplevel);
    host.machine.change(CONFIGURATION, /specialisation\.gaming.*\n/, "");
    const gone = await host.run(["switch"]);
    equal(gone.code, 6, gone.stderr);
    match(gone.stderr, /it runs now, and it has: lean; to leave it: --no-specialisation/);
    host.machine.change(CONFIGURATION, /specialisation\.lean.*\n/, "");
    const none = await host.run(["switch"]);
    equal(none.code, 6, none.stderr);
    match(none.stderr, /it runs now, and it has none; to leave it: --no-specialisation/);
    deepEqual(actions(host), ["test gaming"]);
    equal((await host.run(["--no-specialisation", "switch"])).code, 0);
    for (const action of ["boot", "build"]) {
      equal((await host.run(["--specialisation", "lean", action])).code, 4);
    }
  },
});

Deno.test({
  name: "rebuild-helper proves what is to run and what the next boot starts, each by itself",
  ignore,
  fn: async () => {
    using host = new Host();
    const env = { SUDO_USER: "dana" };
    const original = host.machine.read(CONFIGURATION);
    const locked = "security.sudo.enable = lib.mkForce false;";
    host.configure(withLine(`specialisation.closed.configuration = { ${locked} };`));
    const closed = await host.run(["--specialisation", "closed", "test"], { env });
    equal(closed.code, 6, closed.stderr);
    match(closed.stderr, /not proven: dana can become root/);
    deepEqual(actions(host), []);
    const plain = await host.run(["test"], { env });
    equal(plain.code, 0, plain.stderr);

    host.machine.write(CONFIGURATION, original);
    host.configure(withLine(`${locked}
  specialisation.open.configuration = { security.sudo.enable = lib.mkOverride 40 true; };`));
    const open = await host.run(["--specialisation", "open", "test"], { env });
    equal(open.code, 0, open.stderr);
    const next = await host.run(["--specialisation", "open", "switch"], { env });
    equal(next.code, 6, next.stderr);
    match(next.stdout, /proven: [^]*the system itself, which the next boot starts:\n/);
    match(next.stderr, /not proven: dana can become root/);
    ok(!actions(host).includes("boot base"));
  },
});
