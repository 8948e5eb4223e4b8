# Several hosts from one list, as colmena, deploy-rs and nixos-rebuild want them (docs/fleet.md):
#
#   outputs = { self, nixpkgs, hyper-nixos, deploy-rs, ... }:
#     hyper-nixos.lib.fleet { inherit nixpkgs deploy-rs; hosts = ./hosts.json; modules = name: [ ./${name}.nix ]; };
#
# No name of what it returns depends on an input: Nix asks for names first, and would fetch them all.
#   module: the Hyper-NixOS module
#   ownNixpkgs: for those who give no nixpkgs
{ module, ownNixpkgs }:
{
  # The list: a file of JSON, or what would be in it. The machine's own one takes --impure.
  hosts ? "/etc/hypervisor/configuration/hosts.json",
  # name -> the modules of that host.
  modules,
  ...
}@given:
let
  inherit (builtins)
    all
    attrNames
    attrValues
    concatStringsSep
    elem
    filter
    fromJSON
    isAttrs
    listToAttrs
    mapAttrs
    match
    readFile
    toJSON
    typeOf
    ;
  nixpkgs = given.nixpkgs or ownNixpkgs;

  isFile = hosts ? outPath || builtins.isPath hosts || builtins.isString hosts;
  list = if isFile then fromJSON (readFile hosts) else hosts;
  where = if isFile then toString hosts else "the list of hosts";

  # What a host may say: its default, and the type that it must have.
  members = {
    system = {
      default = "x86_64-linux";
      type = "string";
    };
    # Where ssh finds it; its name when null.
    address = {
      default = null;
      type = "string";
    };
    user = {
      default = "root";
      type = "string";
    };
    # ssh's own when null.
    port = {
      default = null;
      type = "int";
    };
    tags = {
      default = [ ];
      type = "list";
    };
    buildThere = {
      default = false;
      type = "bool";
    };
  };
  fits = pattern: text: match pattern text != null;
  # An address of IPv6 has several colons; with one, what stands after it is a port.
  isAddress =
    text: text == null || fits "[A-Za-z0-9:][A-Za-z0-9:._%-]*" text && !(fits "[^:]*:[^:]*" text);
  # The names that colmena keeps to itself.
  reserved = [
    "defaults"
    "meta"
    "network"
  ];

  checked =
    name: host:
    let
      unknown = filter (member: !members ? ${member}) (attrNames host);
      wrong = filter (
        member:
        !(elem (typeOf host.${member}) [
          members.${member}.type
          "null"
        ])
      ) (filter (member: members ? ${member}) (attrNames host));
      problem =
        if elem name reserved || match "[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?" name == null then
          "is no name of a host"
        else if !isAttrs host then
          "is not a set of members"
        else if unknown != [ ] then
          "has an unknown member ${concatStringsSep ", " unknown}; there are: ${concatStringsSep ", " (attrNames members)}"
        else if wrong != [ ] then
          "has another type for ${concatStringsSep ", " wrong} than its default"
        else if !(all (tag: typeOf tag == "string") said.tags) then
          "has a tag that is no text"
        else if !(isAddress said.address) then
          "has an address that ssh cannot take, ${toJSON host.address}: user and port are members of their own"
        else if !(fits "[A-Za-z0-9_][A-Za-z0-9_.-]*" said.user) then
          "has a user that is no name, ${toJSON host.user}"
        else if said.port != null && (said.port < 1 || said.port > 65535) then
          "has the port ${toJSON host.port}, which is none"
        else if !(fits "[a-z0-9_]+-[a-z0-9]+" said.system) then
          "is of the system ${toJSON host.system}, and a system is named as x86_64-linux is"
        else
          null;
      said = mapAttrs (
        member: value: if host.${member} or null == null then value.default else host.${member}
      ) members;
    in
    if problem != null then
      throw "${where}: host \"${name}\" ${problem}"
    else
      said // { address = if said.address == null then name else said.address; };
  fleet =
    if list.version or 1 != 1 then
      throw "${where} is of version ${toJSON list.version}, this source tree knows version 1"
    else
      mapAttrs checked (
        if isAttrs (list.hosts or null) then
          list.hosts
        else
          throw "${where} has no member \"hosts\" that is a set"
      );

  # The same modules for every tool, so that all of them build the same system.
  modulesOf =
    name:
    [
      module
      ({ lib, ... }: {
        networking.hostName = lib.mkOverride 1200 name;
        hypervisor.enable = lib.mkOverride 1200 true;
      })
    ]
    ++ modules name;

  nixosConfigurations = mapAttrs (
    name: host:
    nixpkgs.lib.nixosSystem {
      modules = modulesOf name ++ [ { nixpkgs.hostPlatform = nixpkgs.lib.mkOverride 1200 host.system; } ];
    }
  ) fleet;

  # One evaluated nixpkgs for all hosts of a kind.
  packages = listToAttrs (
    map (host: {
      name = host.system;
      value = import nixpkgs { inherit (host) system; };
    }) (attrValues fleet)
  );

  # colmena's manual, "Using Flakes" and "Deployment Options".
  colmena =
    mapAttrs (name: host: {
      imports = modulesOf name;
      deployment = {
        targetHost = host.address;
        targetUser = host.user;
        targetPort = host.port;
        inherit (host) tags;
        buildOnTarget = host.buildThere;
      };
    }) fleet
    // {
      meta = {
        nixpkgs = import nixpkgs { system = (builtins.head (attrValues fleet)).system; };
        nodeNixpkgs = mapAttrs (_: host: packages.${host.system}) fleet;
      };
    };

  # deploy-rs' README, "API", and its interface.json.
  deploy.nodes = mapAttrs (name: host: {
    hostname = host.address;
    sshUser = host.user;
    sshOpts =
      if host.port == null then
        [ ]
      else
        [
          "-p"
          (toString host.port)
        ];
    remoteBuild = host.buildThere;
    profiles.system = {
      user = "root";
      path = given.deploy-rs.lib.${host.system}.activate.nixos nixosConfigurations.${name};
    };
  }) fleet;
in
{
  inherit nixosConfigurations colmena;
}
// (if given ? colmena then { colmenaHive = given.colmena.lib.makeHive colmena; } else { })
// (if given ? deploy-rs then { inherit deploy; } else { })
