{
  lib,
  config,
  pkgs,
  ...
}:
let
  inherit (lib) mkIf types;
  d = import ../lib/declare.nix { inherit lib; };
  # What the initrd mounts.
  mountedEarly = [
    "/"
    "/nix"
    "/nix/store"
    "/var"
    "/var/log"
    "/var/lib"
    "/var/lib/nixos"
    "/etc"
    "/usr"
  ];
in
{
  options = {
    fileSystems = d.set (
      types.submodule (
        { name, config, ... }: {
          options = {
            enable = d.bool true;
            mountPoint = d.str name;
            device = d.maybe types.nonEmptyStr;
            label = d.maybe types.nonEmptyStr;
            fsType = d.str "auto";
            options = d.of (types.nonEmptyListOf types.nonEmptyStr) [ "defaults" ];
            depends = d.list types.str;
            neededForBoot = d.bool false;
            autoFormat = d.bool false;
            autoResize = d.bool false;
            formatOptions = d.maybe types.str;
            noCheck = d.bool false;
            encrypted = d.enable // {
              blkDev = d.maybe types.str;
              keyFile = d.maybe types.str;
              label = d.maybe types.str;
            };
          };
          config.device = mkIf (lib.elem config.fsType [
            "tmpfs"
            "ramfs"
            "overlay"
          ]) (lib.mkDefault config.fsType);
          config.options = mkIf (config.neededForBoot || lib.elem config.mountPoint mountedEarly) [
            "x-initrd.mount"
          ];
        }
      )
    );
    swapDevices = d.list (
      types.submodule (
        { config, options, ... }: {
          config.device = mkIf options.label.isDefined "/dev/disk/by-label/${config.label}";
          options = {
            device = d.required types.nonEmptyStr;
            label = d.required types.str;
            size = d.maybe types.int;
            priority = d.maybe types.int;
            discardPolicy = d.maybe (
              types.enum [
                "once"
                "pages"
                "both"
              ]
            );
            options = d.of (types.listOf types.str) [ "defaults" ];
            encrypted = d.enable // {
              blkDev = d.maybe types.str;
              keyFile = d.maybe types.str;
              label = d.maybe types.str;
            };
            randomEncryption = d.of (types.coercedTo types.bool (enable: { inherit enable; }) (
              d.sub {
                enable = d.bool false;
                cipher = d.str "aes-xts-plain64";
                allowDiscards = d.bool false;
              }
            )) { };
          };
        }
      )
    );
    zramSwap = d.enable // {
      memoryPercent = d.int 50;
      algorithm = d.str "zstd";
      priority = d.int 5;
    };
  };

  config = {
    # The programs that mount a type come with it.
    system.fsPackages =
      let
        has = types: lib.any (fs: lib.elem fs.fsType types) (lib.attrValues config.fileSystems);
      in
      lib.optional (has [
        "nfs"
        "nfs4"
      ]) pkgs.nfs-utils
      ++ lib.optional (has [ "cifs" ]) pkgs.cifs-utils
      ++ lib.optional (has [
        "ntfs"
        "ntfs-3g"
      ]) pkgs.ntfs3g
      ++ lib.optional (has [
        "sshfs"
        "fuse.sshfs"
      ]) pkgs.sshfs;
    boot.supportedFilesystems = lib.mkMerge (
      lib.mapAttrsToList (_: fs: { ${fs.fsType} = lib.mkDefault true; }) config.fileSystems
    );
    assertions = [
      {
        assertion = config.fileSystems ? "/" || config.boot.isContainer;
        message = "The ‘fileSystems’ option does not specify your root file system.";
      }
    ]
    ++ lib.mapAttrsToList (mountPoint: fs: {
      # With a label alone, fstab names the device by it.
      assertion = fs.device != null || fs.label != null;
      message = "No device specified for mount point ‘${mountPoint}’.";
    }) config.fileSystems;
  };
}
