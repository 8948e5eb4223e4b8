/** What a plan on the owner's own configuration is, held against real evaluations. */
import assert from "node:assert/strict";
import { readMachine } from "../../../lib/install/plan/machine_reading.ts";
import type { InstallOptions } from "../../../lib/install/options.ts";
import { planDocument } from "../../../lib/install/plan/plan_document.ts";
import { renderPlan } from "../../../lib/install/plan/render_plan.ts";
import { isJudged, type Plan } from "../../../lib/install/plan/plan.ts";
import { Root } from "../../../lib/machine/root.ts";
import { stageHost } from "../../../lib/install/plan/staged_host.ts";
import type { ConfigurationFacts } from "../../../lib/nix/evaluation/configuration_facts.ts";
import { readConfiguration } from "../../../lib/nix/evaluation/read_configuration.ts";
import { expectedReason } from "../../../lib/rebuild/judgement/expected_changes.ts";
import { type TestContext, testContext } from "../../support/context.ts";
import { INSTALL_OPTIONS } from "../../support/install_options.ts";
import { planFor } from "../../support/make_plan.ts";
import { hasNix } from "../../support/needs.ts";
import {
  MACHINE_KINDS,
  type MachineKind,
  type ScratchMachine,
  scratchMachine,
} from "../../support/scratch_machine.ts";
import { makeSource } from "../../support/source.ts";

/** A machine with a source of ours beside it. */
class Adopted implements Disposable {
  readonly folder = Deno.makeTempDirSync();
  readonly machine: ScratchMachine;
  readonly ctx: TestContext;

  constructor(kind: MachineKind) {
    this.machine = scratchMachine(kind);
    makeSource(`${this.folder}/source`, { small: true });
    this.ctx = testContext({ root: this.machine.root });
  }

  async plan(options: Partial<InstallOptions> = {}): Promise<Plan> {
    const all = { ...INSTALL_OPTIONS, source: `${this.folder}/source`, ...options };
    return await planFor(this.ctx, all, await readMachine(this.ctx, all));
  }

  /** The new host, evaluated from the files of a plan and what lies on the machine now. */
  async evaluate(plan: Plan): Promise<ConfigurationFacts> {
    const base = plan.host.version === 2 ? plan.host.base : null;
    using staged = await stageHost(this.ctx, plan.source!, plan.hostName, base, plan.steps);
    return await readConfiguration(this.ctx, staged.configuration, { whole: true });
  }

  [Symbol.dispose](): void {
    this.machine.dispose();
    Deno.removeSync(this.folder, { recursive: true });
  }
}

const codes = (plan: Plan) => plan.blockers.filter(({ code }) => code === 6);

for (const kind of MACHINE_KINDS) {
  Deno.test({
    name: `a plan on the ${kind} machine's own configuration loses nothing of it`,
    ignore: !hasNix,
    fn: async () => {
      using adopted = new Adopted(kind);
      const plan = await adopted.plan();
      assert.deepEqual(codes(plan), []);
      assert.deepEqual(plan.questions, []);
      const { comparison } = plan;
      assert.ok(comparison);
      assert.deepEqual(comparison.unread, []);
      assert.deepEqual(
        comparison.differences.filter(({ state }) => state !== "changed" && state !== "new"),
        [],
      );
      const unexplained = comparison.differences.filter((one) => expectedReason(one) === undefined);
      assert.deepEqual(unexplained.map(({ kind, name }) => `${kind} ${name}`), []);
      for (const kind of ["etc", "unit", "account"] as const) {
        assert.ok(comparison.counts[kind].before > 0, kind);
      }
      assert.ok(isJudged(plan.judgement));
      assert.ok(plan.judgement.verdicts.some(({ id, ok }) => id === "identity" && ok));
      assert.deepEqual(plan.judgement.disappears.accounts, []);
      // No account is declared, and no password is copied.
      assert.ok(!plan.steps.some((step) => step.kind === "secret"));
      const written = plan.steps.map((step) => step.kind === "file" ? step.content : "").join("\n");
      assert.doesNotMatch(written, /users\.users|isNormalUser|hashedPassword/);
      // Nothing of the owner's is touched.
      assert.ok(
        plan.steps.every(({ path, kind }) =>
          !path.startsWith("/etc/nixos/") || kind === "directory"
        ),
      );
    },
  });
}

Deno.test({
  name: "a plan's document shows what differs without the secrets that the owner wrote there",
  ignore: !hasNix,
  fn: async () => {
    using adopted = new Adopted("rented");
    const plan = await adopted.plan();
    const changed = {
      kind: "unit",
      name: "agent.service",
      state: "changed",
      before: "ExecStart=/bin/agent\nEnvironment=AGENT_TOKEN=hunter2",
      after: "ExecStart=/bin/other\nEnvironment=AGENT_TOKEN=hunter2",
    } as const;
    const comparison = { ...plan.comparison!, differences: [changed] };
    const text = JSON.stringify(planDocument(adopted.ctx, { ...plan, comparison }));
    assert.ok(!text.includes("hunter2"), text);
    assert.match(text, /bin\/other\\nEnvironment=AGENT_TOKEN=\(not shown\)/);
  },
});

Deno.test({
  name:
    "a value that collides with what guests need says how to decide it, and local.nix decides it",
  ignore: !hasNix,
  fn: async () => {
    using adopted = new Adopted("uefi");
    const own = "users.groups.libvirtd.gid = 999;\n  users.groups.printers.gid = 1500;";
    adopted.machine.change(
      "/etc/nixos/configuration.nix",
      "users.groups.printers.gid = 1500;",
      own,
    );
    const [blocker, ...others] = codes(await adopted.plan());
    assert.deepEqual(others, []);
    assert.match(blocker?.message ?? "", /users\.groups\.libvirtd\.gid/);
    assert.match(blocker?.hint ?? "", /\/etc\/hypervisor\/configuration\/local\.nix.*lib\.mkForce/);
    const decision = "{ lib, ... }: { users.groups.libvirtd.gid = lib.mkForce 999; }\n";
    adopted.machine.write("/etc/hypervisor/configuration/local.nix", decision);
    assert.deepEqual(codes(await adopted.plan()), []);
  },
});

Deno.test({
  name:
    "a name that DHCP or cloud-init gave is not forced upon the machine, nor is one with an underscore",
  ignore: !hasNix,
  fn: async () => {
    const planned = async (declared: string, runs: string) => {
      using adopted = new Adopted("uefi");
      const name = 'networking.hostName = "workbench"';
      adopted.machine.change(
        "/etc/nixos/configuration.nix",
        name,
        `networking.hostName = "${declared}"`,
      );
      const { machine } = adopted;
      const file = new Root(machine.root).follow("/etc/hostname");
      Deno.removeSync(file);
      Deno.writeTextFileSync(file, `${runs}\n`);
      const plan = await adopted.plan();
      const forced = plan.settings.some(({ option }) => option.join(".") === "networking.hostName");
      return [plan.hostName, forced, codes(plan).map(({ message }) => message)];
    };
    assert.deepEqual(await planned("", "ip-10-0-0-7.eu-west-1.compute.internal"), [
      "ip-10-0-0-7",
      false,
      [],
    ]);
    assert.deepEqual(await planned("build_01", "build_01"), ["build_01", false, []]);
  },
});

Deno.test({
  name: "a later edit of the owner's configuration has its normal effect",
  ignore: !hasNix,
  fn: async () => {
    using adopted = new Adopted("uefi");
    const plan = await adopted.plan();
    const file = "/etc/nixos/configuration.nix";
    adopted.machine.change(file, 'time.timeZone = "Europe/Berlin"', 'time.timeZone = "Asia/Tokyo"');
    adopted.machine.change(
      file,
      "services.openssh.enable = true;",
      "services.openssh = { enable = true; ports = [ 2200 ]; };",
    );
    adopted.machine.change(
      file,
      'description = "Alice Example";',
      'description = "Alice"; shell = "/bin/sh";',
    );
    adopted.machine.change(
      file,
      'networking.hostName = "workbench"',
      'networking.hostName = "bench"',
    );
    const after = await adopted.evaluate(plan);
    const alice = after.users.accounts.find(({ name }) => name === "alice");
    assert.deepEqual(
      [after.timeZone, after.ssh.ports, alice?.shell, after.hostName, after.libvirtd],
      ["Asia/Tokyo", [2200], "/bin/sh", "bench", true],
    );
    const members = (group: string) =>
      after.users.groups.find(({ name }) => name === group)?.members.toSorted();
    assert.deepEqual(members("libvirtd"), ["alice", "bob"]);
  },
});

Deno.test({
  name: "without the configuration the plan lists what it says and the new host does not",
  ignore: !hasNix,
  fn: async () => {
    using adopted = new Adopted("uefi");
    const file = "/etc/nixos/configuration.nix";
    adopted.machine.change(
      file,
      "networking.networkmanager",
      `services.openssh.extraConfig = "Banner /etc/motd\\nInclude /etc/\\nToken = abc";
      environment.variables = { EDITOR = "vim"; API_TOKEN = "abc"; };
      boot.initrd.preLVMCommands = "echo hello";
      networking.networkmanager`,
    );
    const plan = await adopted.plan({ keepConfig: false });
    const { notCarried } = planDocument(adopted.ctx, plan);
    const files = [file];
    assert.deepEqual(notCarried, {
      unknown: null,
      settings: [
        { option: "boot.initrd.preLVMCommands", value: '"echo hello"', files },
        { option: "environment.variables.API_TOKEN", value: "cannot be shown", files },
        { option: "environment.variables.EDITOR", value: '"vim"', files },
      ],
      unreadable: [],
    });
    const shown = renderPlan(adopted.ctx, plan, { diffs: false, reasons: false });
    const section = shown.slice(shown.indexOf("Not carried over"));
    assert.match(
      section,
      /^.*\n.*from \/etc\/nixos\/configuration\.nix.*\n.*Commands  +"echo hello"\n/,
    );
    assert.doesNotMatch(shown, /more: --verbose/);
    assert.equal((await adopted.plan()).notCarried, undefined);
  },
});

Deno.test({
  name: "--hostname is the one value that stands above the owner's, also above mkForce",
  ignore: !hasNix,
  fn: async () => {
    using adopted = new Adopted("uefi");
    adopted.machine.change(
      "/etc/nixos/configuration.nix",
      'networking.hostName = "workbench"',
      'networking.hostName = (import <nixpkgs/lib>).mkForce "workbench"',
    );
    const plan = await adopted.plan({ hostname: "vmhost" });
    assert.equal(plan.hostName, "vmhost");
    assert.equal((await adopted.evaluate(plan)).hostName, "vmhost");
    assert.deepEqual(
      plan.comparison?.differences.filter((one) => expectedReason(one) === "the host name").map((
        { name },
      ) => name),
      ["hostname"],
    );
  },
});

Deno.test({
  name: "who is not chosen gets no groups, and stays as he is",
  ignore: !hasNix,
  fn: async () => {
    using adopted = new Adopted("uefi");
    const plan = await adopted.plan({ users: ["alice"] });
    assert.deepEqual(plan.leftBehind, []);
    const added = Object.fromEntries(plan.users.map(({ account, added }) => [account.name, added]));
    assert.deepEqual(added, { root: [], alice: ["kvm", "libvirtd", "video", "input"], bob: [] });
    const after = await adopted.evaluate(plan);
    assert.ok(!after.users.groups.some(({ members }) => members.includes("bob")));
  },
});

Deno.test({
  name: "a second run writes what the first one wrote, whatever that has made of the machine",
  ignore: !hasNix,
  fn: async () => {
    using adopted = new Adopted("uefi");
    const first = await adopted.plan({ hostname: "vmhost" });
    const written = ({ steps }: Plan) =>
      Object.fromEntries(
        steps.map((step) => [step.path, step.kind === "file" ? step.content : ""]),
      );
    // What the first installation leaves: its files, and the groups that an activation gave.
    for (const [path, text] of Object.entries(written(first))) {
      if (text !== "") adopted.machine.write(path, text);
    }
    const members = ["wheel", "kvm", "libvirtd", "video", "input"].map((name) =>
      `${name}:x:1:alice,bob\n`
    );
    adopted.machine.write("/etc/group", adopted.machine.read("/etc/group") + members.join(""));
    const second = await adopted.plan();
    assert.equal(second.hostName, "vmhost");
    const { "/etc/hypervisor/configuration/local.nix": _, ...expected } = written(first);
    assert.deepEqual(written(second), expected);
  },
});

Deno.test({
  name: "what the owner's configuration switches off, or runs otherwise, is a question",
  ignore: !hasNix,
  fn: async () => {
    using adopted = new Adopted("uefi");
    const file = "/etc/nixos/configuration.nix";
    adopted.machine.change(
      file,
      "networking.networkmanager",
      "virtualisation.libvirtd.enable = false;\n  networking.networkmanager",
    );
    adopted.machine.change(
      file,
      'networking.hostName = "workbench"',
      'networking.hostName = "elsewhere"',
    );
    const { questions } = await adopted.plan();
    assert.deepEqual(questions.map(({ found }) => found), [
      "the configuration that was read is not what this machine runs",
      "your configuration switches off what makes a virtual-machine host: virtualisation.libvirtd.enable",
    ]);
    assert.match(questions[0]!.details.join(), /the host name: elsewhere was read, workbench runs/);
  },
});

Deno.test({
  name: "a configuration that cannot be a base is refused, with what to do",
  ignore: !hasNix,
  fn: async () => {
    using adopted = new Adopted("uefi");
    const [old, none, force] = [
      async () => {
        adopted.machine.write("/etc/nixos/configuration.nix", "{ oops");
        return await adopted.plan();
      },
      async () => {
        Deno.removeSync(adopted.machine.host("/etc/nixos/configuration.nix"));
        return await adopted.plan();
      },
      async () => await adopted.plan({ keepConfig: false, hostname: "x", stateVersion: "23.11" }),
    ];
    const broken = codes(await old())[0];
    assert.match(`${broken?.message} ${broken?.hint}`, /syntax error.*--no-keep-config/s);
    const missing = codes(await none())[0];
    assert.match(
      `${missing?.message} ${missing?.hint}`,
      /neither .* nor .*--config.*--no-keep-config/s,
    );
    assert.deepEqual(codes(await force()), []);
  },
});
