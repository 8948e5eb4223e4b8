/** What lib.fleet gives to colmena and deploy-rs, held against our own statement of what they take. */
import { deepEqual, equal, match } from "node:assert/strict";
import * as v from "valibot";
import { hasNix } from "../support/needs.ts";
import { copyOfFlake, nix, nixOutput, NIXPKGS, REPOSITORY, scratchFolder } from "./support.ts";

/** deploy-rs' interface.json (serokell/deploy-rs d5eff7f), as far as it concerns a system. */
const Generic = {
  sshUser: v.optional(v.string()),
  user: v.optional(v.string()),
  sshOpts: v.optional(v.array(v.string())),
  remoteBuild: v.optional(v.boolean()),
};
const DeployNode = v.strictObject({
  ...Generic,
  hostname: v.string(),
  profiles: v.strictObject({ system: v.strictObject({ ...Generic, path: v.string() }) }),
});

/** colmena's options.nix and eval.nix (zhaofengli/colmena 5bf4ce6), as far as they concern us. */
const COLMENA = `{
  outputs = { self }: {
    lib.makeHive = hive:
      let
        options = { lib, name, ... }: {
          options.deployment = {
            targetHost = lib.mkOption { type = lib.types.nullOr lib.types.str; default = name; };
            targetUser = lib.mkOption { type = lib.types.nullOr lib.types.str; default = "root"; };
            targetPort = lib.mkOption { type = lib.types.nullOr lib.types.int; default = null; };
            tags = lib.mkOption { type = lib.types.listOf lib.types.str; default = [ ]; };
            buildOnTarget = lib.mkOption { type = lib.types.bool; default = false; };
          };
        };
        node = name:
          let pkgs = hive.meta.nodeNixpkgs.\${name} or hive.meta.nixpkgs;
          in import (pkgs.path + "/nixos/lib/eval-config.nix") {
            inherit (pkgs) system;
            modules = [ options hive.\${name} ];
            specialArgs = { inherit name; };
          };
        names = builtins.filter (name: name != "meta") (builtins.attrNames hive);
        nodes = builtins.listToAttrs (map (name: { inherit name; value = node name; }) names);
        each = f: builtins.mapAttrs (_: f) nodes;
      in
      {
        __schema = "v0.5";
        deploymentConfig = each (one: one.config.deployment);
        toplevel = each (one: one.config.system.build.toplevel);
      };
  };
}`;

const DEPLOY_RS = `{
  outputs = { self }:
    let activate.nixos = base: base.config.system.build.toplevel;
    in { lib.x86_64-linux = { inherit activate; }; lib.aarch64-linux = { inherit activate; }; };
}`;

const HOSTS = {
  version: 1,
  hosts: {
    alpha: { address: "192.0.2.11", tags: ["rack1"], port: 2222 },
    beta: { user: "deploy", buildThere: true },
    gamma: { system: "aarch64-linux", port: null },
  },
};

/** A flake of three hosts, as docs/fleet.md has it. */
function fleetFlake(hyperNixos: string) {
  const folder = scratchFolder();
  const write = (path: string, text: string) => {
    Deno.mkdirSync(`${folder.path}/${path}`.replace(/\/[^/]*$/, ""), { recursive: true });
    Deno.writeTextFileSync(`${folder.path}/${path}`, text);
  };
  write("colmena/flake.nix", COLMENA);
  write("deploy-rs/flake.nix", DEPLOY_RS);
  write("fleet/hosts.json", JSON.stringify(HOSTS));
  for (const name of Object.keys(HOSTS.hosts)) {
    write(
      `fleet/hosts/${name}.nix`,
      `{
  system.stateVersion = "24.05";
  boot.loader.grub.device = "/dev/vda";
  fileSystems."/".device = "/dev/vda1";
  users.users.root.hashedPassword = "!";
  environment.etc.who.text = "${name}";
}`,
    );
  }
  write(
    "fleet/flake.nix",
    `{
  inputs.nixpkgs.url = "path:${NIXPKGS}";
  inputs.hyper-nixos = { url = "path:${hyperNixos}"; inputs.nixpkgs.follows = "nixpkgs"; };
  inputs.colmena.url = "path:${folder.path}/colmena";
  inputs.deploy-rs.url = "path:${folder.path}/deploy-rs";
  outputs = { self, nixpkgs, hyper-nixos, colmena, deploy-rs }: hyper-nixos.lib.fleet {
    inherit nixpkgs colmena deploy-rs;
    hosts = ./hosts.json;
    modules = name: [ ./hosts/\${name}.nix ];
  };
}`,
  );
  return folder;
}

Deno.test({
  name: "lib.fleet gives colmena and deploy-rs what they take, and all of them the same systems",
  ignore: !hasNix,
  fn: async () => {
    using source = copyOfFlake();
    using folder = fleetFlake(source.path);
    const read = async (attribute: string, apply = "x: x") =>
      JSON.parse(
        await nixOutput("nix", [
          ...["eval", "--json", "--no-write-lock-file"],
          ...[`path:${folder.path}/fleet#${attribute}`, "--apply", apply],
        ]),
      );
    const drvPaths = "builtins.mapAttrs (_: one: builtins.unsafeDiscardStringContext one.drvPath)";
    const nodes = await read(
      "deploy.nodes",
      "builtins.mapAttrs (_: n: n // { profiles.system = n.profiles.system // { path = builtins.unsafeDiscardStringContext n.profiles.system.path; }; })",
    );
    for (const node of Object.values(nodes)) v.parse(DeployNode, node);
    deepEqual(nodes.alpha.sshOpts, ["-p", "2222"]);
    deepEqual([nodes.beta.hostname, nodes.beta.sshUser, nodes.beta.remoteBuild], [
      ...["beta", "deploy"],
      true,
    ]);

    const { alpha, beta, gamma } = await read("colmenaHive.deploymentConfig");
    deepEqual(alpha, {
      targetHost: "192.0.2.11",
      targetUser: "root",
      targetPort: 2222,
      tags: ["rack1"],
      buildOnTarget: false,
    });
    deepEqual([beta.targetHost, beta.buildOnTarget, gamma.targetPort], ["beta", true, null]);

    const hive = await read("colmenaHive.toplevel", drvPaths);
    const plain = await read(
      "nixosConfigurations",
      `all: ${drvPaths} (builtins.mapAttrs (_: one: one.config.system.build.toplevel) all)`,
    );
    deepEqual(hive, plain);
    const facts =
      "one: with one.config; [ networking.hostName hypervisor.enable environment.etc.who.text ]";
    deepEqual(await read("nixosConfigurations.alpha", facts), ["alpha", true, "alpha"]);
  },
});

/** lib.fleet without inputs: whatever looks at one fails. */
function fleet(hosts: unknown, read: string) {
  const expression = `
    let f = import ${REPOSITORY}/nix/fleet.nix { module = throw "module"; ownNixpkgs = throw "own"; } {
      nixpkgs = throw "nixpkgs"; colmena = throw "colmena"; deploy-rs = throw "deploy-rs";
      modules = throw "modules";
      hosts = builtins.fromJSON ''${JSON.stringify(hosts)}'';
    };
    in ${read}`;
  return nix("nix-instantiate", ["--eval", "--strict", "--json", "--expr", expression]);
}

Deno.test({
  name: "lib.fleet's names depend on no input",
  ignore: !hasNix,
  fn: async () => {
    const read = "map builtins.attrNames [ f f.nixosConfigurations f.colmena f.deploy.nodes ]";
    const { code, stdout, stderr } = await fleet(HOSTS, read);
    equal(code, 0, stderr);
    const names = Object.keys(HOSTS.hosts);
    deepEqual(JSON.parse(stdout), [
      ["colmena", "colmenaHive", "deploy", "nixosConfigurations"],
      names,
      [...names, "meta"],
      names,
    ]);
  },
});

Deno.test({
  name: "lib.fleet takes addresses and users as they are met",
  ignore: !hasNix,
  fn: async () => {
    const addresses = [
      "::1",
      "fe80::1%eth0",
      "2001:db8::10",
      "vm-1.example.org",
      "my_host",
      "10.0.0.1",
    ];
    for (const address of addresses) {
      const host = {
        address,
        user: "svc_deploy.1",
        port: 65535,
        system: "riscv64-linux",
        tags: null,
      };
      const { code, stdout, stderr } = await fleet(
        { hosts: { a: host } },
        "f.deploy.nodes.a.hostname",
      );
      equal(code, 0, stderr);
      equal(JSON.parse(stdout), address);
    }
  },
});

Deno.test({
  name: "lib.fleet refuses a list that it does not understand, by the host's name",
  ignore: !hasNix,
  fn: async () => {
    for (
      const [hosts, message] of [
        [{ version: 1, hosts: { a: { addres: "x" } } }, /host "a" has an unknown member addres/],
        [{ version: 1, hosts: { a: { port: "22" } } }, /host "a" has another type for port/],
        [{ version: 1, hosts: { a: { tags: [1] } } }, /host "a" has a tag that is no text/],
        [{ version: 1, hosts: { meta: {} } }, /host "meta" is no name of a host/],
        [{ version: 1, hosts: { "a b": {} } }, /host "a b" is no name of a host/],
        [{ version: 1, hosts: { a: "x" } }, /host "a" is not a set of members/],
        [{ version: 2, hosts: {} }, /is of version 2/],
        [{ version: 1 }, /has no member "hosts"/],
        [{ version: 1, hosts: ["a"] }, /has no member "hosts" that is a set/],
        [["a"], /has no member "hosts"/],
        ...[
          "",
          "root@192.0.2.1",
          "a:22",
          "192.0.2.1:22",
          "-oProxyCommand=id",
          "a b",
          "ssh://a",
          "[::1]",
        ]
          .map((address) =>
            [{ hosts: { a: { address } } }, /host "a" has an address that ssh/] as const
          ),
        ...["", "-l", "a b", "root:x"]
          .map((user) =>
            [{ hosts: { a: { user } } }, /host "a" has a user that is no name/] as const
          ),
        ...[0, -22, 65536]
          .map((port) =>
            [{ hosts: { a: { port } } }, /host "a" has the port -?\d+, which/] as const
          ),
        ...["", "x86_64", "x86_64 linux"]
          .map((system) =>
            [{ hosts: { a: { system } } }, /host "a" is of the system ".*", and/] as const
          ),
      ] as const
    ) {
      const { code, stderr } = await fleet(
        hosts,
        "map (n: n.hostname) (builtins.attrValues f.deploy.nodes)",
      );
      equal(code, 1);
      match(stderr, message);
    }
  },
});
