# Switches that ordinary configurations set and nothing here acts on, so that they evaluate.
{
  lib,
  config,
  pkgs,
  ...
}:
let
  inherit (lib) types;
  d = import ../lib/declare.nix { inherit lib; };
in
{
  options = {
    hardware = {
      enableRedistributableFirmware = d.bool false;
      enableAllFirmware = d.bool false;
      firmware = d.list types.package;
      cpu.intel.updateMicrocode = d.bool false;
      cpu.amd.updateMicrocode = d.bool false;
      bluetooth = d.enable // {
        powerOnBoot = d.bool true;
      };
      pulseaudio = d.enable;
      opengl = d.enable // {
        driSupport32Bit = d.bool false;
      };
      graphics = d.enable;
      nvidia = {
        modesetting = d.enable;
        open = d.bool false;
      };
    };
    powerManagement = {
      enable = d.bool true;
      cpuFreqGovernor = d.maybe types.str;
    };
    documentation = {
      enable = d.bool true;
      man.enable = d.bool true;
      nixos.enable = d.bool true;
      doc.enable = d.bool true;
      info.enable = d.bool true;
    };
    programs = {
      bash = {
        enableCompletion = d.bool true;
        completion.enable = d.bool true;
        interactiveShellInit = d.lines;
        shellAliases = d.set types.str;
      };
      zsh = d.enable // {
        ohMyZsh = d.enable;
        autosuggestions = d.enable;
        syntaxHighlighting = d.enable;
      };
      fish = d.enable;
      git = d.enable;
      vim = d.enable // {
        defaultEditor = d.bool false;
      };
      neovim = d.enable // {
        defaultEditor = d.bool false;
      };
      tmux = d.enable;
      htop = d.enable;
      mtr = d.enable;
      firefox = d.enable;
      dconf = d.enable;
      nix-ld = d.enable;
      gnupg.agent = d.enable // {
        enableSSHSupport = d.bool false;
      };
      ssh = {
        startAgent = d.bool false;
        extraConfig = d.lines;
      };
    };
    security = {
      polkit = d.enable // {
        extraConfig = d.lines;
      };
      rtkit = d.enable;
      apparmor = d.enable;
      audit = d.enable;
      auditd = d.enable;
      protectKernelImage = d.bool false;
      pam.loginLimits = d.list types.attrs;
      acme = {
        acceptTerms = d.bool false;
        defaults.email = d.maybe types.str;
      };
    };
    services = {
      chrony = d.enable;
      timesyncd = {
        enable = d.bool true;
        servers = d.list types.str;
      };
      cron = d.enable // {
        systemCronJobs = d.list types.str;
      };
      dbus = d.enable;
      fail2ban = d.enable // {
        maxretry = d.int 3;
        ignoreIP = d.list types.str;
      };
      fstrim = d.enable // {
        interval = d.str "weekly";
      };
      fwupd = d.enable;
      irqbalance = d.enable;
      journald = {
        extraConfig = d.lines;
      };
      logind = {
        lidSwitch = d.str "suspend";
        extraConfig = d.lines;
      };
      nginx = d.enable // {
        virtualHosts = d.free;
      };
      postgresql = d.enable // {
        package = d.package pkgs.hello;
      };
      printing = d.enable;
      avahi = d.enable // {
        nssmdns4 = d.bool false;
        openFirewall = d.bool true;
      };
      pipewire = d.enable // {
        alsa = d.enable // {
          support32Bit = d.bool false;
        };
        pulse = d.enable;
      };
      qemuGuest = d.enable;
      spice-vdagentd = d.enable;
      smartd = d.enable;
      tailscale = d.enable;
      thermald = d.enable;
      zfs = {
        autoScrub = d.enable;
        trim.enable = d.bool true;
      };
      btrfs.autoScrub = d.enable;
      libinput = d.enable;
      getty = {
        autologinUser = d.maybe types.str;
        helpLine = d.lines;
        greetingLine = d.str "";
      };
      displayManager = {
        autoLogin = d.enable // {
          user = d.maybe types.str;
        };
        sddm = d.enable;
      };
      xserver = d.enable // {
        autorun = d.bool true;
        videoDrivers = d.list types.str;
        displayManager = {
          gdm = d.enable;
          lightdm = d.enable;
        };
        desktopManager = {
          gnome = d.enable;
          plasma5 = d.enable;
          xfce = d.enable;
        };
        xkb = {
          layout = d.str "us";
          variant = d.str "";
          model = d.str "pc104";
          options = d.of types.commas "terminate:ctrl_alt_bksp";
        };
      };
    };
    system.autoUpgrade = d.enable // {
      allowReboot = d.bool false;
      channel = d.maybe types.str;
      flake = d.maybe types.str;
      dates = d.str "04:40";
    };
    system.copySystemConfiguration = d.bool false;
    fonts.packages = d.list types.package;
    sound = d.enable;
  };

  # The services that these switches start, where a test may ask for the name.
  config.systemd.services = lib.mkMerge (
    map (name: lib.mkIf config.services.${name}.enable { ${name}.wantedBy = [ "multi-user.target" ]; })
      [
        "chrony"
        "cron"
        "fail2ban"
        "irqbalance"
        "nginx"
        "postgresql"
        "smartd"
        "thermald"
      ]
    ++ [
      (lib.mkIf config.services.tailscale.enable { tailscaled.wantedBy = [ "multi-user.target" ]; })
      (lib.mkIf config.services.printing.enable { cups.wantedBy = [ "multi-user.target" ]; })
      (lib.mkIf config.services.timesyncd.enable { systemd-timesyncd.wantedBy = [ "sysinit.target" ]; })
      { "getty@tty1".wantedBy = [ "getty.target" ]; }
    ]
  );
  config.networking.firewall =
    lib.mkIf (config.services.avahi.enable && config.services.avahi.openFirewall)
      {
        allowedUDPPorts = [ 5353 ];
      };
}
