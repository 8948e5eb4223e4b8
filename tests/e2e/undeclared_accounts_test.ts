/** Accounts that an installation declared, and a later system does not: they are people's, and stay. */
import { deepEqual, doesNotMatch, equal, match } from "node:assert/strict";
import { runTool } from "../support/executable.ts";
import { needsNix } from "../support/needs.ts";
import { InstallerHost, SWITCH } from "./installer_host.ts";

const DECLARED = "/var/lib/nixos/declarative-users";

needsNix(
  "rebuild-helper keeps an account that is no longer declared, --undo forgets that",
  async () => {
    using host = new InstallerHost("uefi");
    const { machine } = host;
    const declared = () => machine.read(DECLARED).trim().split(" ");
    // What update-users-groups of NixOS does: it removes what it declared before and no longer does.
    host.ends(
      "hook",
      `#!/bin/sh
case "$1" in test | switch) ln -sfn "$2" /run/current-system ;; *) exit 0 ;; esac
for name in $(cat ${DECLARED}); do
  case " $(cat /run/declares) " in *" $name "*) ;; *) sed -i "/^$name:/d" /etc/passwd ;; esac
done
cat /run/declares > ${DECLARED}
`,
    );
    const before = machine.read(DECLARED);
    machine.write("/run/declares", "alice bob root");
    const installed = await host.run([...SWITCH, "--no-keep-config"]);
    equal(installed.code, 0, installed.stdout + installed.stderr);
    deepEqual(declared(), ["alice", "bob", "root"]);

    const module = "/etc/hypervisor/configuration/users-local.nix";
    machine.write(module, withoutAccount(machine.read(module), "alice"));
    machine.write("/run/declares", "bob root");
    const args = ["--restart-guests", "switch"];
    const rebuilt = await runTool("rebuild-helper", args, { ...host.launch });
    equal(rebuilt.code, 0, rebuilt.stdout + rebuilt.stderr);
    doesNotMatch(rebuilt.stderr, /would be removed/);
    match(rebuilt.stdout, /accounts that stay, no longer declared: alice/);
    match(machine.read("/etc/passwd"), /^alice:/m);
    deepEqual(declared(), ["bob", "root"]);

    machine.write("/run/declares", before);
    const undone = await host.run(["--undo"]);
    equal(undone.code, 0, undone.stdout + undone.stderr);
    equal(machine.read(DECLARED), before);
    match(machine.read("/etc/passwd"), /^alice:/m);
  },
);

/** Takes `users.users.NAME` out of a generated module. */
function withoutAccount(module: string, name: string): string {
  return module.replace(new RegExp(`^ +${name} = \\{\\n[^]*?^ {6}\\};\\n`, "m"), "");
}
