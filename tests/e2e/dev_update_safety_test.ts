/** dev-update when it is killed, interrupted, locked out, not root, or on a mounted machine. */
import { equal, match, notEqual, ok } from "node:assert/strict";
import { runTool, startTool } from "../support/executable.ts";
import { hasNix, hasSetpriv, isRoot, needsNix } from "../support/needs.ts";
import { until } from "../support/until.ts";
import { scratchMachine } from "../support/scratch_machine.ts";
import { shared } from "../support/shared.ts";
import { standIns } from "../support/stand_ins.ts";
import { program } from "../validate/settle.ts";
import { UpdatableMachine, type UpdatedMachine } from "../update/updated_machine.ts";

const ANOTHER = 65534;

/** One installation for all tests of this file. */
const updatable = shared(() => UpdatableMachine.install());
const machine = async (): Promise<UpdatedMachine> => (await updatable()).copy();

/** Makes the first build wait until its tool is gone, and say that it has begun. */
function holdBuild(host: UpdatedMachine): void {
  const { stand } = host.machine;
  const state = `${stand.folder}/state`;
  stand.set(
    "nixos-rebuild/hook",
    `#!/bin/sh\n[ "$1" = build ] || exit 0\n: > ${state}/begun\n` +
      // Ends with the test's folder, where its tool was killed and it was not.
      `while [ -e ${state}/begun ]; do sleep 0.1; done\nexit 1\n`,
    0o755,
  );
}

async function begun(host: UpdatedMachine): Promise<void> {
  await until("the build begins", () => host.machine.stand.get("begun"));
}

for (const [signal, code] of [["SIGTERM", 143], ["SIGINT", 130], ["SIGHUP", 129]] as const) {
  needsNix(`dev-update ended by ${signal} while it builds says how to return`, async () => {
    using host = await machine();
    holdBuild(host);
    const before = host.running;
    await using running = startTool("dev-update", [], host.launch);
    await begun(host);
    running.kill(signal);
    const result = await running.result;
    equal(result.code, code, result.stdout + result.stderr);
    match(result.stdout, /to return to the previous ones: smart-sync --rollback/);
    match(result.stdout, /^ {2}rebuild +\d+\.\d s +stopped$/m);
    equal(host.running, before);
    host.machine.stand.unset("nixos-rebuild/hook");
    await host.expect(0);
    notEqual(host.running, before);
  });
}

needsNix("dev-update killed while it builds is done again by the next run", async () => {
  using host = await machine();
  holdBuild(host);
  await using running = startTool("dev-update", [], host.launch);
  await begun(host);
  running.kill("SIGKILL");
  await running.result;
  host.machine.stand.unset("nixos-rebuild/hook");
  const { stdout } = await host.expect(0);
  match(stdout, /up to date with/);
  equal(host.bootDefault, host.running);
});

needsNix("dev-update changes nothing while another tool holds the lock", async () => {
  using host = await machine();
  using lock = Deno.openSync(host.machine.host("/run/hyper-nixos.lock"), {
    write: true,
    create: true,
  });
  lock.lockSync(true);
  const { stderr } = await host.expect(1);
  match(stderr, /another tool is changing this machine/);
  equal(host.sources, "v1");
  await host.expect(0, ["--check-only"]);
});

Deno.test({
  name: "dev-update as another user checks, and needs root for the rest",
  ignore: !hasNix || !hasSetpriv || !isRoot,
  fn: async () => {
    using host = await machine();
    const { stderr } = await host.expect(3, [], { uid: ANOTHER });
    match(stderr, /needs root/);
    const { stdout } = await host.expect(0, ["--check-only"], {
      uid: ANOTHER,
      env: { HYPERVISOR_REPO: "owner/hyper-nixos" },
    });
    match(stdout, /there is an update/);
    equal(host.sources, "v1");
  },
});

needsNix("dev-update stops on a machine where nothing is installed", async () => {
  using fresh = scratchMachine("flake");
  using stand = standIns();
  const options = { inside: fresh.root, standIns: stand.folder };
  const { code, stdout, stderr } = await runTool("dev-update", [], options);
  equal(code, 6, stdout + stderr);
  match(stdout, /install with: system-installer/);
  match(stderr, /should stop an update: hypervisor-folder/);
  ok(!fresh.exists("/etc/hypervisor"));
});

needsNix("dev-update stops before running guests, and names the way past that", async () => {
  using host = await machine();
  const before = host.running;
  program(host.machine.stand, "virsh", "echo web");
  host.write(
    "/run/standin-activation/hook",
    "#!/bin/sh\necho 'would restart the following units: libvirtd.service'\n",
    0o755,
  );
  const { stderr, stdout } = await host.expect(4);
  match(stderr, /restart libvirtd\.service, and these guests run: web/);
  match(stderr, /next: .*allow it with --restart-guests/);
  match(stdout, /smart-sync --rollback/);
  equal(host.running, before);
});

needsNix("dev-update --confirm goes back unless confirmed, and tries again later", async () => {
  using host = await machine();
  const before = host.bootDefault;
  const { stdout, stderr } = await host.expect(1, ["--confirm", "1"]);
  match(stderr, /nobody confirmed the new system within 1 seconds/);
  match(stdout, /^ {2}rebuild +\d+\.\d s +went back$/m);
  match(stdout, /smart-sync --rollback/);
  equal(host.bootDefault, before);
  await host.expect(0);
  notEqual(host.bootDefault, before);
});

needsNix("dev-update installs on a mounted machine, and tests nothing there", async () => {
  using host = await machine();
  const { root } = host.machine;
  const { standIns, env } = host.launch;
  const options = {
    root,
    ...(standIns ? { standIns } : {}),
    ...(env ? { env } : {}),
  };
  const refused = await runTool("dev-update", ["--rebuild-action", "test"], options);
  equal(refused.code, 4, refused.stderr);
  equal(host.sources, "v1");
  const { code, stdout, stderr } = await runTool("dev-update", [], options);
  equal(code, 0, stdout + stderr);
  equal(host.sources, "main");
  const [install] = host.machine.stand.calls("nixos-install");
  ok(install?.args.includes(root), JSON.stringify(install));
});
