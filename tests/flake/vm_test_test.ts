/** The VM test, as far as it can be judged where no virtual machine runs. */
import assert from "node:assert/strict";
import { hasCommand, hasNix, need, needsNix } from "../support/needs.ts";
import { source } from "../e2e/installer.ts";
import { runTool } from "../support/executable.ts";
import { person, superuser } from "../support/machines/accounts.ts";
import { sshdConfig } from "../support/machines/configurations.ts";
import { type ScratchMachine, scratchMachine } from "../support/scratch_machine.ts";
import { standIns } from "../support/stand_ins.ts";
import { copyOfFlake, nixOutput, REPOSITORY, WITH_STAND_IN } from "./support.ts";

const VM_TEST = `${REPOSITORY}/nix/vm_test`;
const hasPython = need(
  hasCommand("python3"),
  "python3 is not installed: the script of the VM test is not checked",
);

async function judge(script: string): Promise<string> {
  const child = new Deno.Command("python3", {
    args: [new URL("./vm_script.py", import.meta.url).pathname, "machine", "client"],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(script));
  await writer.close();
  const { stdout, stderr } = await child.output();
  return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
}

Deno.test({
  name: "VM test's script compiles, and uses what is defined and what machines can do",
  ignore: !hasNix || !hasPython,
  fn: async () => {
    using flake = copyOfFlake();
    const script = await nixOutput("nix", [
      "eval",
      "--raw",
      `path:${flake.path}#checks.x86_64-linux.vm.testScript`,
      ...WITH_STAND_IN,
    ]);
    assert.match(script, /^SOURCE = "\/nix\/store\/[^"]+-source"\n/);
    assert.equal(await judge(script), "");
    // The judge can tell.
    assert.match(await judge(script + "\nmachine.jump()"), /a machine has no jump\(\)/);
    assert.match(await judge(script.replace("SOURCE = ", "OTHER = ")), /SOURCE is not defined/);
    assert.match(await judge(script + "\nwith subtest('x')"), /SyntaxError/);
  },
});

/** The VM test's machine, as far as a scratch machine can be it. */
function machineOfTest(): ScratchMachine {
  return scratchMachine("rented", {
    change: (rented) => ({
      ...rented,
      hostName: "machine",
      sshdConfig: sshdConfig({ port: 2222, permitRootLogin: "no", passwords: true }),
      kernelParams: "init=/nix/store/0000000000000000000000000000000a-nixos-system/init loglevel=4",
      accounts: [superuser({ hash: "!" }), person({ name: "alice", uid: 1000, groups: ["wheel"] })],
      hardware: {
        ...rented.hardware,
        cards: [{ ...rented.hardware.cards[0]!, name: "eth1", ipv4: ["192.168.1.2/24"], ipv6: [] }],
        gateway4: null,
        gateway6: null,
      },
      nixos: {
        "hardware-configuration.nix": rented.nixos["hardware-configuration.nix"]!,
        "configuration.nix": Deno.readTextFileSync(`${VM_TEST}/before.nix`),
      },
    }),
  });
}

needsNix("VM test's machine passes the installer's proofs, on a scratch machine", async () => {
  using machine = machineOfTest();
  using programs = standIns();
  using from = source();
  const local = Deno.readTextFileSync(`${VM_TEST}/local.nix`);
  machine.write("/etc/hypervisor/configuration/local.nix", local);
  const run = async (...args: string[]) =>
    await runTool("system-installer", [...args, "--yes"], {
      inside: machine.root,
      standIns: programs.folder,
      // The addresses are those of the machine that runs the tests: this one is always there.
      env: { SUDO_USER: "alice", SSH_CONNECTION: "127.0.0.1 40000 127.0.0.1 2222" },
    });
  const script = Deno.readTextFileSync(`${VM_TEST}/script.py`);
  const [, options] = /sudo\("system-installer (--action [^"]+) --yes"/.exec(script) ?? [];
  const installed = await run(...options!.split(" "), "--source", from.path);
  assert.equal(installed.code, 0, installed.stdout + installed.stderr);
  assert.match(installed.stdout, /alice can still log in over SSH: with a password/);
  assert.match(installed.stdout, /alice can become root/);
  assert.equal(machine.read("/etc/hypervisor/configuration/local.nix"), local);
  assert.match(
    machine.read("/etc/hypervisor/configuration/users-local.nix"),
    /hypervisor\.operators = \[ "alice" \];/,
  );
  const undone = await run("--undo");
  assert.equal(undone.code, 0, undone.stdout + undone.stderr);
});
