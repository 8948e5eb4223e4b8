/** dev-update from validation to activation, on a machine that was really installed. */
import { equal, match, notEqual, ok } from "node:assert/strict";
import { needsNix } from "../support/needs.ts";
import { shared } from "../support/shared.ts";
import { UpdatableMachine, type UpdatedMachine } from "../update/updated_machine.ts";

/** One installation for all tests of this file. */
const updatable = shared(() => UpdatableMachine.install());
const machine = async (): Promise<UpdatedMachine> => (await updatable()).copy();

needsNix("dev-update validates, syncs and switches, then has nothing to do", async () => {
  using host = await machine();
  const before = host.running;
  const { stdout } = await host.expect(0);
  match(
    stdout,
    /Step 1 of 3: validation\n[^]*Step 2 of 3: smart sync\n[^]*Step 3 of 3: rebuild\n/,
  );
  match(stdout, /the new system runs and is the boot default/);
  match(stdout, /^ {2}validation +\d+\.\d s +\d+ passed/m);
  match(stdout, /^ {2}smart sync +\d+\.\d s +2 files changed, now [0-9a-f]{12}$/m);
  match(stdout, /^ {2}rebuild +\d+\.\d s +switch, generation \d+$/m);
  match(stdout, /^ {2}total +\d+\.\d s$/m);
  equal(host.sources, "main");
  notEqual(host.running, before);
  equal(host.bootDefault, host.running);
  const log = host.machine.read("/var/log/hypervisor/dev-update.log");
  match(log, /Step 3 of 3: rebuild/);

  const builds = host.builds;
  const again = await host.expect(0);
  match(again.stdout, /nothing to do: the running system was built from [0-9a-f]{12}/);
  match(again.stdout, /^ {2}rebuild +– +nothing to do$/m);
  equal(host.builds, builds);
});

needsNix("dev-update --check-only says what there is, and changes nothing", async () => {
  using host = await machine();
  const { stdout } = await host.expect(0, ["--check-only"]);
  match(stdout, /2 files would change, to [0-9a-f]{12}/);
  match(stdout, /there is an update; to install it: dev-update/);
  equal(host.sources, "v1");
  equal(host.builds, 0);
  ok(!exists(host, "/var/log/hypervisor/dev-update.log"));
  const current = await host.expect(0, ["--check-only", "--ref", "v1"]);
  match(current.stdout, /the running system is not known to be built from them/);
});

needsNix("dev-update syncs nothing that the machine's own signers have not signed", async () => {
  using host = await machine();
  const line = "alice@example.org ssh-ed25519 " +
    "AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n";
  host.write("/etc/hypervisor/signers", line, 0o644);
  const { stdout, stderr } = await host.expect(6);
  match(stderr, /is signed by nobody of \/etc\/hypervisor\/signers: it has no signature/);
  match(stdout, /^ {2}rebuild +– +not reached$/m);
  equal(host.sources, "v1");
  await host.expect(0, ["--no-signed-by", "--skip-rebuild"]);
  equal(host.sources, "main");
});

needsNix("dev-update --skip-rebuild syncs only; the next run rebuilds", async () => {
  using host = await machine();
  const before = host.running;
  const { stdout } = await host.expect(0, ["--skip-rebuild"]);
  match(stdout, /the system was left as it is; to build it: rebuild-helper switch/);
  equal(host.sources, "main");
  equal(host.running, before);
  equal(host.builds, 0);
  match((await host.expect(0)).stdout, /^ {2}smart sync +\d+\.\d s +up to date with /m);
  notEqual(host.running, before);
});

needsNix("dev-update --rebuild-action builds or tests, and switches later", async () => {
  using host = await machine();
  const before = host.bootDefault;
  match((await host.expect(0, ["--rebuild-action", "build"])).stdout, /built, not activated/);
  equal(host.running, before);
  await host.expect(0, ["--rebuild-action", "test"]);
  notEqual(host.running, before);
  equal(host.bootDefault, before);
  const tested = await host.expect(0, ["--rebuild-action", "test"]);
  match(tested.stdout, /nothing to do/);
  const { stdout } = await host.expect(0);
  match(stdout, /the new system runs and is the boot default/, "tested is not switched");
  equal(host.bootDefault, host.running);
});

needsNix("dev-update tries a failed rebuild again, although the files are current", async () => {
  using host = await machine();
  const before = host.running;
  host.machine.stand.set("nixos-rebuild/fail", "1\n");
  const failed = await host.run();
  notEqual(failed.code, 0, failed.stdout);
  match(
    failed.stdout,
    /the sources are kept; to return to the previous ones: smart-sync --rollback/,
  );
  match(failed.stdout, /^ {2}rebuild +\d+\.\d s +failed$/m);
  equal(host.sources, "main");
  equal(host.running, before);
  host.machine.stand.unset("nixos-rebuild/fail");
  const { stdout } = await host.expect(0);
  match(stdout, /up to date with/);
  notEqual(host.running, before);
});

needsNix("dev-update passes on that a commit does not evaluate, and goes on from it", async () => {
  using host = await machine();
  const args = ["--ref", "broken", "--rebuild-action", "build"];
  const { stderr, stdout } = await host.expect(6, args);
  match(stderr, /broken/);
  match(stdout, /smart-sync --rollback/);
  equal(host.sources, "broken");
  await host.expect(0);
  equal(host.sources, "main");
});

needsNix("dev-update ends with 1 when the activation fails, and tries it again", async () => {
  using host = await machine();
  const before = host.bootDefault;
  host.write("/run/standin-activation/exit-test", "2");
  const { stdout, stderr } = await host.expect(1);
  match(stderr, /the activation script failed/);
  match(stdout, /^ {2}rebuild +\d+\.\d s +failed$/m);
  match(stdout, /smart-sync --rollback/);
  equal(host.bootDefault, before);
  host.machine.remove("/run/standin-activation/exit-test");
  await host.expect(0);
  notEqual(host.bootDefault, before);
});

needsNix("dev-update stops at a failed check that blocks, unless --yes was given", async () => {
  using host = await machine();
  host.machine.remove("/etc/hypervisor/configuration/users-local.nix");
  const { stderr, stdout } = await host.expect(6);
  match(stderr, /should stop an update: .*generated-modules/);
  match(stderr, /nothing was changed/);
  match(stdout, /^ {2}smart sync +– +not reached$/m);
  equal(host.sources, "v1");
  const check = await host.expect(6, ["--check-only"]);
  match(check.stderr, /an update would be stopped by failed checks: .*generated-modules/);
  const forced = await host.expect(6, ["--yes"]);
  match(forced.stderr, /going on, as --yes says/);
  equal(host.sources, "main");
});

needsNix("dev-update goes on past a failed check that does not block", async () => {
  using host = await machine();
  host.machine.remove("/etc/nixos/flake.nix");
  const { stdout } = await host.expect(0);
  match(stdout, /✗ +\/etc\/nixos\/flake\.nix +missing/);
  match(stdout, /^ {2}validation +.*1 failed/m);
});

needsNix("dev-update without a network ends with 5 and changes nothing", async () => {
  using host = await machine();
  const nowhere = "http://127.0.0.1:9";
  const env = { GITHUB_API_URL: nowhere, GITHUB_RAW_URL: nowhere, GITHUB_SERVER_URL: nowhere };
  const { stdout } = await host.expect(5, [], { env });
  match(stdout, /^ {2}smart sync +\d+\.\d s +failed$/m);
  match(stdout, /^ {2}rebuild +– +not reached$/m);
  equal(host.sources, "v1");
  equal(host.builds, 0);
});

needsNix("dev-update rebuilds when edits that were built have been replaced", async () => {
  using host = await machine();
  await host.expect(0);
  const path = "/etc/hypervisor/src/nix/host.nix";
  host.write(path, host.machine.read(path).replace('"yes"', '"edited"'));
  const before = host.builds;
  const { stdout } = await host.expect(0);
  match(stdout, /Local edits were replaced; they are kept in/);
  ok(host.builds > before);
});

needsNix("dev-update refuses options that contradict each other", async () => {
  using host = await machine();
  const { stderr } = await host.expect(4, ["--confirm", "60", "--skip-rebuild"]);
  match(stderr, /--confirm goes with a rebuild/);
  await host.expect(4, ["--rebuild-action", "boot"]);
  await host.expect(4, ["--ref", "no-such-branch"]);
  equal(host.sources, "v1");
});

function exists(host: UpdatedMachine, path: string): boolean {
  try {
    Deno.lstatSync(host.machine.host(path));
    return true;
  } catch {
    return false;
  }
}
