import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { ExitCode } from "../../../lib/machine/exit_code.ts";
import { ToolError } from "../../../lib/machine/tool_error.ts";
import type { ConfigurationFacts } from "../../../lib/nix/evaluation/configuration_facts.ts";
import { findBase } from "../../../lib/nix/evaluation/base.ts";
import { readConfiguration, readHost } from "../../../lib/nix/evaluation/read_configuration.ts";
import { testContext } from "../../support/context.ts";
import { hasNix } from "../../support/needs.ts";
import { withScratch } from "../../support/scratch_files.ts";
import {
  MACHINE_KINDS,
  type MachineKind,
  scratchMachine,
  STAND_IN_NIXPKGS,
} from "../../support/scratch_machine.ts";

/** The facts of a configuration with this module. */
async function factsOf(module: string, files: Record<string, string> = {}) {
  let facts: ConfigurationFacts | undefined;
  await withScratch({ ...files, "configuration.nix": module }, async (folder) => {
    facts = await readConfiguration(testContext(), {
      kind: "channel",
      configuration: `${folder}/configuration.nix`,
      nixPath: `nixpkgs=${STAND_IN_NIXPKGS}`,
    });
  });
  return facts!;
}

async function machineFacts(kind: MachineKind) {
  using machine = scratchMachine(kind);
  const ctx = testContext({ root: machine.root });
  const found = await findBase(ctx);
  return { facts: await readConfiguration(ctx, found.source), machine: machine.facts };
}

for (const kind of MACHINE_KINDS) {
  Deno.test({
    name: `readConfiguration() reads what the ${kind} machine was made from`,
    ignore: !hasNix,
    fn: async () => {
      const { facts, machine } = await machineFacts(kind);
      deepStrictEqual(facts.unreadable, []);
      deepStrictEqual(
        {
          hostName: facts.hostName,
          stateVersion: facts.stateVersion,
          timeZone: facts.timeZone ?? "UTC",
          defaultLocale: facts.defaultLocale,
          port: facts.ssh.enable ? facts.ssh.ports[0] : null,
          mounts: facts.fileSystems.map((fs) => fs.mountPoint).sort(),
        },
        {
          hostName: machine.hostName,
          stateVersion: machine.stateVersion,
          timeZone: machine.timeZone,
          defaultLocale: machine.locale,
          port: machine.sshPort,
          mounts: machine.mounts.map((mount) => mount.mountPoint).sort(),
        },
      );
      for (const account of machine.accounts.filter((account) => account.declared)) {
        const declared = facts.users.accounts.find(({ name }) => name === account.name);
        deepStrictEqual(declared?.authorizedKeys, account.declaredKeys, account.name);
      }
    },
  });
}

Deno.test({
  name: "readConfiguration() classifies passwords and never returns one",
  ignore: !hasNix,
  fn: async () => {
    const facts = await factsOf(`{
      users.users = builtins.mapAttrs (_: user: { isNormalUser = true; } // user) {
        a = { }; b.hashedPassword = "$6$secret"; c.hashedPassword = ""; d.hashedPassword = "!$6$secret";
        e.password = "secret"; f.hashedPasswordFile = "/var/f";
        g = { hashedPassword = "$6$secret"; hashedPasswordFile = "/var/g"; };
        h.initialPassword = "secret"; i.initialHashedPassword = "!";
      };
    }`);
    const named = facts.users.accounts.filter(({ name }) => name.length === 1);
    deepStrictEqual(
      named.map((user) => [user.name, user.password, user.passwordFile, user.hasInitialPassword]),
      [
        ["a", "none", null, false],
        ["b", "hash", null, false],
        ["c", "empty-hash", null, false],
        ["d", "locked-hash", null, false],
        ["e", "plain", null, false],
        ["f", "file", "/var/f", false],
        ["g", "file", "/var/g", false],
        ["h", "none", null, true],
        ["i", "none", null, false],
      ],
    );
    ok(!JSON.stringify(facts).includes("secret"));
  },
});

Deno.test({
  name: "readConfiguration() keeps the rest when single values throw",
  ignore: !hasNix,
  fn: async () => {
    const facts = await factsOf(
      `{ lib, ... }: {
        networking.hostName = "alpha";
        system.stateVersion = "24.05";
        time.timeZone = throw "broken";
        boot.kernelParams = [ (throw "broken") ];
        users.users.alice = { isNormalUser = true; shell = throw "broken"; uid = 1000;
          openssh.authorizedKeys = { keys = [ "key one" ]; keyFiles = [ ./keys ./missing ]; }; };
        services.openssh.enable = true;
        warnings = [ (builtins.trace "{ a trace }" "a warning") ];
        assertions = [
          { assertion = false; message = "wrong"; }
          { assertion = true; message = throw "unread"; }
        ];
      }`,
      { keys: "# comment\n\nkey two\nkey three\n" },
    );
    strictEqual(facts.hostName, "alpha");
    strictEqual(facts.timeZone, null);
    strictEqual(facts.ssh.enable, true);
    ok(facts.failedAssertions.includes("wrong"));
    deepStrictEqual(facts.warnings, ["a warning"]);
    const alice = facts.users.accounts.find(({ name }) => name === "alice");
    deepStrictEqual([alice?.uid, alice?.shell], [1000, null]);
    deepStrictEqual(alice?.authorizedKeys, ["key one", "key two", "key three"]);
    // Assertions of NixOS about the shell throw with it.
    const unreadable = facts.unreadable?.filter((place) => !place.startsWith("failedAssertions."));
    deepStrictEqual(
      unreadable?.map((place) => place.replace(/: \/.*\//, ": ")),
      [
        "boot.kernelParams",
        "timeZone",
        "users.accounts.alice.authorizedKeys: missing",
        "users.accounts.alice.shell",
      ],
    );
  },
});

Deno.test({
  name: "readConfiguration() loses no more than what fails in a way Nix cannot catch",
  ignore: !hasNix,
  fn: async () => {
    const facts = await factsOf(`{ lib, ... }: {
      networking.hostName = "alpha";
      services.openssh = { enable = true; settings.PermitRootLogin = "no"; ports = [ ({ }.missing) ]; };
      networking.firewall.enable = false;
      users.users.alice = { isNormalUser = true; uid = 1000; description = 1 + "x"; };
      users.users.bob = { isNormalUser = true; uid = 1001; };
    }`);
    strictEqual(facts.hostName, "alpha");
    deepStrictEqual([facts.ssh.enable, facts.ssh.permitRootLogin], [true, "no"]);
    const people = facts.users.accounts.filter(({ isNormalUser }) => isNormalUser);
    deepStrictEqual(people.map(({ name, uid }) => [name, uid]), [["alice", 1000], ["bob", 1001]]);
    const lost = facts.unreadable?.filter((place) => !/^(failedAssertions|warnings)/.test(place));
    deepStrictEqual(lost, ["firewall.open", "ssh.ports", "users.accounts.alice.description"]);
  },
});

Deno.test({
  name: "readHost() blames no fact for what fails of the system's identity alone",
  ignore: !hasNix,
  fn: () =>
    withScratch({
      "configuration.nix": `{ networking.hostName = "alpha"; system.stateVersion = "24.05";
        environment.etc.broken.source = { }.missing; }`,
    }, async (folder) => {
      const { facts, identity } = await readHost(testContext(), {
        kind: "channel",
        configuration: `${folder}/configuration.nix`,
        nixPath: `nixpkgs=${STAND_IN_NIXPKGS}`,
      });
      deepStrictEqual([facts.hostName, facts.unreadable], ["alpha", []]);
      deepStrictEqual([identity.etc, typeof identity.account], [undefined, "object"]);
    }),
});

Deno.test({
  name: "readConfiguration() says what is wrong with a configuration of which nothing evaluates",
  ignore: !hasNix,
  fn: async () => {
    await rejects(factsOf("{ networking.hostName = \n }"), (error) => {
      ok(error instanceof ToolError && error.code === ExitCode.Configuration, String(error));
      ok(/syntax error/.test(error.message) && /configuration\.nix/.test(error.message));
      return true;
    });
  },
});

Deno.test({
  name: "readConfiguration() says so at once where the configuration imports what is not there",
  ignore: !hasNix,
  fn: async () => {
    await rejects(
      factsOf('{ imports = [ <home-manager/nixos> ]; networking.hostName = "alpha"; }'),
      (error) => {
        ok(error instanceof ToolError && error.code === ExitCode.Configuration, String(error));
        ok(/home-manager\/nixos/.test(error.message), error.message);
        return true;
      },
    );
  },
});

Deno.test({
  name: "readConfiguration() reads a state version only where somebody set one",
  ignore: !hasNix,
  fn: async () => {
    strictEqual((await factsOf("{ }")).stateVersion, null);
    strictEqual((await factsOf(`{ system.stateVersion = "22.11"; }`)).stateVersion, "22.11");
  },
});

Deno.test({
  name: "readConfiguration() gives the owner's lines of sshd and firewall, without NixOS's own",
  ignore: !hasNix,
  fn: async () => {
    const facts = await factsOf(`{
      services.openssh = { enable = true; extraConfig = "Match User a\\n  X11Forwarding no"; };
      networking.firewall.extraCommands = "iptables -A x";
    }`);
    strictEqual(facts.ssh.extraConfig, "Match User a\n  X11Forwarding no");
    strictEqual(facts.firewall.extraCommands, "iptables -A x");
  },
});

Deno.test({
  name:
    "readConfiguration() gives nftables' tables beside that of the options, as nft would read them",
  ignore: !hasNix,
  fn: async () => {
    const nftables = (enable: boolean) =>
      `networking.nftables = {
        enable = ${enable};
        ruleset = "flush chain inet own in";
        tables.nixos-fw = { family = "inet"; content = "chain of_the_options { }"; };
        tables.own = { family = "ip"; content = "chain in {\\n  drop\\n}"; };
        tables.off = { family = "ip"; content = "chain off { }"; enable = false; };
      };`;
    const { firewall } = await factsOf(`{ ${nftables(true)} }`);
    strictEqual(
      firewall.ownTables,
      "table ip own {\nchain in {\n  drop\n}\n}\nflush chain inet own in",
    );
    strictEqual((await factsOf(`{ ${nftables(false)} }`)).firewall.ownTables, "");
  },
});

Deno.test({
  name: "readConfiguration() knows the option names of older releases",
  ignore: !hasNix,
  fn: () =>
    withScratch({
      "nixos/default.nix": `{ configuration }: {
        pkgs = { };
        options = { };
        config = {
          networking = { hostName = "old"; useDHCP = false; firewall.enable = true; };
          system.stateVersion = "19.09";
          time.timeZone = null;
          i18n = { defaultLocale = "C"; consoleKeyMap = "us"; };
          services.xserver.layout = "de";
          services.openssh = {
            enable = true;
            permitRootLogin = "yes";
            passwordAuthentication = false;
            challengeResponseAuthentication = false;
          };
          boot = {
            kernelParams = [ ]; kernelModules = { kvm = true; tun = false; }; supportedFilesystems = [ ];
            initrd = { availableKernelModules = [ ]; kernelModules = [ ]; luks.devices = { }; };
            loader.grub = { enable = true; device = "/dev/sda"; devices = [ "/dev/sda" ]; };
          };
          fileSystems = { };
          swapDevices = [ ];
          systemd.services = { };
          users = { mutableUsers = true; groups = { };
            users.a = { isNormalUser = true; passwordFile = "/var/a"; }; };
          assertions = [ ];
          warnings = [ ];
        };
      }`,
      "configuration.nix": "{ }",
    }, async (folder) => {
      const facts = await readConfiguration(testContext(), {
        kind: "channel",
        configuration: `${folder}/configuration.nix`,
        nixPath: `nixpkgs=${folder}`,
      });
      deepStrictEqual(facts.unreadable, []);
      deepStrictEqual(
        [facts.consoleKeyMap, facts.xkbLayout, facts.boot.kernelModules, facts.boot.grub.devices],
        ["us", "de", ["kvm"], ["/dev/sda"]],
      );
      deepStrictEqual(
        [
          facts.ssh.permitRootLogin,
          facts.ssh.passwordAuthentication,
          facts.ssh.kbdInteractiveAuthentication,
        ],
        ["yes", false, false],
      );
      strictEqual(facts.users.accounts[0]?.password, "file");
    }),
});
