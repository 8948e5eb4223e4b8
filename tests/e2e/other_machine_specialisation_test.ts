/** Specialisations on another machine: named here, or the one that runs there. */
import { deepEqual, equal, match } from "node:assert/strict";
import { Root } from "../../lib/machine/root.ts";
import { hasNix, hasSshd, isRoot } from "../support/needs.ts";
import { withLine } from "../support/rebuild_host.ts";
import { SshTarget } from "../support/ssh_target.ts";

const ignore = !hasSshd || !hasNix || !isRoot;
const THERE = ["--target-host", "target"];

Deno.test({
  name: "--target-host proves and activates the specialisation that is named, or that runs there",
  ignore,
  fn: async () => {
    await using target = await SshTarget.start();
    const { here, there } = target;
    here.configure(
      withLine('specialisation.gaming.configuration.environment.etc.which.text = "g";'),
    );
    const named = await target.run("rebuild-helper", [
      ...THERE,
      "--json",
      "--specialisation=gaming",
      "switch",
    ]);
    equal(named.code, 0, named.stderr);
    const first = JSON.parse(named.stdout);
    equal(first.specialisation, "gaming");
    equal(there.bootDefault(), first.toplevel);
    const root = new Root(there.machine.root);
    const active = root.realPath(`${first.toplevel}/specialisation/gaming`);
    equal(first.outcome.toplevel, active);
    // Each was proven: what is to run, and what the next boot starts.
    equal(named.stderr.match(/proven: dana can still log in over SSH/g)?.length, 2);

    // What nh asks people to write: a stand-in that runs would have no real programs.
    there.machine.write("/etc/specialisation", "gaming\n");
    here.configure(withLine('environment.etc.more.text = "more";'));
    const kept = await target.run("rebuild-helper", [...THERE, "--json", "test"]);
    equal(kept.code, 0, kept.stderr);
    match(kept.stderr, /the specialisation gaming runs and is kept/);
    const second = JSON.parse(kept.stdout);
    deepEqual([second.specialisation, second.outcome.kind], ["gaming", "activated"]);

    const left = await target.run("rebuild-helper", [
      ...THERE,
      "--json",
      "--no-specialisation",
      "test",
    ]);
    equal(left.code, 0, left.stderr);
    equal(JSON.parse(left.stdout).specialisation, null);
    const unknown = await target.run("rebuild-helper", [...THERE, "--specialisation=x", "test"]);
    equal(unknown.code, 4);
    match(unknown.stderr, /it has: gaming/);
  },
});
