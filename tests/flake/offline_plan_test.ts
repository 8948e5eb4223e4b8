/**
 * A machine without a network is planned, what its plan lacks is fetched where a network is, and the
 * stick with it installs the machine: with the very commands that the plan names.
 */
import assert from "node:assert/strict";
import { sha256 } from "../../lib/machine/files/sha256.ts";
import { makeKit } from "../../nix/usb_kit.ts";
import { launch } from "../support/launch.ts";
import { type ScratchMachine, scratchMachine } from "../support/scratch_machine.ts";
import { standIns } from "../support/stand_ins.ts";
import {
  assertWorked,
  canInstallOffline,
  compiledInstaller,
  NIX_CONFIG,
  runOffline,
  withoutNetwork,
} from "./offline.ts";
import { REPOSITORY, scratchFolder } from "./support.ts";

/** What the network would give; only the other machine has it. */
const UPSTREAM = "/srv/upstream/billing";
const CONTENT = "the billing program\n";

/** A program of the owner's, made from something that is downloaded. */
function needsBilling(machine: ScratchMachine): void {
  const builder = (script: string) =>
    `builder = "/bin/sh"; args = [ "-euc" "PATH=/run/current-system/sw/bin:/usr/bin:/bin; ${script}" ];`;
  const file = "/etc/nixos/configuration.nix";
  const text = machine.read(file);
  const program = `
  environment.systemPackages = [ (derivation {
    name = "billing-1.0";
    system = "x86_64-linux";
    ${builder("mkdir -p $out/bin; cat $src > $out/bin/billing")}
    src = derivation {
      name = "billing.tar";
      system = "x86_64-linux";
      ${builder(`cat ${UPSTREAM} > $out`)}
      outputHashMode = "flat";
      outputHashAlgo = "sha256";
      outputHash = "${sha256(CONTENT)}";
    };
  }) ];
`;
  const end = text.lastIndexOf("}");
  machine.write(file, text.slice(0, end) + program + text.slice(end));
}

Deno.test({
  name: "what a plan lacks without a network is fetched elsewhere by the commands that it names",
  ignore: !canInstallOffline,
  fn: async () => {
    using scratch = scratchFolder();
    Deno.chmodSync(scratch.path, 0o755);
    const [first, second] = [`${scratch.path}/first`, `${scratch.path}/second`];
    const executables = await compiledInstaller(scratch.path);
    await makeKit({ folder: first, executables, report: () => {} });
    using programs = standIns();
    using machine = scratchMachine("uefi");
    needsBilling(machine);

    const looked = await runOffline(first, machine, programs, ["--dry-run", "--json"]);
    assertWorked(looked);
    const plan = JSON.parse(looked.stdout);
    assert.deepEqual(plan.supply.lacking, ["billing-1.0"]);
    assert.equal(plan.supply.fetched, null, "no cache on a network was asked");
    assert.deepEqual(plan.blockers.map(({ code }: { code: number }) => code), [5]);
    const [{ message, hint }] = plan.blockers;
    assert.match(message, /no network, and 1 package .* is neither in its store .*: billing-1\.0$/);
    const refused = await runOffline(first, machine, programs, ["--action", "switch"]);
    assert.equal(refused.code, 5, refused.stdout);
    assert.ok(!machine.exists("/etc/hypervisor"), "nothing was touched");

    const [, here, there] = /Here: (.*?); then, .*: deno task usb -- (.*)$/.exec(hint)!;
    using noting = launch("/bin/sh", ["-euc", here!], {
      inside: machine.root,
      cwd: scratch.path,
      env: { NIX_CONFIG },
    });
    assertWorked(await withoutNetwork(noting));
    using other = scratchMachine("bios");
    other.write(UPSTREAM, CONTENT);
    const args = there!.replace("KIT", second).split(" ");
    using making = launch(`${REPOSITORY}/nix/usb_kit.ts`, [...args, "--executables", executables], {
      inside: other.root,
      cwd: scratch.path,
    });
    assertWorked(await withoutNetwork(making));

    const ready = await runOffline(second, machine, programs, ["--dry-run"]);
    assertWorked(ready);
    assert.match(ready.stdout, /it gives 1 store path, \d/);
    assert.match(ready.stdout, /nothing is lacking: the build needs no network/);
    const installed = await runOffline(second, machine, programs, ["--action", "switch"]);
    assertWorked(installed);
    assert.ok(installed.stdout.includes(`-billing-1.0' from 'file://${second}/cache'`));
    assert.match(installed.stdout, /the new system runs and is the boot default/);
    const system = Deno.readLinkSync(machine.host("/nix/var/nix/profiles/system"));
    assert.match(system, /system-\d+-link/);
  },
});
