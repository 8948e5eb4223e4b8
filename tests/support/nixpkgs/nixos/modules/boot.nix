{
  lib,
  config,
  pkgs,
  ...
}:
let
  inherit (lib)
    mkDefault
    mkIf
    types
    ;
  d = import ../lib/declare.nix { inherit lib; };
  cfg = config.boot;
  grub = cfg.loader.grub;
  # 24.05 takes a list of names or a set of switches.
  fileSystemSet = types.coercedTo (types.listOf types.str) (names: lib.genAttrs names (_: true)) (
    types.attrsOf types.bool
  );
in
{
  options.services.lvm = {
    enable = d.bool true;
    boot = {
      thin = d.enable;
      vdo = d.enable;
    };
  };
  options.boot = {
    isContainer = d.bool false;
    loader = {
      timeout = d.of (types.nullOr types.int) 5;
      systemd-boot = d.enable // {
        configurationLimit = d.maybe types.int;
        editor = d.bool true;
        consoleMode = d.str "keep";
        graceful = d.bool false;
        memtest86 = d.enable;
      };
      efi = {
        canTouchEfiVariables = d.bool false;
        efiSysMountPoint = d.str "/boot";
      };
      generic-extlinux-compatible = d.enable // {
        configurationLimit = d.int 20;
      };
      external = d.enable;
      initScript = d.enable;
      grub = {
        enable = d.bool (!cfg.isContainer);
        device = d.str "";
        devices = d.list types.str;
        efiSupport = d.bool false;
        efiInstallAsRemovable = d.bool false;
        forceInstall = d.bool false;
        zfsSupport = d.bool false;
        useOSProber = d.bool false;
        enableCryptodisk = d.bool false;
        configurationLimit = d.int 100;
        default = d.of (types.either types.int types.str) "0";
        memtest86 = d.enable;
        extraConfig = d.lines;
        extraEntries = d.lines;
        extraGrubInstallArgs = d.list types.str;
        gfxmodeEfi = d.str "auto";
        gfxmodeBios = d.str "1024x768";
        splashImage = d.maybe types.path;
        copyKernels = d.bool false;
        mirroredBoots = d.list (
          d.sub {
            path = d.required types.str;
            efiSysMountPoint = d.maybe types.str;
            efiBootloaderId = d.maybe types.str;
            devices = d.list types.str;
          }
        );
      };
    };
    kernelPackages = d.of types.raw pkgs.linuxPackages;
    kernelParams = d.list types.str;
    kernelModules = d.list types.str;
    kernelPatches = d.list types.raw;
    extraModulePackages = d.list types.package;
    extraModprobeConfig = d.lines;
    blacklistedKernelModules = d.list types.str;
    kernel.sysctl = d.set d.scalar;
    consoleLogLevel = d.int 4;
    growPartition = d.bool false;
    resumeDevice = d.str "";
    supportedFilesystems = d.of fileSystemSet { };
    zfs = {
      extraPools = d.list types.str;
      forceImportRoot = d.bool true;
      forceImportAll = d.bool false;
      devNodes = d.str "/dev/disk/by-id";
    };
    swraid = {
      enable = d.bool (lib.versionOlder config.system.stateVersion "23.11");
      mdadmConf = d.lines;
    };
    plymouth = d.enable;
    tmp = {
      useTmpfs = d.bool false;
      cleanOnBoot = d.bool false;
      tmpfsSize = d.of (types.either types.str types.int) "50%";
    };
    binfmt.emulatedSystems = d.list types.str;
    initrd = {
      enable = d.bool true;
      availableKernelModules = d.list types.str;
      kernelModules = d.list types.str;
      includeDefaultModules = d.bool true;
      supportedFilesystems = d.of fileSystemSet { };
      checkJournalingFS = d.bool true;
      compressor = d.str "zstd";
      verbose = d.bool true;
      secrets = d.set (types.nullOr types.path);
      preLVMCommands = d.lines;
      postDeviceCommands = d.lines;
      postMountCommands = d.lines;
      systemd = d.enable // {
        emergencyAccess = d.bool false;
        network = d.enable;
        services = d.many {
          wantedBy = d.list types.str;
          script = d.lines;
          serviceConfig = d.free;
        };
        units = d.many { text = d.maybe types.str; };
      };
      services.lvm = d.enable;
      clevis = d.enable // {
        useTang = d.bool false;
        devices = d.many { secretFile = d.required types.path; };
      };
      network = d.enable // {
        flushBeforeStage2 = d.bool true;
        postCommands = d.lines;
        ssh = d.enable // {
          port = d.of types.port 22;
          shell = d.str "/bin/ash";
          hostKeys = d.list (types.either types.str types.path);
          authorizedKeys = d.list types.str;
          authorizedKeyFiles = d.list types.path;
          ignoreEmptyHostKeys = d.bool false;
        };
      };
      luks = {
        cryptoModules = d.list types.str;
        mitigateDMAAttacks = d.bool true;
        reusePassphrases = d.bool true;
        yubikeySupport = d.bool false;
        gpgSupport = d.bool false;
        fido2Support = d.bool false;
        devices = d.set (
          types.submodule (
            { name, ... }: {
              options = {
                name = d.str name;
                device = d.required types.str;
                header = d.maybe types.str;
                keyFile = d.maybe types.str;
                keyFileOffset = d.maybe types.int;
                keyFileSize = d.maybe types.int;
                keyFileTimeout = d.maybe types.int;
                tryEmptyPassphrase = d.bool false;
                preLVM = d.bool true;
                allowDiscards = d.bool false;
                bypassWorkqueues = d.bool false;
                fallbackToPassword = d.bool false;
                crypttabExtraOpts = d.list types.str;
              };
            }
          )
        );
      };
    };
  };

  config = {
    boot.loader.grub.enable = mkIf (
      cfg.loader.systemd-boot.enable || cfg.loader.generic-extlinux-compatible.enable
    ) (mkDefault false);
    boot.loader.grub.devices = mkIf (grub.device != "") [ grub.device ];
    boot.loader.grub.mirroredBoots = mkIf (grub.devices != [ ]) [
      {
        path = "/boot";
        inherit (grub) devices;
        inherit (cfg.loader.efi) efiSysMountPoint;
      }
    ];
    boot.kernelModules = [
      "loop"
      "atkbd"
    ];
    boot.kernelParams = [
      "loglevel=${toString cfg.consoleLogLevel}"
    ]
    ++ lib.optional (cfg.resumeDevice != "") "resume=${cfg.resumeDevice}";
    boot.initrd.availableKernelModules = mkIf cfg.initrd.includeDefaultModules [
      "ahci"
      "nvme"
      "sd_mod"
      "sr_mod"
      "mmc_block"
      "uhci_hcd"
      "ehci_hcd"
      "xhci_hcd"
      "xhci_pci"
      "usbhid"
      "hid_generic"
      "ext4"
    ];
    boot.initrd.kernelModules = [ "dm_mod" ];
    boot.initrd.systemd.units = lib.mapAttrs' (
      name: service:
      lib.nameValuePair "${name}.service" {
        text =
          "[Service]\nExecStart=${pkgs.writeShellScript "unit-script-${name}-start" service.script}\n\n[Install]\n"
          + lib.concatMapStrings (target: "WantedBy=${target}\n") service.wantedBy;
      }
    ) cfg.initrd.systemd.services;
    assertions = [
      {
        assertion = cfg.isContainer || grub.enable -> grub.mirroredBoots != [ ];
        message = "You must set the option ‘boot.loader.grub.devices’ or 'boot.loader.grub.mirroredBoots' to make the system bootable.";
      }
      {
        assertion = !(grub.enable && cfg.loader.systemd-boot.enable);
        message = "Only one of boot.loader.grub.enable and boot.loader.systemd-boot.enable can be used.";
      }
      {
        assertion = grub.efiInstallAsRemovable -> !cfg.loader.efi.canTouchEfiVariables;
        message = "If you wish to to use boot.loader.grub.efiInstallAsRemovable, then turn off boot.loader.efi.canTouchEfiVariables.";
      }
    ];
  };
}
