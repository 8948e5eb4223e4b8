/** The stand-in nixpkgs does what NixOS does, where tests rely on it. */
import assert from "node:assert/strict";
import { hasNix } from "../support/needs.ts";
import { evaluateModule, evaluationError, nixOutput, NIXPKGS, scratchFolder } from "./support.ts";

const HOST_NAME = "nixos.config.networking.hostName";

Deno.test({
  name: "stand-in: two plain definitions conflict, an override decides, mkForce beats it",
  ignore: !hasNix,
  fn: async () => {
    const plain = `{ networking.hostName = "a"; } { networking.hostName = "b"; }`;
    assert.match(
      await evaluationError(plain, HOST_NAME),
      /The option `networking\.hostName' has conflicting definition values:[^]*"b"[^]*"a"/,
    );
    const carried = `({ lib, ... }: { networking.hostName = lib.mkOverride 60 "c"; })`;
    assert.equal(await evaluateModule(`${plain} ${carried}`, HOST_NAME), "c");
    const forced = `({ lib, ... }: { networking.hostName = lib.mkForce "d"; })`;
    assert.equal(await evaluateModule(`${plain} ${carried} ${forced}`, HOST_NAME), "d");
  },
});

Deno.test({
  name: "stand-in: an unknown option and a value of the wrong type are errors that name the option",
  ignore: !hasNix,
  fn: async () => {
    assert.match(
      await evaluationError(`{ networking.hostNam = "a"; }`, HOST_NAME),
      /The option `networking\.hostNam' does not exist/,
    );
    assert.match(
      await evaluationError(`{ networking.hostName = "not a label"; }`, HOST_NAME),
      /A definition for option `networking\.hostName' is not of type/,
    );
    assert.match(
      await evaluationError(
        `{ services.openssh.ports = [ 70000 ]; }`,
        "nixos.config.services.openssh.ports",
      ),
      /A definition for option `services\.openssh\.ports/,
    );
  },
});

Deno.test({
  name: "stand-in: lists merge in order, conditions and defaults count as in NixOS",
  ignore: !hasNix,
  fn: async () => {
    const modules = `
      { services.openssh.settings.AllowUsers = [ "b" ]; }
      ({ lib, config, ... }: {
        services.openssh.enable = true;
        services.openssh.settings.AllowUsers = lib.mkBefore [ "a" ];
        services.openssh.settings.Unheard = "of";
        services.openssh.ports = lib.mkIf (!config.services.openssh.enable) [ 1 ];
        users.users.ann.isNormalUser = true;
      })`;
    const read = `with nixos.config; {
      inherit (services.openssh) ports;
      inherit (services.openssh.settings) AllowUsers Unheard PermitRootLogin;
      inherit (users.users.ann) home group createHome;
      shell = users.users.ann.shell.shellPath;
      open = networking.firewall.allowedTCPPorts;
    }`;
    assert.deepEqual(await evaluateModule(modules, read), {
      ports: [22],
      AllowUsers: ["a", "b"],
      Unheard: "of",
      PermitRootLogin: "prohibit-password",
      home: "/home/ann",
      group: "users",
      createHome: true,
      shell: "/bin/bash",
      open: [22],
    });
  },
});

Deno.test({
  name: "stand-in: a system without boot loader, root file system or a way in does not build",
  ignore: !hasNix,
  fn: async () => {
    const message = await evaluationError(
      `({ lib, ... }: {
        boot.loader.grub.device = lib.mkForce "";
        fileSystems = lib.mkForce { };
        users.mutableUsers = false;
      })`,
      "nixos.config.system.build.toplevel.drvPath",
    );
    assert.match(message, /boot\.loader\.grub\.devices/);
    assert.match(message, /does not specify your root file system/);
    assert.match(message, /Neither the root account nor any wheel user has a password/);
  },
});

Deno.test({
  name: "stand-in: a channel's system records its activations and ends as the test asks",
  ignore: !hasNix,
  fn: async () => {
    using folder = scratchFolder();
    const { path } = folder;
    Deno.writeTextFileSync(
      `${path}/configuration.nix`,
      `{
        boot.loader.grub.device = "/dev/vda";
        fileSystems."/".device = "/dev/vda1";
        system.stateVersion = "24.05";
        networking.hostName = "channel";
      }`,
    );
    const system = await nixOutput("nix-build", [
      "<nixpkgs/nixos>",
      "--attr",
      "system",
      "--out-link",
      `${path}/result`,
      "-I",
      `nixpkgs=${NIXPKGS}`,
      "-I",
      `nixos-config=${path}/configuration.nix`,
    ]);
    assert.equal(JSON.parse(Deno.readTextFileSync(`${system}/facts.json`)).hostName, "channel");

    const activation = `${path}/run/standin-activation`;
    const activate = async (action: string) => {
      const { code, stdout } = await new Deno.Command(`${system}/bin/switch-to-configuration`, {
        args: [action],
        env: { HYPERVISOR_ROOT: path },
      }).output();
      return [code, new TextDecoder().decode(stdout)];
    };
    assert.deepEqual(await activate("test"), [0, ""]);
    Deno.mkdirSync(activation, { recursive: true });
    Deno.writeTextFileSync(`${activation}/exit`, "4\n");
    Deno.writeTextFileSync(`${activation}/exit-boot`, "2\n");
    Deno.writeTextFileSync(`${activation}/hook`, "#!/bin/sh\necho hook $1\n", { mode: 0o755 });
    assert.deepEqual(await activate("switch"), [4, "hook switch\n"]);
    assert.deepEqual(await activate("boot"), [2, "hook boot\n"]);
    assert.deepEqual(await activate("jump"), [1, ""]);
    assert.equal(
      Deno.readTextFileSync(`${activation}/actions`),
      `switch ${system}\nboot ${system}\n`,
    );
  },
});
