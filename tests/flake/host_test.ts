import assert from "node:assert/strict";
import { hasNix } from "../support/needs.ts";
import { copyOfFlake, nix, nixOutput, NIXPKGS, scratchFolder, WITH_STAND_IN } from "./support.ts";

/** A machine's files as system-installer leaves them. */
const FILES: Readonly<Record<string, string>> = {
  "etc/nixos/hardware-configuration.nix": `
    { config, lib, modulesPath, ... }:
    {
      imports = [ (modulesPath + "/installer/scan/not-detected.nix") ];
      fileSystems."/" = { device = "/dev/disk/by-uuid/1"; fsType = "ext4"; };
      nixpkgs.hostPlatform = lib.mkDefault "x86_64-linux";
      hardware.cpu.amd.updateMicrocode = lib.mkDefault config.hardware.enableRedistributableFirmware;
    }`,
  "etc/hypervisor/configuration/host.json":
    `{ "version": 1, "hostName": "vmhost", "system": "x86_64-linux" }`,
  "etc/hypervisor/configuration/hardware-local.nix": `
    { lib, ... }:
    {
      hypervisor.cpu.vendor = lib.mkOverride 60 "amd";
      hypervisor.iommu.enable = lib.mkOverride 60 true;
      boot.loader.grub.devices = lib.mkOverride 60 [ "/dev/sda" ];
    }`,
  "etc/hypervisor/configuration/users-local.nix": `
    {
      users.users.alice = {
        isNormalUser = true;
        uid = 1000;
        extraGroups = [ "wheel" "libvirtd" ];
        hashedPasswordFile = "/var/lib/hyper-nixos/passwords/alice";
      };
    }`,
  "etc/hypervisor/configuration/system-local.nix": `
    { lib, ... }:
    {
      networking.hostName = lib.mkOverride 60 "vmhost";
      system.stateVersion = lib.mkOverride 60 "23.11";
      time.timeZone = lib.mkOverride 60 "Europe/Berlin";
      services.openssh.enable = lib.mkOverride 60 true;
      services.openssh.ports = lib.mkOverride 60 [ 2222 ];
    }`,
};

function writeMachine(root: string, changes: Files = {}) {
  for (const [name, content] of Object.entries({ ...FILES, ...changes })) {
    if (content === undefined) continue;
    Deno.mkdirSync(`${root}/${name}`.replace(/\/[^/]*$/, ""), { recursive: true });
    Deno.writeTextFileSync(`${root}/${name}`, content);
  }
}

/** Evaluates something of the flake's configurations for a machine under `root`. */
function evaluate(flake: string, root: string, attribute: string, apply = "x: x") {
  return nix("nix", [
    "eval",
    "--impure",
    "--json",
    `path:${flake}#nixosConfigurations${attribute}`,
    "--apply",
    apply,
    ...WITH_STAND_IN,
  ], { HYPERVISOR_ROOT: root });
}

type Files = Readonly<Record<string, string | undefined>>;

/**
 * A test on a copy of the flake, and on a machine with the usual files and these.
 * @param files undefined for a machine on which nothing is
 */
function onMachine(
  name: string,
  files: Files | undefined,
  test: (flake: string, root: string) => Promise<void>,
): void {
  Deno.test({
    name: `host.nix ${name}`,
    ignore: !hasNix,
    fn: async () => {
      using flake = copyOfFlake();
      using root = scratchFolder();
      if (files !== undefined) writeMachine(root.path, files);
      await test(flake.path, root.path);
    },
  });
}

onMachine(
  "composes the installed machine under HYPERVISOR_ROOT and it builds",
  {},
  async (flake, root) => {
    const out = `${root}/result`;
    await nixOutput("nix", [
      "build",
      "--impure",
      "--out-link",
      out,
      `path:${flake}#nixosConfigurations.vmhost.config.system.build.toplevel`,
      ...WITH_STAND_IN,
    ], { HYPERVISOR_ROOT: root });
    const facts = JSON.parse(Deno.readTextFileSync(`${out}/facts.json`));
    assert.equal(facts.hostName, "vmhost");
    assert.equal(facts.stateVersion, "23.11");
    assert.equal(facts.timeZone, "Europe/Berlin");
    assert.deepEqual(facts.tcpPorts, [2222]);
    assert.deepEqual(facts.fileSystems, { "/": { device: "/dev/disk/by-uuid/1", fsType: "ext4" } });
    assert.equal(facts.users.alice.uid, 1000);
    assert.equal(
      facts.users.alice.hashedPasswordFile,
      "/var/lib/hyper-nixos/passwords/alice",
    );
    assert.ok(Deno.statSync(`${out}/etc/systemd/system/libvirtd.service`).isFile);
    assert.match(Deno.readTextFileSync(`${out}/kernel-params`), /\biommu=pt\b/);
  },
);

onMachine("imports the owner's local.nix, whose plain settings beat the module's", {
  "etc/hypervisor/configuration/local.nix":
    "{ virtualisation.libvirtd.enable = false; nix.settings.http-connections = 7; }",
}, async (flake, root) => {
  const { stdout, stderr } = await evaluate(
    flake,
    root,
    ".vmhost.config",
    "c: [ c.virtualisation.libvirtd.enable c.nix.settings.http-connections ]",
  );
  assert.equal(stdout.trim(), "[false,7]", stderr);
});

onMachine("gives nothing where no machine is installed", undefined, async (flake, root) => {
  const { stdout, stderr } = await evaluate(flake, root, "", "builtins.attrNames");
  assert.deepEqual(JSON.parse(stdout), ["hypervisor-aarch64", "hypervisor-x86_64"], stderr);
});

Deno.test({
  name: "host.nix refuses a machine without its users, disks or hardware, and names the file",
  ignore: !hasNix,
  fn: async () => {
    using flake = copyOfFlake();
    for (const name of Object.keys(FILES).filter((name) => name.endsWith(".nix"))) {
      using root = scratchFolder();
      writeMachine(root.path, { [name]: undefined });
      const { code, stderr } = await evaluate(
        flake.path,
        root.path,
        ".vmhost.config.networking.hostName",
      );
      assert.notEqual(code, 0);
      assert.ok(stderr.includes(`${root.path}/${name} is missing: run system-installer`), stderr);
    }
  },
});

const OWNERS = `
  { lib, ... }:
  {
    imports = [ ./hardware-configuration.nix ];
    networking.hostName = "mine";
    boot.loader.grub.device = "/dev/sda";
    time.timeZone = lib.mkDefault "Europe/Rome";
    services.openssh = { enable = true; ports = [ 2022 ]; };
    users.users.root.hashedPassword = "!x";
    users.allowNoPasswordLogin = true;
    system.stateVersion = "22.05";
  }`;

/** A machine whose host is its owner's configuration with ours added. */
function adopted(base: object): Record<string, string | undefined> {
  const record = { version: 2, hostName: "vmhost", system: "x86_64-linux", base, tools: null };
  return {
    "etc/nixos/configuration.nix": OWNERS,
    "etc/nixos/flake.nix": base && "url" in base
      ? `{
        inputs.nixpkgs.url = "path:${NIXPKGS}";
        outputs = { nixpkgs, ... }: {
          nixosConfigurations.mine = nixpkgs.lib.nixosSystem { modules = [ ./configuration.nix ]; };
        };
      }`
      : undefined,
    "etc/hypervisor/configuration/host.json": JSON.stringify(record),
    "etc/hypervisor/configuration/hardware-local.nix": "{ }",
    "etc/hypervisor/configuration/users-local.nix":
      `{ users.groups.libvirtd.members = [ "bob" ]; }`,
    "etc/hypervisor/configuration/system-local.nix": "{ hypervisor.installed.flakeLink = true; }",
  };
}

const WHAT = `nixos: {
  inherit (nixos.config.networking) hostName;
  inherit (nixos.config.time) timeZone;
  inherit (nixos.config.services.openssh) ports;
  libvirtd = nixos.config.virtualisation.libvirtd.enable;
  link = nixos.config.environment.etc ? "nixos/flake.nix";
  members = nixos.config.users.groups.libvirtd.members;
  drv = builtins.stringLength nixos.config.system.build.toplevel.drvPath > 0;
}`;
const ADOPTED = {
  hostName: "mine",
  timeZone: "Europe/Rome",
  ports: [2022],
  libvirtd: true,
  members: ["bob"],
  drv: true,
};

onMachine(
  "puts Hyper-NixOS onto the owner's channel, without any input of this flake",
  adopted({ kind: "channel", configuration: "/etc/nixos/configuration.nix", searchPath: [] }),
  async (flake, root) => {
    // The pin in the lock file cannot be fetched here: a name or value that needs it would fail.
    const read = await nixOutput(
      "nix",
      [
        "eval",
        "--impure",
        "--json",
        `path:${flake}#nixosConfigurations.vmhost`,
        "--apply",
        WHAT,
      ],
      { HYPERVISOR_ROOT: root, NIX_PATH: `nixpkgs=${NIXPKGS}` },
    );
    assert.deepEqual(JSON.parse(read), { ...ADOPTED, link: true });
    const names = await nixOutput(
      "nix",
      [
        "eval",
        "--json",
        `path:${flake}#packages.x86_64-linux`,
        "--apply",
        "builtins.attrNames",
      ],
    );
    assert.ok(JSON.parse(names).includes("system-installer"), names);
  },
);

onMachine(
  "puts Hyper-NixOS onto the owner's flake, and lets its flake.nix be",
  adopted({ kind: "flake", url: "path:/etc/nixos", host: "mine", directory: "/etc/nixos" }),
  async (flake, root) => {
    const evaluated = () =>
      nix("nix", [
        "eval",
        "--impure",
        "--json",
        `path:${flake}#nixosConfigurations.vmhost`,
        "--apply",
        WHAT,
      ], { HYPERVISOR_ROOT: root });
    const unlocked = await evaluated();
    assert.match(unlocked.stderr, /lock file/);
    await nixOutput("nix", ["flake", "lock", `path:${root}/etc/nixos`]);
    const { stdout, stderr } = await evaluated();
    assert.deepEqual(JSON.parse(stdout || stderr), { ...ADOPTED, link: false });
  },
);

onMachine("refuses a host.json of another version, and a root that is not absolute", {
  "etc/hypervisor/configuration/host.json": `{ "version": 3, "hostName": "vmhost" }`,
}, async (flake, root) => {
  const newer = await evaluate(flake, root, "", "builtins.attrNames");
  assert.notEqual(newer.code, 0);
  assert.match(
    newer.stderr,
    /host\.json is of version 3, this source tree knows versions 1 and 2/,
  );
  const relative = await evaluate(flake, "some/folder", "", "builtins.attrNames");
  assert.notEqual(relative.code, 0);
  assert.match(relative.stderr, /HYPERVISOR_ROOT must be an absolute path, it is "some\/folder"/);
});
