import assert from "node:assert/strict";
import { Root } from "../../lib/machine/root.ts";
import { OFFLINE_NIX_CONFIG } from "./context.ts";
import { demo } from "./demo.ts";
import { runTool } from "./executable.ts";
import { hasNix, isRoot } from "./needs.ts";
import { MACHINE_KINDS, scratchMachine } from "./scratch_machine.ts";
import { assertSameTree, diffTrees, snapshotTree } from "./tree.ts";

Deno.test("scratchMachine() writes what its description says, in the files' own formats", () => {
  for (const kind of MACHINE_KINDS) {
    using machine = scratchMachine(kind);
    const { facts } = machine;
    const root = new Root(machine.root);
    const read = (path: string) => Deno.readTextFileSync(root.follow(path));
    assert.equal(read("/etc/hostname"), `${facts.hostName}\n`);
    assert.equal(Deno.readLinkSync(root.host("/etc/localtime")), `/etc/zoneinfo/${facts.timeZone}`);
    assert.match(read("/etc/locale.conf"), new RegExp(`^LANG=${facts.locale}$`, "m"));
    const passwd = read("/etc/passwd").split("\n");
    for (const { name, uid, gid, gecos, home, shell } of facts.accounts) {
      assert.ok(passwd.includes([name, "x", uid, gid, gecos, home, shell].join(":")), name);
    }
    assert.equal(root.realPath("/run/current-system"), machine.toplevel);
    assert.equal(root.realPath("/nix/var/nix/profiles/system"), machine.toplevel);
    assert.equal(machine.exists("/sys/firmware/efi"), facts.hardware.uefi);
    for (const { uuid } of facts.mounts) {
      assert.equal(Deno.lstatSync(root.follow(`/dev/disk/by-uuid/${uuid}`)).isSymlink, false);
    }
    for (const { name, mac } of facts.hardware.cards) {
      assert.equal(read(`/sys/class/net/${name}/address`), `${mac}\n`);
      Deno.statSync(root.follow(`/sys/class/net/${name}/device/driver`));
    }
    for (const { address } of facts.hardware.pci) {
      assert.match(read(`/sys/bus/pci/devices/${address}/vendor`), /^0x[0-9a-f]{4}\n$/);
    }
    for (const { name, bytes } of facts.hardware.disks) {
      assert.equal(Number(read(`/sys/block/${name}/size`)) * 512, bytes - bytes % 512);
    }
    for (const [name, text] of Object.entries(facts.nixos)) {
      assert.equal(read(`/etc/nixos/${name}`), text);
    }
  }
});

Deno.test("scratchMachine() gives files the modes and owners of a real machine", {
  ignore: !isRoot,
}, () => {
  using machine = scratchMachine("uefi");
  for (
    const [path, mode, uid, gid] of [
      ["/etc/passwd", 0o644, 0, 0],
      ["/etc/shadow", 0o640, 0, 318],
      ["/root", 0o700, 0, 0],
      ["/home/alice/.ssh/authorized_keys", 0o600, 1000, 100],
      ["/etc/ssh/authorized_keys.d/alice", 0o444, 0, 0],
      ["/etc/ssh/ssh_host_ed25519_key", 0o600, 0, 0],
      ["/tmp", 0o1777, 0, 0],
    ] as const
  ) {
    const info = Deno.lstatSync(machine.host(path));
    assert.deepEqual([info.mode! & 0o7777, info.uid, info.gid], [mode, uid, gid], path);
  }
  assert.ok(Deno.lstatSync(machine.host("/dev/nvme0n1p2")).isBlockDevice);
});

Deno.test("every machine's configuration evaluates to what the machine is", {
  ignore: !hasNix,
}, async () => {
  const facts = "c: { host = c.networking.hostName; state = c.system.stateVersion; " +
    "zone = c.time.timeZone; failed = map (a: a.message) (builtins.filter (a: !a.assertion) c.assertions); }";
  for (const kind of MACHINE_KINDS) {
    using machine = scratchMachine(kind);
    const { hostName, stateVersion, timeZone } = machine.facts;
    const configuration = kind === "flake"
      ? `(builtins.getFlake "path:${machine.root}/etc/nixos").nixosConfigurations.${hostName}.config`
      : `(import ${machine.nixpkgs}/nixos { configuration = ${machine.root}/etc/nixos/configuration.nix; }).config`;
    const { success, stdout, stderr } = await new Deno.Command("nix-instantiate", {
      args: ["--eval", "--strict", "--json", "-E", `(${facts}) ${configuration}`],
      env: { NIX_CONFIG: OFFLINE_NIX_CONFIG },
    }).output();
    const text = new TextDecoder().decode(stdout);
    assert.ok(success, `${kind}: ${new TextDecoder().decode(stderr)}`);
    // A configuration that names no time zone leaves it to the running system.
    const declared = machine.facts.nixos["configuration.nix"]!.includes("time.timeZone");
    assert.deepEqual(JSON.parse(text), {
      failed: [],
      host: hostName,
      state: stateVersion,
      zone: declared ? timeZone : null,
    });
  }
});

Deno.test("scratchMachine() makes the variations that tests ask for", () => {
  using debian = scratchMachine("uefi", { notNixos: true });
  assert.ok(!debian.exists("/etc/NIXOS") && !debian.exists("/run/current-system"));
  assert.match(debian.read("/etc/os-release"), /ID=debian/);
  using bare = scratchMachine("uefi", { withoutHardwareConfiguration: true });
  assert.ok(!bare.exists("/etc/nixos/hardware-configuration.nix"));
  using renamed = scratchMachine("uefi", { change: (facts) => ({ ...facts, hostName: "other" }) });
  assert.equal(new Root(renamed.root).realPath("/run/current-system"), renamed.toplevel);
  assert.match(renamed.toplevel, /nixos-system-other-/);
  using git = scratchMachine("flake", { git: true });
  assert.ok(git.exists("/etc/nixos/.git/HEAD"));
});

Deno.test("two machines of one kind are the same, and dispose() removes them", () => {
  const ignore = [/^nix\/store\/[^/]*-nixos-24/, /^etc\/nixos/];
  const first = scratchMachine("hostile");
  const second = scratchMachine("hostile");
  assertSameTree(snapshotTree(first.root, { ignore }), snapshotTree(second.root, { ignore }));
  for (const machine of [first, second]) {
    machine.dispose();
    assert.throws(() => Deno.statSync(machine.root), Deno.errors.NotFound);
  }
});

Deno.test("a tool inside a scratch machine takes it for the running one", {
  ignore: !isRoot,
}, async () => {
  using machine = scratchMachine("bios");
  const before = snapshotTree("/etc");
  const { code } = await runTool(demo, ["--do", "greet"], { inside: machine.root });
  assert.equal(code, 0);
  assert.match(machine.read("/var/log/hypervisor/demo.log"), /\[INFO\] hello/);
  assertSameTree(before, snapshotTree("/etc"), "the tests' own machine changed");
});

Deno.test("diffTrees() names what changed, by field", () => {
  using machine = scratchMachine("rented");
  const before = snapshotTree(machine.root);
  machine.write("/etc/new", "x");
  machine.write("/etc/machine-id", "changed", 0o600);
  Deno.removeSync(machine.host("/etc/adjtime"));
  Deno.removeSync(machine.host("/etc/localtime"));
  Deno.symlinkSync("/etc/zoneinfo/Europe/Berlin", machine.host("/etc/localtime"));
  assert.deepEqual(diffTrees(before, snapshotTree(machine.root)).split("\n"), [
    "- etc/adjtime (file)",
    "~ etc/localtime: target /etc/zoneinfo/UTC -> /etc/zoneinfo/Europe/Berlin",
    "~ etc/machine-id: mode 444 -> 600, content",
    "+ etc/new (file)",
  ]);
});
