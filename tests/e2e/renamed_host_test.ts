/** A host that an installation renames: the machine has its old name until it is switched and rebooted. */
import { deepEqual, equal, match } from "node:assert/strict";
import { needsNix } from "../support/needs.ts";
import { runTool } from "../support/executable.ts";
import { BUILD, InstallerHost } from "./installer_host.ts";

needsNix("rebuild-helper builds the host that an installation named, in every state", async () => {
  using host = new InstallerHost("uefi");
  const installed = await host.run([...BUILD, "--hostname", "lodge"]);
  equal(installed.code, 0, installed.stdout + installed.stderr);
  const rebuild = (...args: string[]) => runTool("rebuild-helper", args, { ...host.launch });
  for (const action of ["build", "test", "switch"]) {
    const { code, stdout, stderr } = await rebuild(action, "--json");
    equal(code, 0, stdout + stderr);
    equal(JSON.parse(stdout).host, "lodge");
  }
  const named = await rebuild("build", "--host", "workbench");
  equal(named.code, 6, named.stderr);
  match(named.stderr, /it has: .*lodge/);

  // Never another machine's system because of a damaged file; a name on the command line needs none.
  host.machine.write("/etc/hypervisor/configuration/host.json", "{");
  const before = host.actions();
  const damaged = await rebuild("switch");
  equal(damaged.code, 6, damaged.stderr);
  match(damaged.stderr, /host\.json cannot be used: it is not JSON/);
  deepEqual(host.actions(), before);
});
