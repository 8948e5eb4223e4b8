# The installed machine as { <host name> = its NixOS; }, or nothing where there is none. For impure
# evaluation: reads the files that system-installer wrote to the machine whose files are under
# HYPERVISOR_ROOT ("/" when it is empty), so that a mounted or staged machine evaluates the same way.
{ lib
, nixosHost
, root ? builtins.getEnv "HYPERVISOR_ROOT"
}:
let
  base =
    if root == "" then /.
    else if lib.hasPrefix "/" root then /. + root
    else throw "HYPERVISOR_ROOT must be an absolute path, it is ${builtins.toJSON root}";
  nixos = base + "/etc/nixos";
  configuration = base + "/etc/hypervisor/configuration";
  hostFile = configuration + "/host.json";

  host = lib.importJSON hostFile;
  known = lib.throwIfNot (host.version or null == 1)
    "${toString hostFile} is of version ${builtins.toJSON (host.version or null)}, this source tree knows version 1: update the tree (smart-sync) or run its system-installer"
    host;

  # Without one of these the machine would lose its disks or its users.
  required = file: lib.throwIfNot (builtins.pathExists file)
    "${toString file} is missing: run system-installer again, it writes the file from the running machine"
    file;
  optional = file: lib.optional (builtins.pathExists file) file;
in
lib.optionalAttrs (builtins.pathExists hostFile) {
  ${known.hostName} = nixosHost ([
    {
      _file = hostFile;
      hypervisor.enable = lib.mkDefault true;
      nixpkgs.hostPlatform = lib.mkDefault known.system;
    }
    (required (nixos + "/hardware-configuration.nix"))
    (required (configuration + "/hardware-local.nix"))
    (required (configuration + "/users-local.nix"))
    (required (configuration + "/system-local.nix"))
  ] ++ optional (configuration + "/local.nix"));
}
