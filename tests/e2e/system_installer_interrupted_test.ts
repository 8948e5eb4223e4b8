/**
 * The installer killed and interrupted at its step boundaries. Every change it makes ends with a
 * rename(2), so strace(1) can deliver the signal right after the first, the second … of them.
 */
import assert from "node:assert/strict";
import { runTool } from "../support/executable.ts";
import type { LaunchOptions } from "../support/launch.ts";
import { hasCommand, hasNix, hasTmux, isRoot, need } from "../support/needs.ts";
import { openToolTerminal } from "../support/terminal.ts";
import { diffTrees, snapshotTree } from "../support/tree.ts";
import { unowned } from "./installer.ts";
import { BUILD, InstallerHost, SWITCH } from "./installer_host.ts";

const canTrace = isRoot && hasNix && need(
  hasCommand("strace"),
  "strace is not installed: tests that kill the installer at its step boundaries are skipped",
);
/** Boundaries are tried from the first on, this far apart, until the run gets through. */
const STRIDE = Number(Deno.env.get("INSTALLER_KILL_STRIDE") ?? 7);

/** Without the owner's configuration there are more files to write, and so more moments. */
const MANY = [...BUILD, "--no-keep-config"];

Deno.test({
  name:
    `system-installer killed after every ${STRIDE}th rename is reverted or finished by the next run`,
  ignore: !canTrace,
  fn: async () => {
    using host = new InstallerHost("rented");
    const { machine } = host;
    const before = snapshotTree(machine.root, { ignore: unowned, times: true });
    const unchanged = () =>
      diffTrees(before, snapshotTree(machine.root, { ignore: unowned, times: true }));
    host.stand.set("nixos-rebuild/fail", "error: not now\n");
    let boundary = 1;
    for (let killed = true; killed; boundary += STRIDE) {
      killed =
        await signalAfterRename("SIGKILL", boundary, host.withSource(MANY), host.launch) === 137;
      // In turn: taken back at once, and installed by a next run that first deals with what is left.
      if (boundary % (2 * STRIDE) === 1) {
        const next = await host.run(MANY);
        assert.match(next.stderr, /error: .*not now|building .* failed/, next.stdout + next.stderr);
        assert.ok(machine.exists("/etc/hypervisor/src/flake.nix"));
      }
      const undone = await host.run(["--undo"]);
      const left = snapshotTree(machine.host("/var/lib/hyper-nixos/receipts"));
      assert.ok([...left.keys()].every((name) => !name.endsWith(".tmp")), [...left.keys()].join());
      assert.ok(undone.code === 0 || /no installation to undo/.test(undone.stderr), undone.stderr);
      assert.equal(unchanged(), "", `killed after rename ${boundary}`);
    }
    assert.ok(boundary > 25, `only ${boundary} boundaries were seen`);
  },
});

Deno.test({
  name: `system-installer interrupted after every ${STRIDE}th rename reverts everything itself`,
  ignore: !canTrace,
  fn: async () => {
    using host = new InstallerHost("rented");
    const { machine } = host;
    const before = snapshotTree(machine.root, { ignore: unowned, times: true });
    host.stand.set("nixos-rebuild/fail", "error: not now\n");
    let interrupted = 0;
    for (let boundary = 2;; boundary += STRIDE) {
      const code = await signalAfterRename("SIGINT", boundary, host.withSource(BUILD), host.launch);
      if (code !== 130) break;
      interrupted++;
      const now = snapshotTree(machine.root, { ignore: unowned, times: true });
      assert.equal(diffTrees(before, now), "", `interrupted after rename ${boundary}`);
    }
    assert.ok(interrupted >= 3, `only ${interrupted} boundaries were seen`);
  },
});

Deno.test({
  name: "system-installer killed half-way is finished when the next run is told to",
  ignore: !canTrace || !hasTmux,
  fn: async () => {
    using host = new InstallerHost("rented");
    const { machine } = host;
    const before = snapshotTree(machine.root, { ignore: unowned, times: true });
    const args = host.withSource(BUILD);
    const folder = "/var/lib/hyper-nixos/receipts";
    const receipts = () =>
      machine.exists(folder)
        ? [...Deno.readDirSync(machine.host(folder))].filter(({ name }) => name.endsWith(".json"))
          .length
        : 0;
    // The runtime renames files of its own as well: the first moment at which something was written.
    for (let boundary = 6; receipts() === 0; boundary += 4) {
      assert.equal(await signalAfterRename("SIGKILL", boundary, args, host.launch), 137);
    }
    assert.equal(receipts(), 1);

    await using terminal = await openToolTerminal("system-installer", args, host.launch);
    await terminal.waitFor(/was cut off while applying.*What shall become of it\?/s);
    await terminal.send("Down", "Enter");
    await terminal.waitFor(/Host name/);
    await terminal.send("Enter");
    await terminal.waitFor(/Apply these changes/);
    await terminal.send("Enter");
    assert.equal(await terminal.exitCode(), 0);
    assert.equal(receipts(), 1, "the same receipt goes on");
    assert.ok(machine.exists("/etc/hypervisor/configuration/host.json"));

    const undone = await host.run(["--undo"]);
    assert.equal(undone.code, 0, undone.stderr);
    const after = snapshotTree(machine.root, { ignore: unowned, times: true });
    assert.equal(diffTrees(before, after), "");
  },
});

Deno.test({
  name: "system-installer --undo killed while it removes the installed tree leaves none of it",
  ignore: !canTrace,
  fn: async () => {
    using installed = new InstallerHost("rented");
    const before = snapshotTree(installed.machine.root, { ignore: unowned, times: true });
    const { code, stderr } = await installed.run(BUILD);
    assert.equal(code, 0, stderr);
    let killed = 0;
    for (const count of [2, 9, 25]) {
      using host = new InstallerHost(installed.machine);
      const code = await signalAfter(UNLINK, "SIGKILL", count, ["--undo"], host.launch);
      if (code === 137) killed++;
      const undone = await host.run(["--undo"]);
      assert.ok(undone.code === 0 || /no installation to undo/.test(undone.stderr), undone.stderr);
      // What is half gone must not be taken for a change of the owner's.
      assert.doesNotMatch(undone.stdout + undone.stderr, /changed since|\.changed/);
      const after = snapshotTree(host.machine.root, { ignore: unowned, times: true });
      assert.equal(diffTrees(before, after), "", `killed after removal ${count}`);
      assert.equal((await host.run(["--dry-run"])).code, 0, "it can be installed again");
    }
    assert.ok(killed >= 2, `killed ${killed} times`);
  },
});

/** The new system removes alice and adds an account; the old one removes what it does not declare. */
const CHANGES_ACCOUNTS = `#!/bin/sh
[ "$1" = test ] || exit 0
ln -sfn "$2" /run/current-system
case "$2" in
*standin) sed -i /^alice:/d /etc/passwd /etc/shadow; echo ours:x:1900:100::/:/bin/sh >> /etc/passwd ;;
*) sed -i /^ours:/d /etc/passwd ;;
esac
`;

Deno.test({
  name: "system-installer killed anywhere in a switch: --undo ends with every account as it was",
  ignore: !canTrace,
  fn: async () => {
    using built = new InstallerHost("uefi");
    built.ends("hook", CHANGES_ACCOUNTS);
    const accounts = built.machine.read("/etc/passwd") + built.machine.read("/etc/shadow");
    // The files are in place, as after `--action build`: what is left is the activation.
    assert.equal((await built.run(BUILD)).code, 0);
    const states = new Set<string>();
    for (let boundary = 1, ended = -1; ended !== 0; boundary += STRIDE) {
      using host = new InstallerHost(built.machine);
      const { machine } = host;
      ended = await signalAfterRename("SIGKILL", boundary, host.withSource(SWITCH), host.launch);
      if (host.activation() !== undefined) await host.phase("done");
      states.add(host.receiptState());
      const undone = await host.run(["--undo"]);
      assert.equal(undone.code, 0, undone.stderr);
      const now = machine.read("/etc/passwd") + machine.read("/etc/shadow");
      assert.equal(now, accounts, `killed after rename ${boundary}`);
      assert.equal(host.bootDefault(), machine.toplevel);
      if (boundary % (2 * STRIDE) === 1) assert.equal((await host.run(BUILD)).code, 0);
    }
    assert.ok(states.has("activating"), [...states].join());
  },
});

Deno.test({
  name: "system-installer --undo of a switch, killed anywhere, ends with every account as it was",
  ignore: !canTrace,
  fn: async () => {
    using installed = new InstallerHost("uefi");
    installed.ends("hook", CHANGES_ACCOUNTS);
    const before = snapshotTree(installed.machine.root, { ignore: [...unowned, /^boot(\/|$)/] });
    const accounts = installed.machine.read("/etc/passwd") + installed.machine.read("/etc/shadow");
    const { code, stderr } = await installed.run(SWITCH);
    assert.equal(code, 0, stderr);
    assert.doesNotMatch(installed.machine.read("/etc/passwd"), /^alice:/m);
    let killed = 0;
    for (const count of [1, 4, 8, 12, 17, 23]) {
      using host = new InstallerHost(installed.machine);
      const { machine } = host;
      const code = await signalAfter(RENAME, "SIGKILL", count, ["--undo"], host.launch);
      if (code === 137) killed++;
      // Its activation goes on by itself.
      await host.phase("done");
      const undone = await host.run(["--undo"]);
      assert.ok(undone.code === 0 || /no installation to undo/.test(undone.stderr), undone.stderr);
      const now = machine.read("/etc/passwd") + machine.read("/etc/shadow");
      assert.equal(now, accounts, `killed after rename ${count}`);
      const after = snapshotTree(machine.root, { ignore: [...unowned, /^boot(\/|$)/] });
      assert.equal(diffTrees(before, after), "", `killed after rename ${count}`);
    }
    assert.ok(killed >= 4, `killed ${killed} times`);
  },
});

const RENAME = "rename,renameat,renameat2";
const UNLINK = "unlink,unlinkat";

async function signalAfterRename(
  signal: "SIGKILL" | "SIGINT",
  count: number,
  args: readonly string[],
  options: LaunchOptions,
): Promise<number> {
  return await signalAfter(RENAME, signal, count, args, options);
}

/**
 * @param calls of the kernel, one of which the signal comes after
 * @returns the exit code; 137 when it was killed
 */
async function signalAfter(
  calls: string,
  signal: "SIGKILL" | "SIGINT",
  count: number,
  args: readonly string[],
  options: LaunchOptions,
): Promise<number> {
  // What the tool starts is let go: it would be slowed down, and hit in place of the tool.
  const inject = `inject=${calls}:signal=${signal}:when=${count}`;
  const trace = ["-f", "--detach-on=execve", "-qq", "-o", "/dev/null", "-e", `trace=${calls}`];
  const under = ["strace", ...trace, "-e", inject];
  const { code, stderr } = await runTool("system-installer", args, {
    ...options,
    under,
  });
  assert.ok([0, 1, 6, 130, 137].includes(code), `${code} ${stderr}`);
  return code;
}
