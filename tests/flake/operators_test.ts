/** Who may operate guests without a password, judged by sudo itself. */
import assert from "node:assert/strict";
import { hasCommand, hasNix, hasSetpriv, need } from "../support/needs.ts";
import { type SudoMachine, sudoMachine, VIRSH } from "./sudo.ts";
import { evaluateModule, evaluationError, scratchFolder } from "./support.ts";

const OPERATORS = `{
  hypervisor.enable = true;
  hypervisor.operators = [ "olga" "walter" ];
  users.users.olga.isNormalUser = true;
  users.users.walter = { isNormalUser = true; extraGroups = [ "wheel" ]; };
}`;

const sudoers = async () =>
  await evaluateModule(OPERATORS, "nixos.config.security.sudo.configFile") as string;

/** What an operator may say to virsh. */
const ALLOWED = [
  ["list"],
  ["list", "--all"],
  ["net-list", "--all"],
  ["pool-list", "--all"],
  ["nodeinfo"],
  ["version"],
  ...["start", "shutdown", "reboot", "reset", "suspend", "resume", "destroy", "managedsave"]
    .map((command) => [command, "web"]),
  ["autostart", "a.b_c+d-1"],
  ["console", "db-1"],
  ["domstate", "5"],
  ["snapshot-list", "web"],
];

/** What would give an operator root, or more than operating a guest that root defined. */
const REFUSED = [
  // Guests made or changed: a guest can be given any disk, folder or device of the host.
  ["define", "/tmp/guest.xml"],
  ["create", "/tmp/guest.xml"],
  ["edit", "web"],
  ["undefine", "web"],
  ["attach-disk", "web", "/dev/sda", "vdb"],
  ["attach-device", "web", "/tmp/disk.xml"],
  ["update-device", "web", "/tmp/disk.xml"],
  ["change-media", "web", "hdc", "/etc/shadow"],
  ["migrate", "web", "qemu+ssh://elsewhere/system"],
  ["snapshot-create", "web", "/tmp/snapshot.xml"],
  ["snapshot-create-as", "web", "name", "--diskspec", "vda,file=/etc/cron.d/x"],
  // QEMU itself, and programs inside guests.
  ["qemu-monitor-command", "web", "--hmp", "migrate exec:id"],
  ["qemu-attach", "1"],
  ["qemu-agent-command", "web", "{}"],
  ["lxc-enter-namespace", "web", "--", "/bin/sh"],
  // Files of the host read or written.
  ["save", "web", "/etc/shadow"],
  ["restore", "/tmp/image"],
  ["dump", "web", "/etc/cron.d/x"],
  ["screenshot", "web", "/etc/cron.d/x"],
  ["vol-upload", "--pool", "default", "vol", "/etc/shadow"],
  ["vol-download", "--pool", "default", "vol", "/etc/cron.d/x"],
  ["pool-define-as", "all", "dir", "--target", "/"],
  ["net-define", "/tmp/net.xml"],
  ["nwfilter-define", "/tmp/filter.xml"],
  ["secret-get-value", "0f1e2d3c-4b5a-4978-8796-a5b4c3d2e1f0"],
  // virsh's own ways to run something else.
  [],
  ["cd", "/"],
  ["-c", "qemu+ext:///system?command=/tmp/evil", "start", "web"],
  ["-l", "/etc/cron.d/x", "start", "web"],
  ["-q", "start", "web"],
  // An allowed command with more to it.
  ["start"],
  ["start", ""],
  ["start", "-"],
  ["start", "--paused"],
  ["start", "web", "--paused"],
  ["start", "web", "--console"],
  ["start", "--domain", "web"],
  ["start", "web", "web"],
  ["start", "web ", ""],
  ["start", "web; edit web"],
  ["start web; edit web"],
  ["start", "web\nedit web"],
  ["start\tweb"],
  ["start", "'web'"],
  ["start", "../web"],
  ["start", "wéb"],
  ["console", "web", "serial1"],
  ["console", "web", "--force"],
  ["list", "--all", "--name"],
  ["LIST"],
];

Deno.test({
  name: "module refuses an operator who can be no user, and accepts an account made by hand",
  ignore: !hasNix,
  fn: async () => {
    const nemo = `{ hypervisor.enable = true; hypervisor.operators = [ "nemo" ]; }`;
    const toplevel = "nixos.config.system.build.toplevel.drvPath";
    assert.match(String(await evaluateModule(nemo, toplevel)), /\.drv$/);
    const declaredOnly = "{ users.mutableUsers = false; users.allowNoPasswordLogin = true; }";
    const message = await evaluationError(`${nemo} ${declaredOnly}`, toplevel);
    assert.match(message, /hypervisor\.operators names nemo, but there is no users\.users\.nemo/);
  },
});

Deno.test({
  name: "module warns when there is no sudo that knows the operators' rules",
  ignore: !hasNix,
  fn: async () => {
    const read = "nixos.config.warnings";
    assert.deepEqual(await evaluateModule(OPERATORS, read), []);
    const warnings = await evaluateModule(`${OPERATORS} { security.sudo.enable = false; }`, read);
    assert.match(String(warnings), /operators has no effect without security\.sudo\.enable/);
  },
});

Deno.test({
  name: "module's rule for operators names one program, root only, and has no wildcard",
  ignore: !hasNix,
  fn: async () => {
    const rules = await evaluateModule(
      OPERATORS,
      `lib.filter (r: lib.elem "olga" r.users) nixos.config.security.sudo.extraRules`,
    ) as { runAs: string; commands: { command: string; options: string[] }[] }[];
    assert.equal(rules.length, 1);
    assert.equal(rules[0]!.runAs, "root");
    for (const { command, options } of rules[0]!.commands) {
      assert.deepEqual(options, ["NOPASSWD"]);
      assert.ok(command.startsWith(`${VIRSH} `), command);
      // In sudoers(5) a wildcard of plain arguments also matches spaces, and so options and files.
      const args = command.slice(VIRSH.length + 1);
      assert.ok(/^\^.*\$$/.test(args) || !/[*?[\]\\]/.test(args), command);
    }
  },
});

const hasVisudo = need(
  hasCommand("visudo"),
  "visudo is not installed: sudo does not judge the module's sudoers",
);

Deno.test({
  name: "module's sudoers is accepted by visudo",
  ignore: !hasNix || !hasVisudo,
  fn: async () => {
    using folder = scratchFolder();
    Deno.writeTextFileSync(`${folder.path}/sudoers`, await sudoers(), { mode: 0o440 });
    const { code, stderr } = await new Deno.Command("visudo", {
      args: ["--check", "--strict", "--file", `${folder.path}/sudoers`],
    }).output();
    assert.equal(code, 0, new TextDecoder().decode(stderr));
  },
});

const hasSudo = hasSetpriv && need(
  hasCommand("sudo") && hasCommand("unshare"),
  "sudo or unshare is not installed: the module's rules are not tried with real sudo",
);

/** A test with real sudo and the module's sudoers. */
function withSudo(name: string, fn: (machine: SudoMachine) => Promise<void>): void {
  Deno.test({
    name,
    ignore: !hasNix || !hasSudo,
    fn: async () => {
      using machine = sudoMachine(await sudoers());
      await fn(machine);
    },
  });
}

withSudo("operators start virsh as root with exactly the allowed words", async (machine) => {
  for (const args of ALLOWED) {
    const { code, stderr, virsh } = await machine.run("olga", ["sudo", "-n", "virsh", ...args]);
    assert.equal(code, 0, `${args.join(" ")}: ${stderr}`);
    assert.deepEqual(virsh && [virsh.uid, virsh.args], [0, args]);
  }
});

withSudo("operators get nothing else from virsh, in wheel neither", async (machine) => {
  for (const args of REFUSED) {
    for (const account of ["olga", "walter"] as const) {
      const { code, virsh } = await machine.run(account, ["sudo", "-n", VIRSH, ...args]);
      assert.equal(virsh, undefined, `${account} may say: ${JSON.stringify(args)}`);
      assert.notEqual(code, 0);
    }
  }
});

withSudo("operators run no other program, user, group, folder or shell", async (machine) => {
  const evil = `${machine.shared}/virsh`;
  Deno.writeTextFileSync(evil, "#!/bin/sh\nprintf 'uid=%s\\0' \"$(id -u)\"\n");
  Deno.chmodSync(evil, 0o755);
  const start = [VIRSH, "start", "web"];
  for (
    const command of [
      ["id"],
      ["-s"],
      ["-i"],
      ["/bin/sh", "-c", "virsh start web"],
      ["-u", "walter", ...start],
      ["-g", "wheel", ...start],
      ["-D", "/root", ...start],
      ["-R", machine.shared, ...start],
      ["-e", "/etc/shadow"],
      [evil, "start", "web"],
      ["/usr/bin/env", "virsh", "start", "web"],
    ]
  ) {
    const { code, virsh } = await machine.run("olga", ["sudo", "-n", ...command]);
    assert.notEqual(code, 0, command.join(" "));
    assert.equal(virsh, undefined, command.join(" "));
  }
  const shadowed = await machine.run("olga", ["sudo", "-n", "virsh", "start", "web"], {
    PATH: `${machine.shared}:/usr/bin:/bin`,
  });
  assert.notEqual(shadowed.code, 0, "a virsh of the operator's own PATH was started");
  assert.equal(shadowed.virsh, undefined);
});

// libvirt(3) and virsh(1) read these; a URI can name a command, a log output a file.
const HOSTILE_ENVIRONMENT = {
  LIBVIRT_DEFAULT_URI: "qemu+ext:///system?command=/tmp/evil",
  VIRSH_DEFAULT_CONNECT_URI: "qemu+ext:///system?command=/tmp/evil",
  LIBVIRT_LOG_OUTPUTS: "1:file:/etc/cron.d/x",
  LIBVIRT_DEBUG: "1",
  LIBVIRT_DRIVER_DIR: "/tmp",
  LD_PRELOAD: "/tmp/evil.so",
  LD_LIBRARY_PATH: "/tmp",
  XDG_CONFIG_HOME: "/tmp",
  XDG_RUNTIME_DIR: "/tmp",
  HOME: "/tmp",
  EDITOR: "/tmp/evil",
  VISUAL: "/tmp/evil",
  BASH_ENV: "/tmp/evil",
  ENV: "/tmp/evil",
  INPUTRC: "/tmp/evil",
  TERMINFO: "/tmp",
};

withSudo("operators hand no variable to virsh", async (machine) => {
  const command = ["sudo", "-n", "virsh", "list"];
  const { virsh } = await machine.run("olga", command, HOSTILE_ENVIRONMENT);
  for (const [name, value] of Object.entries(HOSTILE_ENVIRONMENT)) {
    assert.notEqual(virsh!.env[name], value, `${name} reached virsh`);
  }
  // Members of wheel may set variables, but with their password: not for what needs none.
  for (const account of ["olga", "walter"] as const) {
    for (
      const setting of [
        ["LIBVIRT_DEFAULT_URI=qemu+ext:///system?command=/tmp/evil"],
        ["--preserve-env=LIBVIRT_DEFAULT_URI"],
        ["--preserve-env"],
      ]
    ) {
      const { code, virsh } = await machine.run(
        account,
        ["sudo", "-n", ...setting, "virsh", "list"],
        HOSTILE_ENVIRONMENT,
      );
      assert.equal(virsh, undefined, `${account}: ${setting}`);
      assert.notEqual(code, 0);
    }
  }
});

withSudo("sudo lists for an operator what the module allows, and no more", async (machine) => {
  const { code, stdout, stderr } = await machine.run("root", ["sudo", "-l", "-U", "olga"]);
  assert.equal(code, 0, stderr);
  const [, listed = ""] = stdout.replaceAll(/\s+/g, " ").split("(root) NOPASSWD: ");
  const commands = listed.trim().split(", ");
  assert.equal(commands.length, 7, stdout);
  for (const command of commands) assert.ok(command.startsWith(`${VIRSH} `), command);
  assert.doesNotMatch(stdout, /\bALL\b/);
});
