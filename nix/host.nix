# The installed machine as { <host name> = its NixOS; }, or nothing where there is none. For impure
# evaluation: reads what system-installer wrote to the machine whose files are under HYPERVISOR_ROOT
# ("/" when it is empty). Files below HYPERVISOR_STAGED stand before those, so that a host can be
# evaluated before it is written.
#
# A host with a base is the owner's own configuration with Hyper-NixOS added to it, made by the
# owner's nixpkgs. Nothing of this flake's inputs is used for it: it evaluates without a network
# whenever the owner's configuration does.
#   nixosHost: modules -> NixOS of this flake's nixpkgs, for a host without a base
{
  nixosHost,
  root ? builtins.getEnv "HYPERVISOR_ROOT",
  staged ? builtins.getEnv "HYPERVISOR_STAGED",
}:
let
  folder =
    variable: path:
    if path == "" || builtins.substring 0 1 path == "/" then
      path
    else
      throw "${variable} must be an absolute path, it is ${builtins.toJSON path}";
  below = prefix: path: /. + (prefix + path);
  on = path: below (folder "HYPERVISOR_ROOT" root) path;
  at =
    path:
    let
      before = below (folder "HYPERVISOR_STAGED" staged) path;
    in
    if staged != "" && builtins.pathExists before then before else on path;

  configuration = "/etc/hypervisor/configuration";
  hostFile = at "${configuration}/host.json";
  host = builtins.fromJSON (builtins.readFile hostFile);
  version = host.version or null;
  known =
    if
      builtins.elem version [
        1
        2
      ]
    then
      host
    else
      throw "${toString hostFile} is of version ${builtins.toJSON version}, this source tree knows versions 1 and 2: update the tree (smart-sync) or run its system-installer";
  base = known.base or null;

  # Without one of these the machine would lose its disks or its users.
  required =
    path:
    let
      file = at path;
    in
    if builtins.pathExists file then
      file
    else
      throw "${toString file} is missing: run system-installer again, it writes the file from the running machine";
  optional = path: if builtins.pathExists (at path) then [ (at path) ] else [ ];

  generated = map (name: required "${configuration}/${name}") [
    "hardware-local.nix"
    "users-local.nix"
    "system-local.nix"
  ];
  # The owner's file may name its neighbours: it is always read where it lies.
  local = optional "${configuration}/local.nix";

  # A flake that the owner has put there since is never in the way of ours.
  # (A link there is an owner's checkout, and may lead out of a mounted machine's root.)
  isOwnersFlake =
    (builtins.readDir (on "/etc")).nixos or null == "directory"
    && (builtins.readDir (on "/etc/nixos"))."flake.nix" or null == "regular";
  installed = {
    # Version 1 leaves nixos-rebuild as it is.
    host = if version == 1 then null else known.hostName;
    searchPath = base.searchPath or [ ];
    checkout = base.checkout or null;
  }
  // (
    if isOwnersFlake then
      {
        flakeLink = {
          _type = "override";
          priority = 50;
          content = false;
        };
      }
    else
      { }
  );

  withoutBase = nixosHost (
    [
      ({ lib, ... }: {
        _file = hostFile;
        hypervisor = {
          enable = lib.mkOverride 1200 true;
          inherit installed;
        };
        nixpkgs.hostPlatform = lib.mkOverride 1200 known.system;
      })
      (required "/etc/nixos/hardware-configuration.nix")
    ]
    ++ generated
    ++ local
  );

  # A store path that a garbage-collection root keeps, whatever nixpkgs the base has; with its context
  # set by hand, because builtins.storePath wants it in the store of who evaluates.
  tools = path: {
    outPath = builtins.appendContext path { ${path}.path = true; };
    type = "derivation";
    name = "hyper-nixos-tools";
  };
  addition = { lib, ... }: {
    _file = toString hostFile;
    imports = [ ./module ] ++ generated ++ local;
    # Weaker than anything the owner says, as all that the module sets.
    config.hypervisor = {
      enable = lib.mkOverride 1200 true;
      package = lib.mkOverride 1200 (if known.tools or null == null then null else tools known.tools);
      inherit installed;
    };
  };
  # Local references are of the machine's own paths.
  url =
    builtins.replaceStrings [ "git+file:///" "path:/" ] [ "git+file://${root}/" "path:${root}/" ]
      base.url;
  onBase =
    {
      channel = import <nixpkgs/nixos> {
        configuration.imports = [
          (on base.configuration)
          addition
        ];
      };
      flake = (builtins.getFlake url).nixosConfigurations.${base.host}.extendModules {
        modules = [ addition ];
      };
    }
    .${base.kind};
in
if !builtins.pathExists hostFile then
  { }
else
  { ${known.hostName} = if base == null then withoutBase else onBase; }
