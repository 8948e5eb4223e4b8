/** What an installation without the owner's configuration carries over, held against real evaluations before and after. */
import assert from "node:assert/strict";
import { readMachine } from "../../../lib/install/plan/machine_reading.ts";
import { isJudged } from "../../../lib/install/plan/plan.ts";
import type { InstallOptions } from "../../../lib/install/options.ts";
import { stageHost } from "../../../lib/install/plan/staged_host.ts";
import { Root } from "../../../lib/machine/root.ts";
import type { ConfigurationFacts } from "../../../lib/nix/evaluation/configuration_facts.ts";
import { readConfiguration } from "../../../lib/nix/evaluation/read_configuration.ts";
import { testContext } from "../../support/context.ts";
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

const OPTIONS: InstallOptions = { ...INSTALL_OPTIONS, keepConfig: false };

/** Evaluates a machine's own configuration, and the host that a plan makes of it. */
async function beforeAndAfter(
  kind: MachineKind,
  local?: string,
  prepare: (machine: ScratchMachine) => void = () => {},
): Promise<{ before: ConfigurationFacts; after: ConfigurationFacts }> {
  using machine = scratchMachine(kind);
  prepare(machine);
  const folder = Deno.makeTempDirSync();
  try {
    makeSource(`${folder}/source`, { small: true });
    const ctx = testContext({ root: machine.root });
    const reading = await readMachine(ctx, OPTIONS);
    assert.equal(reading.factsProblem?.message, undefined);
    const options = { ...OPTIONS, source: `${folder}/source` };
    const plan = await planFor(ctx, options, reading);
    assert.deepEqual(plan.blockers.filter(({ code }) => code === 6), []);
    if (local !== undefined) {
      Deno.mkdirSync(machine.host("/etc/hypervisor/configuration"), { recursive: true });
      machine.write("/etc/hypervisor/configuration/local.nix", local);
    }
    const files = plan.steps.filter((step) => local === undefined || step.id !== "local.nix");
    using staged = await stageHost(ctx, plan.source!, plan.hostName, null, files);
    return {
      before: reading.facts!,
      after: await readConfiguration(ctx, staged.configuration),
    };
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

/** What must be the same after as before, for a machine to stay itself and come back. */
function identity(facts: ConfigurationFacts) {
  const { boot, network, ssh } = facts;
  const sorted = <T>(list: readonly T[], key: (one: T) => string) =>
    list.toSorted((a, b) => key(a).localeCompare(key(b)));
  return {
    hostName: facts.hostName,
    domain: facts.domain,
    stateVersion: facts.stateVersion,
    defaultLocale: facts.defaultLocale,
    extraLocaleSettings: facts.extraLocaleSettings,
    consoleKeyMap: facts.consoleKeyMap,
    consoleFont: facts.consoleFont,
    loader: [boot.systemdBoot, boot.grub, boot.efi, boot.extlinux, boot.timeout],
    luks: boot.luks,
    resumeDevice: boot.resumeDevice,
    initrd: new Set([...boot.initrdAvailableKernelModules, ...boot.initrdKernelModules]),
    // Which file says it may change.
    fileSystems: sorted(facts.fileSystems, (one) => one.mountPoint)
      .map((one) => ({ ...one, saidElsewhere: undefined })),
    swap: sorted(facts.swapDevices, (one) => one.device),
    ssh: { ...ssh, startWhenNeeded: undefined },
    network: { ...network, resolved: undefined },
    firewall: { ...facts.firewall, trustedInterfaces: undefined },
    mutableUsers: facts.users.mutableUsers,
  };
}

for (const kind of MACHINE_KINDS) {
  Deno.test({
    name: `a plan carries over what the ${kind} machine is`,
    ignore: !hasNix,
    fn: async () => {
      const { before, after } = await beforeAndAfter(kind);
      assert.deepEqual(after.failedAssertions, []);
      assert.deepEqual(identity(after), identity(before));
      for (const param of before.boot.kernelParams) {
        assert.ok(after.boot.kernelParams.includes(param), param);
      }
      for (const account of before.users.accounts.filter((one) => one.isNormalUser)) {
        const carried = after.users.accounts.find((one) => one.name === account.name);
        assert.ok(carried, `${account.name} is gone`);
        assert.equal(carried.home, account.home);
        // chfn(1) may have added to the declared description.
        assert.ok(carried.description.startsWith(account.description), carried.description);
        for (const key of account.authorizedKeys) assert.ok(carried.authorizedKeys.includes(key));
        for (
          const group of [...account.extraGroups, "wheel", "kvm", "libvirtd", "video", "input"]
        ) {
          assert.ok(carried.extraGroups.includes(group), `${account.name} is not in ${group}`);
        }
        assert.equal(carried.passwordFile, `/var/lib/hyper-nixos/passwords/${account.name}`);
      }
    },
  });
}

Deno.test({
  name:
    "how swap and file systems are opened and mounted is carried over, and the owner's own ciphers",
  ignore: !hasNix,
  fn: async () => {
    const own = `swapDevices = [
      { device = "/dev/mapper/swap0"; options = [ "nofail" ]; discardPolicy = "both"; priority = 7;
        encrypted = { enable = true; blkDev = "/dev/vdb1"; label = "swap0"; keyFile = "/mnt-root/key"; }; }
      { device = "/dev/disk/by-partuuid/7d3e"; randomEncryption = { enable = true; allowDiscards = true; }; }
    ];
    fileSystems."/srv" = { device = "/dev/mapper/srv"; fsType = "ext4"; autoResize = true; noCheck = true;
      depends = [ "/" ];
      encrypted = { enable = true; blkDev = "/dev/vdc1"; label = "srv"; keyFile = "/mnt-root/srv.key"; }; };
    environment.etc.crypttab.text = "data UUID=1-2 /root/data.key nofail\\n";
    networking.hostName`;
    const { before, after } = await beforeAndAfter(
      "rented",
      undefined,
      (machine) => {
        const file = "/etc/nixos/configuration.nix";
        machine.change(file, "networking.hostName", own);
        const ciphers = 'settings.Ciphers = [ "aes256-gcm@openssh.com" ];';
        machine.change(file, "settings.PermitRootLogin", `${ciphers} settings.PermitRootLogin`);
      },
    );
    assert.deepEqual(identity(after), identity(before));
    const srv = after.fileSystems.find(({ mountPoint }) => mountPoint === "/srv");
    assert.deepEqual(srv?.further, {
      autoResize: true,
      noCheck: true,
      depends: ["/"],
      encrypted: { enable: true, blkDev: "/dev/vdc1", label: "srv", keyFile: "/mnt-root/srv.key" },
    });
    assert.deepEqual(after.ssh.otherSettings.Ciphers, ["aes256-gcm@openssh.com"]);
    assert.equal(after.boot.crypttab, "data UUID=1-2 /root/data.key nofail\n");
    const [plain, random] = after.swapDevices.filter(({ further }) =>
      Object.keys(further ?? {}).length > 0
    ).toSorted((a, b) => Number(a.randomEncryption) - Number(b.randomEncryption));
    assert.deepEqual([plain?.priority, plain?.further?.discardPolicy, plain?.further?.options], [
      7,
      "both",
      ["nofail"],
    ]);
    assert.ok(JSON.stringify(random?.further).includes('"allowDiscards":true'));
  },
});

Deno.test({
  name: "carried values beat plain definitions and lose to the owner's mkForce",
  ignore: !hasNix,
  fn: async () => {
    const plain = `{ lib, ... }: {
      networking.hostName = "plain";
      system.stateVersion = "21.11";
      services.openssh.settings.PermitRootLogin = "no";
      services.openssh.ports = [ 22 ];
      time.timeZone = lib.mkForce "Asia/Tokyo";
      networking.firewall.allowedTCPPorts = [ 9000 ];
    }\n`;
    const { before, after } = await beforeAndAfter("rented", plain);
    assert.equal(after.hostName, before.hostName);
    assert.equal(after.stateVersion, before.stateVersion);
    assert.equal(after.ssh.permitRootLogin, "prohibit-password");
    assert.deepEqual(after.ssh.ports, [2222]);
    assert.equal(after.timeZone, "Asia/Tokyo");
    assert.deepEqual(after.firewall.open.tcp, [80, 443, 2222, 9000]);
  },
});

Deno.test({
  name: "a configuration that does not evaluate: values come from the running system, and say so",
  ignore: !hasNix,
  fn: async () => {
    using machine = scratchMachine("rented");
    const folder = Deno.makeTempDirSync();
    try {
      makeSource(`${folder}/source`, { small: true });
      const sshd = new Root(machine.root).follow("/etc/ssh/sshd_config");
      Deno.writeTextFileSync(
        sshd,
        "ListenAddress 203.0.113.42:2222\nHostKey /etc/ssh/old/host_ecdsa\n" +
          "PubkeyAuthentication no\nAllowTcpForwarding no\n" +
          `${Deno.readTextFileSync(sshd)}Match User backup\n  PasswordAuthentication no\n`,
      );
      machine.write("/etc/nixos/configuration.nix", '{ system.stateVersion = "23.05"; oops\n');
      const ctx = testContext({ root: machine.root });
      const options = { ...OPTIONS, source: `${folder}/source` };
      const plan = await planFor(ctx, options, await readMachine(ctx, OPTIONS));
      const from = new Map(plan.settings.map((one) => [one.option.join("."), one]));
      assert.deepEqual(from.get("services.openssh.ports")?.value, [2222]);
      assert.equal(from.get("services.openssh.ports")?.source, "/etc/ssh/sshd_config");
      assert.deepEqual(from.get("services.openssh.listenAddresses")?.value, [
        { addr: "203.0.113.42", port: 2222 },
      ]);
      assert.deepEqual(from.get("services.openssh.hostKeys")?.value, [
        { type: "ecdsa", path: "/etc/ssh/old/host_ecdsa" },
        { type: "rsa", path: "/etc/ssh/ssh_host_rsa_key" },
        { type: "ed25519", path: "/etc/ssh/ssh_host_ed25519_key" },
      ]);
      assert.deepEqual(from.get("services.openssh.authorizedKeysFiles")?.value, [
        "%h/.ssh/authorized_keys",
        "/etc/ssh/authorized_keys.d/%u",
      ]);
      assert.equal(from.get("services.openssh.settings.UsePAM")?.value, true);
      assert.equal(from.get("services.openssh.settings.PubkeyAuthentication")?.value, false);
      assert.ok(
        plan.warnings.some((text) =>
          /sshd_config these are not carried over.*AllowTcpForwarding, Match blocks$/.test(text)
        ),
        plan.warnings.join("\n"),
      );
      assert.ok(isJudged(plan.judgement), "the new configuration evaluates");
      // On the port of the server that runs, not on sshd's own; but its address is not carried over.
      const [port, ...others] = plan.judgement.verdicts.filter(({ id }) => id === "port");
      assert.deepEqual([port?.what, port?.ok], ["the SSH server listens on port 2222", false]);
      assert.match(port?.why ?? "", /before a DHCP server has given the machine its address/);
      assert.deepEqual(others, []);
      assert.equal(from.get("networking.hostName")?.source, "/etc/hostname");
      assert.equal(from.get("system.stateVersion")?.source, "/etc/nixos/configuration.nix");
      assert.deepEqual(from.get("boot.loader.grub.devices")?.value, ["/dev/vda"]);
      assert.ok(plan.warnings.some((text) => /was not evaluated .*values come from/.test(text)));
    } finally {
      Deno.removeSync(folder, { recursive: true });
    }
  },
});
