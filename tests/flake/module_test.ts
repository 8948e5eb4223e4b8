import assert from "node:assert/strict";
import { hasNix } from "../support/needs.ts";
import { evaluateModule, evaluationError } from "./support.ts";

const ENABLED = "{ hypervisor.enable = true; }";

Deno.test({
  name: "module changes nothing while it is not enabled",
  ignore: !hasNix,
  fn: async () => {
    const read = `with nixos.config; [
      virtualisation.libvirtd.enable boot.kernelParams systemd.tmpfiles.settings
      (nix.settings ? connect-timeout) security.sudo.configFile
    ]`;
    const off = await evaluateModule(`{ hypervisor.cpu.vendor = "intel"; }`, read);
    assert.deepEqual(off, [
      false,
      ["loglevel=4"],
      {},
      false,
      "root\tALL=(ALL:ALL)\tSETENV: ALL\n%wheel\tALL=(ALL:ALL)\tSETENV: ALL\n",
    ]);
  },
});

Deno.test({
  name: "module loads the vendor's KVM and turns its IOMMU on",
  ignore: !hasNix,
  fn: async () => {
    const read = "with nixos.config.boot; [ kernelModules kernelParams ]";
    const of = async (vendor: string) =>
      (await evaluateModule(
        `${ENABLED} { hypervisor.cpu.vendor = ${vendor}; hypervisor.iommu.enable = true; }`,
        read,
      )) as [string[], string[]];
    const kvm = (modules: string[]) => modules.filter((name) => name.startsWith("kvm"));
    const iommu = (params: string[]) => params.filter((name) => name.includes("iommu"));
    const [intelModules, intelParams] = await of(`"intel"`);
    assert.deepEqual([kvm(intelModules), iommu(intelParams)], [["kvm-intel"], [
      "intel_iommu=on",
      "iommu=pt",
    ]]);
    const [amdModules, amdParams] = await of(`"amd"`);
    assert.deepEqual([kvm(amdModules), iommu(amdParams)], [["kvm-amd"], ["iommu=pt"]]);
    const [otherModules, otherParams] = await of("null");
    assert.deepEqual([kvm(otherModules), iommu(otherParams)], [[], []]);
  },
});

Deno.test({
  name: "module leaves host name, state version, time zone, users, boot loader and sshd undefined",
  ignore: !hasNix,
  fn: async () => {
    // 1500 is the priority of an option's own default: nobody defined it.
    const read = `map (path: (lib.getAttrFromPath path nixos.options).highestPrio) [
      [ "networking" "hostName" ] [ "time" "timeZone" ] [ "services" "openssh" "enable" ]
      [ "services" "openssh" "ports" ] [ "services" "openssh" "settings" ] [ "users" "mutableUsers" ]
      [ "boot" "loader" "systemd-boot" "enable" ] [ "i18n" "defaultLocale" ]
      [ "networking" "firewall" "enable" ]
    ]`;
    assert.deepEqual(await evaluateModule(ENABLED, read), Array(9).fill(1500));
    const version = `nixos.options.system.stateVersion.files`;
    assert.equal((await evaluateModule(ENABLED, version) as string[]).length, 1);
  },
});

Deno.test({
  name: "module's folders carry an owner and a mode",
  ignore: !hasNix,
  fn: async () => {
    const rules = await evaluateModule(
      `${ENABLED} { hypervisor.guestStorage = "/data/guests"; }`,
      `lib.mapAttrs (_: r: "\${r.d.mode} \${r.d.user}:\${r.d.group}") nixos.config.systemd.tmpfiles.settings.hyper-nixos`,
    );
    assert.deepEqual(rules, {
      "/data/guests": "0771 root:libvirtd",
      "/etc/hypervisor": "0755 root:root",
      "/etc/hypervisor/configuration": "0755 root:root",
      "/var/lib/hyper-nixos": "0700 root:root",
      "/var/log/hypervisor": "0755 root:root",
      "/var/log/nixos": "0755 root:root",
    });
  },
});

Deno.test({
  name: "module yields to what the owner defines plainly",
  ignore: !hasNix,
  fn: async () => {
    const owner = `{
      nix.settings.experimental-features = "nix-command flakes";
      nix.settings.http-connections = 3;
      nix.settings.cores = 2;
      security.sudo.wheelNeedsPassword = false;
      security.polkit.enable = true;
    }`;
    const read = `with nixos.config; [
      nix.settings.experimental-features nix.settings.http-connections nix.settings.cores
      security.sudo.wheelNeedsPassword
    ]`;
    assert.deepEqual(await evaluateModule(`${ENABLED} ${owner}`, read), [
      "nix-command flakes",
      3,
      2,
      false,
    ]);
  },
});

Deno.test({
  name: "module's binary caches come with a key or not at all",
  ignore: !hasNix,
  fn: async () => {
    const cache = `{ hypervisor.nix.substituters = [ "https://cache.example.org" ]; }`;
    const toplevel = "nixos.config.system.build.toplevel.drvPath";
    assert.match(
      await evaluationError(`${ENABLED} ${cache}`, toplevel),
      /hypervisor\.nix\.trustedPublicKeys has no key for it/,
    );
    const settings = await evaluateModule(
      `${ENABLED} ${cache} { hypervisor.nix.trustedPublicKeys = [ "k:1" ]; }`,
      "with nixos.config.nix.settings; [ extra-substituters extra-trusted-public-keys substituters ]",
    );
    assert.deepEqual(settings, [
      ["https://cache.example.org"],
      ["k:1"],
      ["https://cache.nixos.org/"],
    ]);
  },
});

Deno.test({
  name: "module checks the installation daily once the validator is among the tools",
  ignore: !hasNix,
  fn: async () => {
    const tools = `({ pkgs, ... }: {
      hypervisor.package = pkgs.symlinkJoin {
        name = "tools";
        paths = [ ];
        passthru.executables.validator = pkgs.hello;
      };
    })`;
    const read = `with nixos.config.systemd; {
      services = lib.optionals (services ? hypervisor-validator)
        [ (builtins.unsafeDiscardStringContext services.hypervisor-validator.serviceConfig.ExecStart) ];
      timers = lib.optionals (timers ? hypervisor-validator) timers.hypervisor-validator.wantedBy;
    }`;
    assert.deepEqual(await evaluateModule(ENABLED, read), { services: [], timers: [] });
    const on = await evaluateModule(`${ENABLED} ${tools}`, read) as Record<string, string[]>;
    assert.match(on.services![0]!, /^\/nix\/store\/.*\/bin\/validator --no-color$/);
    assert.deepEqual(on.timers, ["timers.target"]);
    const off = `${ENABLED} ${tools} { hypervisor.validator.enable = false; }`;
    assert.deepEqual(await evaluateModule(off, read), { services: [], timers: [] });
  },
});
