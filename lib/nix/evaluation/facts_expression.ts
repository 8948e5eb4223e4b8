import { factsFunctions } from "./facts_functions.ts";
import { PLAIN_OPTIONS } from "./plain_options.ts";

/**
 * Nix code that reads an evaluated NixOS (`{ config, options, pkgs }`) into JSON: a function from it
 * to one attribute set per group of facts (see `configuration_facts.ts`). Written for NixOS 21.11 and
 * later: names that came later are asked for with `or`, renamed ones under the new name first. What
 * Nix cannot catch fails what it is evaluated with; parts can be evaluated apart (see `read_apart.ts`).
 */
export const factsExpression = String.raw`
nixos:
let
${factsFunctions}
  plainOptions = builtins.listToAttrs (map (name: { inherit name; value = null; })
    ${JSON.stringify(PLAIN_OPTIONS).replaceAll(",", " ")});
in
{
  identity = {
    nixosVersion = guard (config.system.nixos.version or null);
    system = guard (pkgs.stdenv.hostPlatform.system or (config.nixpkgs.system or null));
    hostName = guard net.hostName;
    domain = guard (net.domain or null);
    hostId = guard (net.hostId or null);
    stateVersion = guard (definedOnly (options.system.stateVersion or { }) config.system.stateVersion);
    timeZone = guard config.time.timeZone;
    defaultLocale = guard config.i18n.defaultLocale;
    extraLocaleSettings = guard (builtins.mapAttrs (_: text) (config.i18n.extraLocaleSettings or { }));
    supportedLocales = guard (orElse [ ] (config.i18n.supportedLocales or [ ]));
    # A keymap made by a derivation is made from xkbLayout.
    consoleKeyMap = guard (
      let keyMap = config.console.keyMap or (config.i18n.consoleKeyMap or null);
      in if isString keyMap || isPath keyMap then text keyMap else null);
    consoleFont = guard (text (config.console.font or null));
    xkbLayout = guard (config.services.xserver.xkb.layout or (config.services.xserver.layout or null));
  };

  boot.boot = {
    systemdBoot = {
      enable = guard (boot.loader.systemd-boot.enable or false);
      configurationLimit = guard (boot.loader.systemd-boot.configurationLimit or null);
    };
    grub = {
      devices = guard ((grub.devices or [ ]) ++ (if (grub.device or "") == "" then [ ] else [ grub.device ]));
      configurationLimit = guard (grub.configurationLimit or null);
      mirroredBoots = guard (map (mirror: {
        path = text mirror.path;
        efiSysMountPoint = text (mirror.efiSysMountPoint or null);
        inherit (mirror) devices;
      }) (grub.mirroredBoots or [ ]));
    } // flags grub [ "enable" "efiSupport" "efiInstallAsRemovable" "zfsSupport" "useOSProber" "enableCryptodisk" ];
    extlinux = guard (boot.loader.generic-extlinux-compatible.enable or false);
    efi = {
      canTouchEfiVariables = guard (boot.loader.efi.canTouchEfiVariables or false);
      efiSysMountPoint = guard (boot.loader.efi.efiSysMountPoint or "/boot");
    };
    timeout = guard (boot.loader.timeout or null);
    kernelParams = guard (ownNames (options.boot.kernelParams or { }) boot.kernelParams);
    kernelModules = guard (ownNames (options.boot.kernelModules or { }) boot.kernelModules);
    initrdAvailableKernelModules = guard
      (ownNames (options.boot.initrd.availableKernelModules or { }) boot.initrd.availableKernelModules);
    initrdKernelModules = guard
      (ownNames (options.boot.initrd.kernelModules or { }) boot.initrd.kernelModules);
    initrdSystemd = guard (boot.initrd.systemd.enable or false);
    initrdSsh = guard (boot.initrd.network.ssh.enable or false);
    luks = each boot.initrd.luks.devices (name: luks: {
      device = text luks.device;
      keyFile = text (luks.keyFile or null);
      header = text (luks.header or null);
      preLVM = luks.preLVM or true;
      allowDiscards = luks.allowDiscards or false;
      bypassWorkqueues = luks.bypassWorkqueues or false;
      fallbackToPassword = luks.fallbackToPassword or false;
      further = given luks [ "keyFileSize" "keyFileOffset" "keyFileTimeout" "tryEmptyPassphrase"
        "crypttabExtraOpts" "preOpenCommands" "postOpenCommands" "gpgCard" "yubikey" ]
        // (if given (luks.fido2 or { }) [ "credential" "credentials" ] == { } then { } else given luks [ "fido2" ]);
      saidElsewhere = saidElsewhere (options.boot.initrd.luks.devices or { }) name;
    });
    initrdSecrets = guard (attrNames (boot.initrd.secrets or { }));
    initrdModules = guard (names boot.initrd.availableKernelModules ++ names boot.initrd.kernelModules);
    assembles = guard (filter (dotted: at (dots dotted) config == true) [
      "boot.initrd.clevis.enable" "boot.initrd.clevis.useTang" "boot.initrd.services.bcache.enable"
      "boot.initrd.services.lvm.enable" "boot.initrd.systemd.network.enable" "boot.initrd.unl0kr.enable"
      "services.lvm.boot.thin.enable" "services.lvm.boot.vdo.enable" "services.multipath.enable"
      "services.stratis.enable"
    ]);
    clevis = guard (let devices = at (dots "boot.initrd.clevis.devices") config; in
      if at (dots "boot.initrd.clevis.enable") config == true then attrNames devices else [ ]);
    crypttab = guard (text (orElse "" (etcText "crypttab")));
    initrdUnits = map (name: { inherit name; text = guard (text (getAttr name initrdUnits).text); })
      ownInitrdUnits;
    extraModulePackages = guard (map packageName (concatMap (list: list)
      (orElse [ ] (ownDefinitions (options.boot.extraModulePackages or { })))));
    loader = guard (if boot.loader.external.enable or false then "external" else config.system.boot.loader.id or "");
    isContainer = guard (boot.isContainer or false);
    supportedFilesystems = guard (names boot.supportedFilesystems);
    zfsExtraPools = guard (boot.zfs.extraPools or [ ]);
    # Before 23.11 arrays were always assembled.
    swraid = guard (boot.swraid.enable or (boot.initrd.services.swraid.enable or true));
    resumeDevice = guard (boot.resumeDevice or "");
  };

  disks = {
    fileSystems = each config.fileSystems (mountPoint: fs: {
      mountPoint = fs.mountPoint or mountPoint;
      # NixOS writes the same into fstab.
      device = if (fs.device or null) == null && (fs.label or null) != null then "/dev/disk/by-label/" + fs.label
        else fs.device or null;
      fsType = fs.fsType or "auto";
      options = fs.options or [ ];
      neededForBoot = fs.neededForBoot or false;
      saidElsewhere = saidElsewhere (options.fileSystems or { }) mountPoint;
    });
    mountHelpers = guard (if builtins.any (fs: needsHelper (fs.fsType or "auto")) (builtins.attrValues config.fileSystems)
      then concatMap (package: let name = guard (packageName package); in if isString name then [ name ] else [ ])
        ((config.system.fsPackages or [ ]) ++ (config.environment.systemPackages or [ ]))
      else [ ]);
    swapDevices = guard (map (swap: {
      device = text swap.device;
      size = swap.size or null;
      priority = swap.priority or null;
      randomEncryption = swap.randomEncryption.enable or false;
    }) config.swapDevices);
    zramSwap = guard (config.zramSwap.enable or false);
  };

  users = {
    users = {
      mutableUsers = guard config.users.mutableUsers;
      allowNoPasswordLogin = guard (config.users.allowNoPasswordLogin or false);
      accounts = each (enabled config.users.users) account;
      groups = each config.users.groups (name: group: {
        gid = group.gid or null;
        members = group.members or [ ];
      });
    };
    sudo = {
      enable = guard (sudos != [ ]);
      wheelNeedsPassword = guard (builtins.all (sudo: sudo.wheelNeedsPassword or true) sudos);
      execWheelOnly = guard (builtins.any (sudo: sudo.execWheelOnly or false) sudos);
      grantsAll = guard (concatMap sudoRules sudos);
      doas = guard (config.security.doas.enable or false);
      extraConfig = guard (text (config.security.sudo.extraConfig or ""));
    };
  };

  ssh.ssh = {
    enable = guard ssh.enable;
    startWhenNeeded = guard (ssh.startWhenNeeded or false);
    ports = guard (ssh.ports or [ 22 ]);
    listenAddresses = guard (map (entry: { addr = entry.addr or null; port = entry.port or null; })
      (ssh.listenAddresses or [ ]));
    openFirewall = guard (ssh.openFirewall or true);
    hostKeys = guard (map (key: { type = key.type or ""; path = text key.path; bits = key.bits or null; })
      (ssh.hostKeys or [ ]));
    authorizedKeysFiles = guard (concatMap words (ssh.authorizedKeysFiles or [ ]));
    permitRootLogin = guard (sshSetting "PermitRootLogin" "permitRootLogin" "prohibit-password");
    passwordAuthentication = guard (yes (sshSetting "PasswordAuthentication" "passwordAuthentication" true));
    kbdInteractiveAuthentication = guard (yes (sshSetting "KbdInteractiveAuthentication" "kbdInteractiveAuthentication"
      (orElse true (ssh.challengeResponseAuthentication or null))));
    pubkeyAuthentication = guard (yes (sshSetting "PubkeyAuthentication" "pubkeyAuthentication" true));
    usePAM = guard (yes (sshSetting "UsePAM" "usePAM" true));
    allowUsers = guard (words (settings.AllowUsers or null));
    denyUsers = guard (words (settings.DenyUsers or null));
    allowGroups = guard (words (settings.AllowGroups or null));
    denyGroups = guard (words (settings.DenyGroups or null));
    otherSettings = guard (builtins.mapAttrs (_: plainSetting) (builtins.removeAttrs settings
      (filter (name: elem name sshKnown || ! elem name ownSshSettings || ! isPlain (getAttr name settings))
        (attrNames settings))));
    extraConfig = guard (ownLines (options.services.openssh.extraConfig or { }) (ssh.extraConfig or ""));
  };

  pam = if ! ((config.security or { }) ? pam.services) then { } else { pam = guard (builtins.listToAttrs (concatMap (service:
    let value = guard (text (pamText service)); in
    if value == null then [ ] else [ { name = service; inherit value; } ])
    [ "sshd" "login" "su" "sudo" "doas" ])); };

  network.network = {
    useDHCP = guard net.useDHCP;
    useNetworkd = guard (net.useNetworkd or false);
    networkManager = guard (net.networkmanager.enable or false);
    networkd = guard (config.systemd.network.enable or false);
    networkdUnits = each (ownUnits (enabled (config.systemd.network.units or { })))
      (name: unit: { text = text unit.text; });
    routeTables = guard (attrNames (at (dots "systemd.network.config.routeTables") config));
    networkProfiles = guard (profiles (net.networkmanager or { }));
    cloudInit = guard (config.services.cloud-init.enable or false);
    cloudInitNetwork = guard (config.services.cloud-init.network.enable or false);
    wireless = guard (net.wireless.enable or false);
    wirelessNetworks = guard (attrNames (net.wireless.networks or { }));
    usePredictableInterfaceNames = guard (net.usePredictableInterfaceNames or null);
    interfaces = each (net.interfaces or { }) (name: interface: {
      useDHCP = interface.useDHCP or null;
      ipv4 = addresses interface.ipv4;
      ipv6 = addresses interface.ipv6;
      ipv4Routes = routes interface.ipv4;
      ipv6Routes = routes interface.ipv6;
      macAddress = interface.macAddress or null;
      mtu = interface.mtu or null;
      virtual = interface.virtual or false;
    });
    bridges = each (net.bridges or { }) (name: bridge: {
      interfaces = bridge.interfaces;
      rstp = bridge.rstp or false;
    });
    bonds = each (net.bonds or { }) (name: bond: {
      interfaces = bond.interfaces;
      driverOptions = builtins.mapAttrs (_: text) (bond.driverOptions or { });
    });
    vlans = each (net.vlans or { }) (name: vlan: { inherit (vlan) id interface; });
    defaultGateway = guard (gateway (net.defaultGateway or null));
    defaultGateway6 = guard (gateway (net.defaultGateway6 or null));
    nameservers = guard (net.nameservers or [ ]);
    search = guard (net.search or [ ]);
    localResolver = guard (net.resolvconf.useLocalResolver or false);
    resolved = guard (config.services.resolved.enable or false);
  };

  firewall.firewall = {
    enable = guard net.firewall.enable;
    nftables = guard (net.nftables.enable or false);
    allowPing = guard (net.firewall.allowPing or true);
    trustedInterfaces = guard (net.firewall.trustedInterfaces or [ ]);
    open = guard (ports net.firewall);
    perInterface = each (net.firewall.interfaces or { }) (name: interface: { open = ports interface; });
    extraCommands = guard (ownLines (options.networking.firewall.extraCommands or { })
      (net.firewall.extraCommands or ""));
    extraInputRules = guard (text (net.firewall.extraInputRules or ""));
    rules = guard (builtins.concatStringsSep "\n" (if net.nftables.enable or false
      then map (table: text (table.content or "")) (builtins.attrValues (enabled (net.nftables.tables or { })))
        ++ [ (text (net.nftables.ruleset or "")) ]
      else [ (text (net.firewall.extraCommands or "")) ]));
  };

  services = {
    services = guard (filter (name:
      startsSafely config.systemd.services name
      || startsSafely (config.systemd.timers or { }) name
      || startsSafely (config.systemd.sockets or { }) name
      || startsSafely (config.systemd.targets or { }) name
    ) (attrNames config.systemd.services));
    libvirtd = guard (config.virtualisation.libvirtd.enable or false);
    autoUpgradeFlake = guard (
      let upgrade = config.system.autoUpgrade or { };
      in if upgrade.enable or false then text (upgrade.flake or null) else null);
  };

  plain.plain = filter (option: option.said != [ ])
    (each plainOptions (dotted: _: { said = plainOption dotted; }));

  messages = {
    failedAssertions = concatMap (entry:
      let holds = builtins.tryEval entry.assertion; in
      if ! holds.success then [ { unreadable = true; } ]
      else if holds.value then [ ]
      else [ (guard (text entry.message)) ]
    ) config.assertions;
    warnings = guard (map text config.warnings);
  };
}
`;
