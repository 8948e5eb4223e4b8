/** Activations that fail, proofs that refuse, and what --undo gives back afterwards. */
import assert from "node:assert/strict";
import { withAccountLock } from "../../lib/machine/accounts/account_lock.ts";
import { testContext } from "../support/context.ts";
import { type RunningTool, runTool, startTool } from "../support/executable.ts";
import { until } from "../support/until.ts";
import { hasNix, hasTmux, isRoot, needsNix } from "../support/needs.ts";
import { scratchMachine } from "../support/scratch_machine.ts";
import { standIns } from "../support/stand_ins.ts";
import { openToolTerminal } from "../support/terminal.ts";
import { diffTrees, snapshotTree } from "../support/tree.ts";
import { source, unowned } from "./installer.ts";
import { BUILD, InstallerHost, SWITCH } from "./installer_host.ts";

for (const [code, words] of [[2, /activation script failed/], [3, /could not reload/]] as const) {
  needsNix(
    `a switch whose activation ends with ${code} leaves the previous system as boot default`,
    async () => {
      using host = new InstallerHost("rented");
      const { machine } = host;
      const before = snapshotTree(machine.root, { ignore: unowned, times: true });
      const profile = host.defaultLink();
      host.ends("exit-test", String(code));
      const failed = await host.run(SWITCH);
      assert.equal(failed.code, 1, failed.stdout + failed.stderr);
      assert.match(failed.stderr, words);
      assert.match(failed.stderr, /the boot default is the previous system/);
      assert.match(failed.stderr, /the files are kept, to take them back: system-installer --undo/);
      assert.equal(host.defaultLink(), profile);
      assert.equal(host.receiptState(), "activated");
      host.ends("exit-test", "0");
      const undone = await host.run(["--undo"]);
      assert.equal(undone.code, 0, undone.stderr);
      const after = snapshotTree(machine.root, { ignore: unowned, times: true });
      assert.equal(diffTrees(before, after), "");
    },
  );
}

needsNix(
  "a switch after which a unit fails keeps the new default, names it and exits 1",
  async () => {
    using host = new InstallerHost("rented");
    host.ends("exit-test", "4");
    host.ends("hook", `#!/bin/sh\necho "warning: the following units failed: web.service" >&2\n`);
    const profile = host.defaultLink();
    const failed = await host.run(SWITCH);
    assert.equal(failed.code, 1, failed.stdout + failed.stderr);
    assert.match(failed.stderr, /these units failed: web\.service/);
    assert.notEqual(host.defaultLink(), profile);
  },
);

needsNix(
  "a password changed after the install survives --undo, and an account comes back",
  async () => {
    using host = new InstallerHost("uefi");
    const { machine } = host;
    // What the activation does to the files: alice, who was declared and is left behind, is removed.
    host.ends(
      "hook",
      "#!/bin/sh\nfor file in passwd shadow; do sed -i /^alice:/d /etc/$file; done\n",
    );
    const before = machine.read("/etc/passwd");
    const alice = machine.read("/etc/shadow").match(/^alice:.*$/m)![0];
    const installed = await host.run([...SWITCH, "--no-keep-config", "--users", "bob"]);
    assert.equal(installed.code, 0, installed.stdout + installed.stderr);
    assert.match(installed.stdout, /alice is left behind: not chosen/);
    assert.match(installed.stdout, /^ {2}accounts\s+alice$/m);
    assert.doesNotMatch(machine.read("/etc/passwd"), /^alice:/m);
    const shadow = machine.read("/etc/shadow");
    machine.write("/etc/shadow", shadow.replace(/^bob:[^:]*:/m, "bob:$6$new$hash:"), 0o640);
    host.ends("hook", "#!/bin/sh\n");

    const undone = await host.run(["--undo"]);
    assert.equal(undone.code, 0, undone.stderr);
    assert.match(undone.stdout, /\/etc\/shadow is as it was.*left alone: bob/);
    assert.equal(machine.read("/etc/passwd"), before);
    assert.match(machine.read("/etc/shadow"), /^bob:\$6\$new\$hash:/m);
    assert.ok(machine.read("/etc/shadow").includes(alice));
  },
);

needsNix(
  "--undo waits for a passwd that has the accounts' lock, and keeps what it wrote",
  async () => {
    using host = new InstallerHost("uefi");
    const { machine } = host;
    assert.equal((await host.run(SWITCH)).code, 0);
    let undoing: RunningTool | undefined;
    const ctx = testContext({ root: machine.root });
    await withAccountLock(ctx, async () => {
      undoing = startTool("system-installer", ["--undo"], { ...host.launch });
      const { pid } = undoing;
      await until("it asks for the lock", () => opens(pid, ".pwd.lock") || undefined);
      const shadow = machine.read("/etc/shadow");
      machine.write("/etc/shadow", shadow.replace(/^bob:[^:]*:/m, "bob:$6$late$hash:"), 0o640);
    });
    await using running = undoing!;
    const { code, stderr } = await running.result;
    assert.equal(code, 0, stderr);
    assert.match(machine.read("/etc/shadow"), /^bob:\$6\$late\$hash:/m);
  },
);

/** Whether a process has a file of this name open. */
function opens(pid: number, name: string): boolean {
  const folder = `/proc/${pid}/fd`;
  return [...Deno.readDirSync(folder)].some((entry) => {
    try {
      return Deno.readLinkSync(`${folder}/${entry.name}`).endsWith(`/${name}`);
    } catch {
      return false; // It was closed.
    }
  });
}

needsNix(
  "a switch that would lock everybody out is refused with the option that cures it",
  async () => {
    using host = new InstallerHost("rented");
    const { machine } = host;
    const env = { SSH_CONNECTION: "198.51.100.7 50022 203.0.113.42 2222" };
    const build = await host.run(BUILD);
    assert.equal(build.code, 0, build.stderr);
    const owner = "{ lib, ... }: { services.openssh.settings.PermitRootLogin = " +
      'lib.mkForce "no"; }\n';
    machine.write("/etc/hypervisor/configuration/local.nix", owner);
    const refused = await host.run(SWITCH, { env });
    assert.equal(refused.code, 6, refused.stdout + refused.stderr);
    assert.match(refused.stderr, /not proven: .*root.*\n.*would do: .*PermitRootLogin/);
    assert.match(refused.stderr, /this would not be safe to activate/);
    assert.equal(host.stand.calls("systemd-run").length, 0);
    assert.equal(machine.read("/etc/hypervisor/configuration/local.nix"), owner, "never touched");
  },
);

needsNix("--root reads and installs the mounted machine, not this one", async () => {
  using machine = scratchMachine("bios");
  using decoy = scratchMachine("rented");
  using programs = standIns();
  using from = source();
  // The decoy plays this machine: it has an installation of its own, which must not be looked at.
  const other = "/etc/hypervisor/configuration";
  decoy.write(
    `${other}/host.json`,
    '{ "version": 1, "hostName": "decoy", "system": "x86_64-linux" }',
  );
  const before = snapshotTree(decoy.root, { ignore: unowned });
  const mounted = `${decoy.root}/srv/mounted`;
  Deno.mkdirSync(mounted, { recursive: true });
  const bound = await new Deno.Command("mount", { args: ["--rbind", machine.root, mounted] })
    .output();
  assert.ok(bound.success);
  try {
    const installed = await runTool(
      "system-installer",
      [...SWITCH, "--source", from.path, "--root", "/srv/mounted"],
      { inside: decoy.root, standIns: programs.folder },
    );
    assert.equal(installed.code, 0, installed.stdout + installed.stderr);
    assert.match(installed.stdout, /installed: \/srv\/mounted boots Hyper-NixOS next/);
    const host = JSON.parse(machine.read(`${other}/host.json`));
    assert.equal(host.hostName, "tower");
    const [call] = programs.calls("nixos-install");
    assert.deepEqual(call!.args.slice(0, 2), ["--root", "/srv/mounted"]);
    for (const option of ["--impure", "--no-root-passwd", "--no-channel-copy"]) {
      assert.ok(call!.args.includes(option), option);
    }
  } finally {
    await new Deno.Command("umount", { args: ["-R", mounted] }).output();
  }
  Deno.removeSync(mounted);
  assert.equal(diffTrees(before, snapshotTree(decoy.root, { ignore: unowned })), "");
});

needsNix(
  "--fast and the standard settings reach Nix; --reboot comes after the switch only",
  async () => {
    using host = new InstallerHost("rented");
    const builds = () =>
      host.stand.calls("nixos-rebuild").filter(({ args }) => args[0] === "build");
    assert.equal((await host.run(BUILD)).code, 0);
    assert.match(builds()[0]!.env.NIX_CONFIG!, /^http-connections = 5$/m);
    const fast = await host.run([...SWITCH, "--fast", "--reboot"]);
    assert.equal(fast.code, 0, fast.stdout + fast.stderr);
    const last = builds().at(-1)!;
    assert.match(last.env.NIX_CONFIG!, /^http-connections = 25$/m);
    assert.match(last.env.NIX_CONFIG!, /^extra-experimental-features = nix-command flakes$/m);
    assert.match(last.env.NIX_CONFIG!, /^max-jobs = auto$[^]*^cores = 0$/m);
    const reboots = host.stand.calls("systemctl").filter(({ args }) => args[0] === "reboot");
    assert.equal(reboots.length, 1);

    host.ends("exit-test", "2");
    assert.equal((await host.run([...SWITCH, "--reboot"])).code, 1);
    assert.equal(
      host.stand.calls("systemctl").filter(({ args }) => args[0] === "reboot").length,
      1,
      "no reboot after a failure",
    );
  },
);

needsNix(
  "the owner goes on editing where he always did, and local.nix is never touched again",
  async () => {
    using host = new InstallerHost("uefi");
    const { machine } = host;
    const built = () =>
      JSON.parse(Deno.readTextFileSync(machine.host(`${host.bootDefault()}/facts.json`)));
    const kept = await host.run(SWITCH);
    assert.equal(kept.code, 0, kept.stdout + kept.stderr);
    const local = "/etc/hypervisor/configuration/local.nix";
    machine.write(
      local,
      "{ time.timeZone = null; }\n".replace("null", '(import <nixpkgs/lib>).mkForce "Asia/Tokyo"'),
    );
    const configuration = "/etc/nixos/configuration.nix";
    machine.change(configuration, "[ 8080 ]", "[ 8080 9090 ]");
    const written = [machine.read(local), machine.read(configuration)];
    const again = await host.run(SWITCH);
    assert.equal(again.code, 0, again.stdout + again.stderr);
    assert.deepEqual([machine.read(local), machine.read(configuration)], written);
    assert.equal(built().timeZone, "Asia/Tokyo");
    assert.ok(built().tcpPorts.includes(9090));
  },
);

needsNix(
  "an activation that goes back by itself leaves nobody in a group that it gave",
  async () => {
    using host = new InstallerHost("uefi");
    const { machine } = host;
    const before = machine.read("/etc/group");
    const old = Deno.readLinkSync(machine.host("/run/current-system"));
    // update-users-groups.pl: the new system makes bob a member, and the old one leaves him there.
    const member = "sed -i 's/^\\(video:x:26:\\).*/\\1bob/' /etc/group";
    host.ends("hook", `#!/bin/sh\n[ "$2" = ${old} ] || ${member}\n`);
    const expired = await host.run([...SWITCH, "--confirm", "1"]);
    assert.equal(expired.code, 1, expired.stdout + expired.stderr);
    assert.match(expired.stdout, /\/etc\/group is as it was before the installation/);
    assert.equal(machine.read("/etc/group"), before);
    // The next one is no change of anybody's, and an undoing takes it back, too.
    assert.equal((await host.run(SWITCH)).code, 0);
    assert.match(machine.read("/etc/group"), /^video:x:26:bob$/m);
    assert.equal((await host.run(["--undo"])).code, 0);
    assert.equal(machine.read("/etc/group"), before);
  },
);

needsNix(
  "the link that a generation brings to /etc/nixos goes with the installation",
  async () => {
    using host = new InstallerHost("uefi");
    const { machine } = host;
    // What setup-etc.pl does: it makes the link, and never tidies /etc/nixos.
    host.ends(
      "hook",
      '#!/bin/sh\nif [ -e "$2/etc/nixos/flake.nix" ] || [ -L "$2/etc/nixos/flake.nix" ]; then\n' +
        "  ln -sfn /etc/static/nixos/flake.nix /etc/nixos/flake.nix\nfi\n",
    );
    const before = snapshotTree(machine.root, { ignore: unowned, times: true });
    const installed = await host.run(SWITCH);
    assert.equal(installed.code, 0, installed.stdout + installed.stderr);
    assert.equal(
      Deno.readLinkSync(machine.host("/etc/nixos/flake.nix")),
      "/etc/static/nixos/flake.nix",
    );
    const undone = await host.run(["--undo"]);
    assert.equal(undone.code, 0, undone.stderr);
    assert.match(undone.stdout, /edits of \/etc\/nixos since then are no part of the previous/);
    assert.equal(
      diffTrees(before, snapshotTree(machine.root, { ignore: unowned, times: true })),
      "",
    );
  },
);

needsNix(
  "an installation that declared accounts is taken over to the owner's configuration, and back",
  async () => {
    using host = new InstallerHost("uefi");
    const { machine } = host;
    assert.equal((await host.run([...SWITCH, "--no-keep-config"])).code, 0);
    // What a real activation leaves, and update-users-groups.pl notes of a system that declares both.
    Deno.removeSync(machine.host("/run/current-system"));
    Deno.symlinkSync(host.bootDefault(), machine.host("/run/current-system"));
    const declared = "/var/lib/nixos/declarative-users";
    machine.write(declared, "alice bob nobody root");
    const record = () => JSON.parse(machine.read("/etc/hypervisor/configuration/host.json"));
    assert.equal(record().base, null);
    const adopted = await host.run(SWITCH);
    assert.equal(adopted.code, 0, adopted.stdout + adopted.stderr);
    assert.equal(record().base.kind, "channel");
    // alice is declared by her owner's configuration; bob, made by hand, is no longer, and stays.
    assert.equal(machine.read(declared), "alice nobody root");
    assert.equal((await host.run(["--undo"])).code, 0);
    assert.equal(record().base, null);
    assert.equal(machine.read(declared), "alice bob nobody root");
  },
);

Deno.test({
  name: "a terminal that goes away in the middle of an activation: activation and receipt finish",
  ignore: !hasNix || !hasTmux || !isRoot,
  fn: async () => {
    using host = new InstallerHost("rented");
    const { machine } = host;
    // The activation waits until the terminal is gone.
    host.holdActivation();
    const terminal = await openToolTerminal(
      "system-installer",
      host.withSource([...SWITCH, "--yes"]),
      host.launch,
    );
    try {
      await host.appears("/run/begun");
      await terminal.hangup();
      host.go();
      await until(
        "the receipt is finished",
        () => host.receiptState() === "activated" || undefined,
      );
      assert.match(machine.read("/run/standin-activation/actions"), /^test .*\nboot /m);
    } finally {
      await terminal.close();
    }
  },
});

needsNix(
  "a tool killed in the middle of an activation: the next start waits for it, then reports it",
  async () => {
    using host = new InstallerHost("rented");
    host.holdActivation();
    await using killed = startTool("system-installer", host.withSource(SWITCH), host.launch);
    await host.appears("/run/begun");
    killed.kill("SIGKILL");
    await killed.result;
    const busy = await host.run(SWITCH);
    assert.equal(busy.code, 1, busy.stdout + busy.stderr);
    assert.match(busy.stderr, /an activation is under way/);
    host.go();
    await host.phase("done");
    const undone = await host.run(["--undo"]);
    assert.equal(undone.code, 0, undone.stderr);
    assert.match(undone.stdout + undone.stderr, /an earlier switch had not been reported/);
  },
);

needsNix(
  "a tool killed in an activation: what changed after it ended is kept by --undo",
  async () => {
    using host = new InstallerHost("uefi");
    const { machine } = host;
    host.ends(
      "hook",
      "#!/bin/sh\n[ $1 = test ] || exit 0\nsed -i /^alice:/d /etc/passwd /etc/shadow\n" +
        ": > /run/begun\nuntil [ -e /run/go ]; do sleep 0.05; done\n",
    );
    const [passwd, shadow] = [machine.read("/etc/passwd"), machine.read("/etc/shadow")];
    await using killed = startTool("system-installer", host.withSource(SWITCH), host.launch);
    await host.appears("/run/begun");
    killed.kill("SIGKILL");
    await killed.result;
    host.go();
    await host.phase("done");
    host.ends("hook", "#!/bin/sh\n");
    // Nobody has run a tool since; the activation itself has saved what it left.
    const change = (text: string) => text.replace(/^bob:[^:]*:/m, "bob:$6$new$hash:");
    machine.write("/etc/shadow", change(machine.read("/etc/shadow")), 0o640);
    machine.write("/etc/passwd", machine.read("/etc/passwd") + "later:x:1900:100::/:/bin/sh\n");

    const undone = await host.run(["--undo"]);
    assert.equal(undone.code, 0, undone.stderr);
    assert.match(undone.stdout, /\/etc\/shadow is as it was.*left alone: bob/);
    assert.equal(machine.read("/etc/passwd"), passwd + "later:x:1900:100::/:/bin/sh\n");
    assert.equal(machine.read("/etc/shadow"), change(shadow));
  },
);
