/** run0 on another machine: a stand-in that takes what run0 of systemd 256 takes, and hands on nothing else. */
import { deepEqual, equal, match } from "node:assert/strict";
import { commandPath } from "../support/has_command.ts";
import { hasCommand, hasNix, hasSshd, isRoot, need } from "../support/needs.ts";
import { NEW } from "../support/rebuild_host.ts";
import { SshTarget } from "../support/ssh_target.ts";

const hasSudo = need(hasCommand("sudo"), "sudo is not installed: run0 has no stand-in");
const ignore = !hasSshd || !hasNix || !isRoot || !hasSudo;

/**
 * As src/run/run.c of systemd 256 has it (`parse_argv_sudo_mode`): an option that it does not know is an error,
 * the command gets a clean environment besides what --setenv names, and without --no-ask-password there is
 * somebody to be asked, whom a session without a terminal has not.
 */
const RUN0 = `#!/bin/sh
while :; do
  case $1 in
    --setenv=SSH_CONNECTION) name=\${1#--setenv=}; eval "value=\\$$name"; given=$value ;;
    --no-ask-password|--slice-inherit) ;;
    --unit=*|--property=*|--description=*|--slice=*|--user=*|--group=*|--nice=*|--chdir=*|--background=*|--machine=*) ;;
    --) shift; break ;;
    --*) echo "run0: unrecognized option '$1'" >&2; exit 1 ;;
    *) break ;;
  esac
  shift
done
[ -e /run/polkit-says-no ] && { echo 'Failed to start transient service unit: Interactive authentication required.' >&2; exit 1; }
exec /run/becomes-root -n -- /usr/bin/env -i PATH=/usr/bin:/bin SUDO_USER="$(id -un)" SUDO_UID="$(id -u)" \\
  SSH_CONNECTION="$given" NIX_CONF_DIR="$NIX_CONF_DIR" TMPDIR="$TMPDIR" "$@"
`;

Deno.test({
  name: "run0 of systemd 256 makes the tool there root's, and its refusal is one of becoming root",
  ignore,
  fn: async () => {
    await using target = await SshTarget.start({ user: "dana", withoutSetuid: true });
    const { there } = target;
    target.letBecomeRoot("dana");
    const rule = "dana ALL=(ALL) NOPASSWD: ALL\n";
    there.machine.write("/etc/sudoers", there.machine.read("/etc/sudoers") + rule, 0o440);
    const own = there.machine.host("/run/becomes-root");
    Deno.copyFileSync(commandPath("sudo")!, own);
    Deno.chmodSync(own, 0o4755);
    Deno.writeTextFileSync(`${there.stand.folder}/run0`, RUN0, { mode: 0o755 });
    const args = ["--target-host", "target", "test"];
    const tested = await target.run("rebuild-helper", args);
    equal(tested.code, 0, tested.stderr);
    match(tested.stdout, /proven: dana can still log in over SSH/);
    deepEqual(there.actions(), [`test ${NEW}`]);

    there.machine.write("/run/polkit-says-no", "");
    const refused = await target.run("rebuild-helper", args);
    equal(refused.code, 3, refused.stderr);
    match(refused.stderr, /you did not become root on target/);
  },
});
