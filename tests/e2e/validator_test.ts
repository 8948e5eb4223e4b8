import { deepEqual, equal, match, ok } from "node:assert/strict";
import { Root } from "../../lib/machine/root.ts";
import type { ReportDocument } from "../../lib/validate/document.ts";
import { runTool } from "../support/executable.ts";
import { hasNix, hasSetpriv, hasTmux, isRoot, needsNix } from "../support/needs.ts";
import { withScratch } from "../support/scratch_files.ts";
import { scratchMachine } from "../support/scratch_machine.ts";
import { shared } from "../support/shared.ts";
import { standIns } from "../support/stand_ins.ts";
import { openToolTerminal } from "../support/terminal.ts";
import { diffTrees, snapshotTree } from "../support/tree.ts";
import { InstalledMachine } from "../validate/installed_machine.ts";
import { program } from "../validate/settle.ts";

const ANOTHER = 65534;

/** One installation for all tests of this file. */
const installed = shared(() => InstalledMachine.install());
const machine = async (): Promise<InstalledMachine> => (await installed()).copy();

needsNix("validator finds nothing wrong with a machine that was just installed", async () => {
  using healthy = await machine();
  const ignore = [/^nix\//, /^var\/log\/hypervisor\//, /^root\/\.cache/];
  const before = snapshotTree(healthy.root, { ignore });
  const { code, stdout, stderr } = await healthy.run(["--json"]);
  const report = JSON.parse(stdout) as ReportDocument;
  const troubled = report.checks.filter(({ status }) => status === "fail" || status === "warn");
  deepEqual(troubled.map(({ id, detail }) => `${id}: ${detail}`), []);
  const skipped = report.checks.filter(({ status }) => status === "skip").map(({ id }) => id);
  deepEqual(skipped, ["running-commit", "dns"]);
  equal(code, 0, stderr);
  equal(report.version, 1);
  equal(report.exitCode, 0);
  equal(report.host, "workbench");
  equal(report.repairs, null);
  equal(report.counts.pass, report.checks.length - 2);
  match(stderr, /\d+ passed, 2 skipped/);
  equal(diffTrees(before, snapshotTree(healthy.root, { ignore })), "", "it changed something");
  match(healthy.read("/var/log/hypervisor/validator.log"), /pass kvm: \/dev\/kvm is usable/);
});

needsNix("validator --metrics prints nothing but Prometheus' text on stdout", async () => {
  using broken = await machine();
  broken.chmod("/etc/hypervisor", 0o777);
  const { code, stdout, stderr } = await broken.run(["--quick", "--metrics"]);
  equal(code, 6, stderr);
  match(stdout, /^hypervisor_validator_check\{id="\S+",group=".+",severity="error"\} 2$/m);
  match(stdout, /^hypervisor_validator_run_timestamp_seconds 1\d{9}$/m);
  for (const line of stdout.trimEnd().split("\n")) {
    match(line, /^(# (HELP|TYPE) )?hypervisor_validator_\w+[ {]/);
  }
  match(stderr, /failed: /);
  const both = await broken.run(["--quick", "--metrics", "--json"]);
  equal(both.code, 4);
});

needsNix("validator --fix changes nothing on a healthy machine", async () => {
  using healthy = await machine();
  const ignore = [/^nix\//, /^var\/log\/hypervisor\//, /^root\/\.cache/, /^run\/hyper-nixos\.lock/];
  const before = snapshotTree(healthy.root, { ignore });
  const { code, stdout, stderr } = await healthy.run(["--fix", "--quick"]);
  equal(code, 0, stderr);
  match(stdout, /\d+ passed/);
  equal(diffTrees(before, snapshotTree(healthy.root, { ignore })), "");
});

needsNix("validator --fix shows before and after, and what is left to a person", async () => {
  using broken = await machine();
  broken.chmod("/etc/hypervisor", 0o777);
  broken.write("/var/lib/hyper-nixos/passwords/bob", "!\n", 0o644);
  broken.remove("/etc/nixos/flake.nix");
  broken.remove("/dev/kvm");
  const { code, stdout, stderr } = await broken.run(["--fix", "--quick"]);
  equal(code, 6);
  match(stdout, /\/etc\/hypervisor: 0777 of user 0 → 0755 of root/);
  match(stdout, /passwords\/bob: 0644 → 0600/);
  match(stdout, /flake\.nix: missing → link to\s+\/etc\/static\/nixos\/flake\.nix/);
  match(stdout, /left to you: kvm\n/);
  match(stderr, /1 failed.*; failed: kvm\n/);
  const again = await broken.run(["--fix", "--quick"]);
  match(again.stdout, /left to you: kvm\n/);
  ok(!again.stdout.includes("→ 0755"));
});

needsNix("validator --fix waits for no other tool, and changes nothing then", async () => {
  using broken = await machine();
  broken.chmod("/etc/hypervisor", 0o777);
  using lock = Deno.openSync(broken.host("/run/hyper-nixos.lock"), { write: true, create: true });
  lock.lockSync(true);
  const { code, stderr } = await broken.run(["--fix", "--quick"]);
  equal(code, 1);
  match(stderr, /another tool is changing this machine/);
  equal(Deno.statSync(broken.host("/etc/hypervisor")).mode! & 0o777, 0o777);
});

needsNix("validator --quick neither evaluates nor asks the network", async () => {
  using healthy = await machine();
  for (const name of ["nix", "nix-instantiate"]) {
    const real = `PATH=\${PATH#*:}; exec ${name} "$@"`;
    const record = `echo ${name} "$@" >>${healthy.stand.folder}/state/nix-calls`;
    program(healthy.stand, name, `${record}\n${real}`);
  }
  const { code, stdout } = await healthy.run(["--quick", "--json"]);
  equal(code, 0);
  const calls = healthy.stand.get("nix-calls")!.trim().split("\n");
  ok(calls.length > 0);
  deepEqual(calls.filter((call) => !call.startsWith("nix-instantiate --parse ")), []);
  const ids = (JSON.parse(stdout) as ReportDocument).checks.map(({ id }) => id);
  ok(!ids.includes("github") && !ids.includes("evaluation") && ids.includes("kvm"));
});

needsNix("validator says that GitHub cannot be reached, as a warning", async () => {
  using healthy = await machine();
  const env = { GITHUB_API_URL: "http://127.0.0.1:1/api" };
  const { code, stdout } = await healthy.run(["--json"], { env });
  equal(code, 0);
  const report = JSON.parse(stdout) as ReportDocument;
  equal(report.checks.find(({ id }) => id === "github")?.status, "warn");
});

Deno.test({
  name: "validator ends with 3 for another user, names what it did not see, passes none of it",
  ignore: !hasSetpriv || !hasNix,
  fn: async () => {
    using healthy = await machine();
    const another = { uid: ANOTHER, env: { HOME: "/tmp" } };
    const { code, stdout, stderr } = await healthy.run(["--quick", "--json"], another);
    equal(code, 3, stderr);
    const report = JSON.parse(stdout) as ReportDocument;
    equal(report.exitCode, 3);
    equal(report.checks.find(({ id }) => id === "generated-modules")?.status, "pass");
    const crashing = await healthy.run(["--quick", "--json"], { uid: ANOTHER });
    equal(crashing.code, 3, "a home that Nix cannot read says nothing about the files");
    const unseen = report.checks.filter(({ permissionDenied }) => permissionDenied);
    for (const id of ["unfinished-install", "sudo-rules", "administrators", "password-files"]) {
      ok(unseen.some((check) => check.id === id), `${id} was not called unseen`);
    }
    ok(unseen.every(({ status }) => status === "skip"));
    match(stderr, /only root may look at .*sudo-rules.*: sudo validator, on \S+$/m);

    healthy.remove("/etc/nixos/flake.nix");
    equal((await healthy.run(["--quick"], another)).code, 6, "a failure is stronger");
    const fix = await healthy.run(["--fix"], another);
    equal(fix.code, 3);
    match(fix.stderr, /this needs root/);
  },
});

Deno.test({
  name: "validator says of a machine without Hyper-NixOS that it is not installed",
  ignore: !hasNix || !isRoot,
  fn: async () => {
    using fresh = scratchMachine("uefi");
    using stand = standIns();
    const options = { inside: fresh.root, standIns: stand.folder };
    const { code, stdout, stderr } = await runTool("validator", ["--quick"], options);
    equal(code, 6);
    match(stdout, /\/etc\/hypervisor is missing\n +→ install with: system-installer/);
    match(stdout, /– {2}host\.json +skipped: Hyper-NixOS is not installed here/);
    match(stderr, /failed: hypervisor-folder/);
    const fixed = await runTool("validator", ["--quick", "--fix"], options);
    equal(fixed.code, 6);
    ok(!fresh.exists("/etc/hypervisor") && !fresh.exists("/var/lib/hyper-nixos"));
  },
});

needsNix(
  "validator compares the running system with the sources, and tells of activations",
  async () => {
    using healthy = await machine();
    const folder = "/var/lib/hyper-nixos";
    const [record] = [...Deno.readDirSync(healthy.host(`${folder}/systems`))];
    const status = async (id: string) => {
      const { stdout } = await healthy.run(["--json", "--quick"]);
      const check = (JSON.parse(stdout) as ReportDocument).checks.find((check) => check.id === id)!;
      return `${check.status}: ${check.detail}`;
    };
    const commit = (sha: string) =>
      healthy.change(`${folder}/systems/${record!.name}`, /"commit":[^,]*/, `"commit":"${sha}"`);
    commit("c0ffee".padEnd(40, "0"));
    match(await status("running-commit"), /^pass: the running system was built from c0ffee000000/);
    commit("a".repeat(40));
    match(
      await status("running-commit"),
      /^warn: the running system is of aaaaaaaaaaaa, .* c0ffee/,
    );

    match(await status("unreported-activation"), /^pass/);
    const names = [...Deno.readDirSync(healthy.host(`${folder}/activations`))].map(({ name }) =>
      name
    );
    healthy.remove(`${folder}/activations/${names.find((name) => name.endsWith(".reported"))}`);
    match(await status("unreported-activation"), /^warn: nobody has been told how a switch ended/);
  },
);

needsNix("validator warns of guests and rules that will be trouble, and knows doas", async () => {
  using risky = await machine();
  const system = new Root(risky.root).realPath("/run/current-system");
  const path = system.split("/").slice(0, 4).join("/");
  risky.write("/var/lib/libvirt/qemu/mail.xml", `<domain><loader>${path}</loader></domain>`);
  risky.change("/etc/shadow", /^bob:[^:]*/m, "bob:!");
  Deno.writeTextFileSync(risky.host("/etc/sudoers"), "bob ALL=(ALL:ALL) NOPASSWD: ALL\n");
  const { code, stdout } = await risky.run(["--json", "--quick"]);
  equal(code, 0, stdout);
  const { checks } = JSON.parse(stdout) as ReportDocument;
  const warned = checks.filter(({ status }) => status === "warn").map(({ id, detail }) =>
    `${id}: ${detail}`
  );
  equal(warned.length, 2, warned.join("\n"));
  match(warned[0]!, /guest-store-paths: names what the next garbage collection may remove: mail: /);
  match(warned[1]!, /sudo-rules: bob may do everything without a password, having none to type/);
  risky.write("/etc/doas.conf", "permit nopass :wheel\n");
  const again = await risky.run(["--json", "--quick"]);
  equal(again.code, 6);
  match(again.stdout, /doas: :wheel: ALL/);
});

needsNix("validator looks at a mounted machine, whose services do not run", async () => {
  using healthy = await machine();
  const options = { root: healthy.root, standIns: healthy.stand.folder };
  const { stdout } = await runTool("validator", ["--json"], options);
  const report = JSON.parse(stdout) as ReportDocument;
  equal(report.root, healthy.root);
  const status = (id: string) => report.checks.find((check) => check.id === id)?.status;
  equal(status("failed-units"), "skip");
  equal(status("libvirtd-unit"), "skip");
  equal(status("flake-link"), "pass");
  equal(status("evaluation"), "pass");
  equal(status("boot-devices"), "pass");
});

for (const [columns, colour] of [[80, true], [120, true], [80, false]] as const) {
  Deno.test({
    name: `validator on a terminal of ${columns} columns, ${colour ? "in colour" : "without"}`,
    ignore: !hasTmux || !hasNix || !isRoot,
    fn: async () => {
      using broken = await machine();
      broken.remove("/dev/kvm");
      broken.remove("/dev/vhost-net");
      const args = ["--quick", ...(colour ? [] : ["--no-color"])];
      const size = { columns, rows: 40 };
      await using terminal = await openToolTerminal("validator", args, {
        ...broken.launch,
        ...size,
      });
      equal(await terminal.exitCode(), 6);
      const screen = await terminal.screen();
      match(screen, /^ {2}✓ {2}\/etc\/hypervisor {2,}\/etc\/hypervisor, 0755 of root$/m);
      match(screen, /^ {2}✗ {2}KVM {2,}there is no \/dev\/kvm/m);
      match(screen, /^ {2}! {2}vhost-net /m);
      match(screen, /^ {2}– {2}running commit {2,}skipped: /m);
      const lines = screen.split("\n").filter((line) => / {2}[✓✗!–] {2}/.test(line));
      equal(new Set(lines.map((line) => line.slice(5).search(/ {2,}\S/) > 0)).size, 1);
      ok(screen.split("\n").every((line) => [...line].length <= columns));
      const coloured = await terminal.colouredScreen();
      equal(coloured.includes("\x1b[31m✗"), colour);
      equal(coloured.includes("\x1b[3"), colour);
    },
  });
}

Deno.test({
  name: "validator tells a mounted machine that is closed to this user from none",
  ignore: !hasSetpriv,
  fn: () =>
    withScratch({ "etc/hostname": "closed\n" }, async (root) => {
      const { code, stderr } = await runTool("validator", ["--quick"], { root, uid: ANOTHER });
      equal(code, 3, stderr);
      match(stderr, /may not be looked into by this user[^]*next: run it as root/);
    }),
});
