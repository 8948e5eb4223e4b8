import assert from "node:assert/strict";
import { hasNix } from "../support/needs.ts";
import { evaluateModule, evaluationError, scratchFolder } from "./support.ts";

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
  name: "module copies guests' definitions once a day, where there are guests",
  ignore: !hasNix,
  fn: async () => {
    const read = `let inherit (nixos.config.systemd) timers services; in
      if timers ? hypervisor-guest-backup then [
        timers.hypervisor-guest-backup.timerConfig.OnCalendar
        (builtins.unsafeDiscardStringContext services.hypervisor-guest-backup.serviceConfig.ExecStart)
      ] else null`;
    const [when, command] = await evaluateModule(ENABLED, read) as [string, string];
    assert.equal(when, "daily");
    assert.match(
      command,
      /^\/nix\/store\/\S+-hypervisor-guest-backup \/var\/lib\/libvirt \/var\/lib\/hyper-nixos\/guests$/,
    );
    const without = ["virtualisation.libvirtd.enable", "hypervisor.guestBackup.enable"];
    for (const option of without) {
      assert.equal(await evaluateModule(`${ENABLED} { ${option} = false; }`, read), null);
    }
  },
});

Deno.test({
  name: "module puts the signers of commits where the tools find them",
  ignore: !hasNix,
  fn: async () => {
    const read = `nixos.config.environment.etc."hypervisor/signers".source or null`;
    assert.equal(await evaluateModule(ENABLED, read), null);
    const signers = `{ hypervisor.signers = "/nix/store/allowed-signers"; }`;
    assert.equal(await evaluateModule(signers, read), null);
    assert.equal(await evaluateModule(`${ENABLED} ${signers}`, read), "/nix/store/allowed-signers");
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
  name: "module turns flakes on beside whatever the owner says about experimental features",
  ignore: !hasNix,
  fn: async () => {
    const read = `with nixos.config.nix; [
      (settings.experimental-features or null) (settings.extra-experimental-features or null) extraOptions
    ]`;
    const of = (owner: string) => evaluateModule(`${ENABLED} { nix = { ${owner} }; }`, read);
    const both = ["nix-command", "flakes"];
    assert.deepEqual(await of(""), [null, both, ""]);
    for (const value of ["nix-command ca-derivations", ["flakes"]]) {
      const own = typeof value === "string" ? `"${value}"` : `[ "${value}" ]`;
      assert.deepEqual(
        await of(`settings.experimental-features = ${own};`),
        [value, both, ""],
      );
    }
    // The owner's own addition takes the place of ours: what it lacks is a line after it.
    const [, extra, lines] = await of(`
      settings.extra-experimental-features = "flakes repl-flake";
      extraOptions = "keep-outputs = true";
    `) as string[];
    assert.equal(extra, "flakes repl-flake");
    assert.equal(lines, "keep-outputs = true\nextra-experimental-features = nix-command");
    const enough = `settings.extra-experimental-features = [ "flakes" "nix-command" ];`;
    assert.deepEqual((await of(enough) as unknown[])[2], "");
  },
});

Deno.test({
  name: "module accepts the job limit of hardware files made before 2020",
  ignore: !hasNix,
  fn: async () => {
    const old = "({ lib, ... }: { nix.settings.max-jobs = lib.mkDefault 4; })";
    const read = "nixos.config.nix.settings.max-jobs";
    assert.equal(await evaluateModule(`${ENABLED} ${old}`, read), 4);
  },
});

Deno.test({
  name:
    "module leaves a collision of libvirtd with the owner's settings to NixOS, which names both files",
  ignore: !hasNix,
  fn: async () => {
    using folder = scratchFolder();
    const owner = `${folder.path}/configuration.nix`;
    for (
      const [option, definition] of [
        ["security.polkit.enable", "security.polkit.enable = false;"],
        ["users.groups.libvirtd.gid", "users.groups.libvirtd.gid = 999;"],
      ]
    ) {
      Deno.writeTextFileSync(owner, `{ ${definition} }`);
      const toplevel = "nixos.config.system.build.toplevel.drvPath";
      const message = await evaluationError(`${ENABLED} ${owner}`, toplevel);
      assert.ok(message.includes(`The option \`${option}'`), message);
      assert.ok(message.includes(`In \`${owner}'`), message);
      assert.match(message, /In `[^']*libvirtd\.nix'/);
      // Where the owner wants no libvirtd, there is nothing to collide with.
      const without = "{ virtualisation.libvirtd.enable = false; }";
      await evaluateModule(`${ENABLED} ${owner} ${without}`, toplevel);
    }
    // An owner who insists collides with no definition, only with what libvirtd needs.
    Deno.writeTextFileSync(owner, "{ lib, ... }: { security.polkit.enable = lib.mkForce false; }");
    const message = await evaluationError(
      `${ENABLED} ${owner}`,
      "nixos.config.system.build.toplevel.drvPath",
    );
    assert.ok(message.includes(`security.polkit.enable is false in ${owner}: remove it`), message);
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
    const owner = `{ nix.settings.substituters = [ "https://mine.example.org" ]; }`;
    const settings = await evaluateModule(
      `${ENABLED} ${cache} ${owner} { hypervisor.nix.trustedPublicKeys = [ "k:1" ]; }`,
      "with nixos.config.nix.settings; [ substituters trusted-public-keys ]",
    );
    assert.deepEqual(settings, [
      ["https://mine.example.org", "https://cache.example.org", "https://cache.nixos.org/"],
      ["k:1"],
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

Deno.test({
  name: "module leaves the check's results for node_exporter where it is told a folder",
  ignore: !hasNix,
  fn: async () => {
    const tools = `({ pkgs, ... }: {
      hypervisor = { package = "\${pkgs.hello}"; validator.metricsFolder = "/var/lib/node 100%"; };
    })`;
    const read = `let inherit (nixos.config) systemd; in
      [ (builtins.unsafeDiscardStringContext systemd.services.hypervisor-validator.serviceConfig.ExecStart)
        systemd.tmpfiles.settings.hyper-nixos."/var/lib/node 100%".d.mode ]`;
    const [start, mode] = await evaluateModule(`${ENABLED} ${tools}`, read) as [string, string];
    assert.match(
      start,
      /-hypervisor-validator-metrics '\/var\/lib\/node 100%%' \/nix\/store\/\S*\/bin\/validator --no-color$/,
    );
    assert.equal(mode, "0755");
  },
});

Deno.test({
  name: "module takes its tools as a plain store path, as an installed machine names them",
  ignore: !hasNix,
  fn: async () => {
    // As nix/host.nix gives it: a text that keeps the path in the system's closure.
    const tools = `({ pkgs, ... }: { hypervisor.package = "\${pkgs.hello}"; })`;
    const read = `let inherit (nixos.config) systemd environment; in
      [ (builtins.unsafeDiscardStringContext systemd.services.hypervisor-validator.serviceConfig.ExecStart)
        (builtins.hasContext systemd.services.hypervisor-validator.serviceConfig.ExecStart)
        (builtins.elem "\${nixos.pkgs.hello}" (map toString environment.systemPackages))
        (builtins.unsafeDiscardStringContext nixos.config.system.build.toplevel.drvPath) ]`;
    const [start, hasContext, onPath, system] = await evaluateModule(
      `${ENABLED} ${tools}`,
      read,
    ) as [
      string,
      boolean,
      boolean,
      string,
    ];
    assert.match(start, /^\/nix\/store\/[^/]*-hello-0\/bin\/validator --no-color$/);
    assert.deepEqual([hasContext, onPath], [true, true]);
    assert.match(system, /\.drv$/);
    const set = `({ pkgs, ... }: {
      hypervisor.package = { type = "derivation"; name = "tools"; outPath = "\${pkgs.hello}"; };
    })`;
    assert.equal((await evaluateModule(`${ENABLED} ${set}`, read) as string[])[0], start);
  },
});
