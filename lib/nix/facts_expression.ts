/**
 * Nix code that reads an evaluated NixOS (`{ config, options, pkgs }`) into JSON: a function from it
 * to one attribute set per group of facts (see `configuration_facts.ts`). Written for NixOS 21.11 and
 * later: names that came later are asked for with `or`, renamed ones under the new name first.
 *
 * `guard` stands around every value: what throws when it is evaluated becomes `{ unreadable = true; }`.
 * Nix can catch `throw` and failed assertions only; what it cannot (a missing attribute, a wrong type)
 * fails the group, which is why groups can be evaluated apart. Password hashes are classified here and
 * leave Nix never.
 */
export const factsExpression = String.raw`
nixos:
let
  inherit (builtins) attrNames concatMap elem elemAt filter foldl' genList getAttr hasAttr isAttrs isBool
    isInt isList isPath isString length map match pathExists readFile split stringLength substring
    toString unsafeDiscardStringContext;
  inherit (nixos) config;
  options = nixos.options or { };
  pkgs = nixos.pkgs or (config._module.args.pkgs or { });

  guard = value:
    let result = builtins.tryEval (builtins.deepSeq value value);
    in if result.success then result.value else { unreadable = true; };

  # Each member of an attribute set, as a list; the name is known even if the rest is unreadable.
  each = set: read:
    map (name: { inherit name; } // builtins.mapAttrs (_: guard) (read name (getAttr name set)))
      (attrNames set);

  orElse = fallback: value: if value == null then fallback else value;
  text = value: if value == null then null else unsafeDiscardStringContext (toString value);
  # Some lists of names became sets of name = true; over time.
  names = value: if isAttrs value then filter (name: getAttr name value == true) (attrNames value) else map text value;
  lines = value: filter (line: isString line && line != "") (split "[\r\n]+" value);
  words = value:
    if value == null then [ ]
    else if isList value then concatMap words value
    else filter (word: isString word && word != "") (split "[ \t]+" (toString value));
  yes = value: if isString value then value == "yes" || value == "true" else value;

  # What modules outside NixOS define: its own add store paths, generated rules and what follows the
  # release. Null where that cannot be told.
  ownDefinitions = option:
    let
      files = option.files or [ ];
      count = length files;
      modules = toString (pkgs.path or "/no-nixpkgs") + "/nixos/modules/";
      isOwn = file: substring 0 (stringLength modules) (text file) != modules;
      own = filter (index: isOwn (elemAt files index)) (genList (index: index) count);
    in
      if count == 0 || count != length (option.definitions or [ ]) then null
      else map (elemAt option.definitions) own;
  ownLines = option: value:
    let own = ownDefinitions option;
    in if own == null then text value else builtins.concatStringsSep "\n" (map text own);
  ownNames = option: value:
    let own = ownDefinitions option;
    in if own == null then names value else concatMap names own;
  ownMembers = option: value:
    let own = ownDefinitions option;
    in attrNames (if own == null then value else foldl' (a: b: a // b) { } (filter isAttrs own));

  boot = config.boot;
  grub = boot.loader.grub or { };
  net = config.networking;
  ssh = config.services.openssh;
  settings = ssh.settings or { };

  # Of networkd's files those that the owner declared: NixOS makes others of networking.*.
  ownUnits = units:
    let
      network = options.systemd.network or { };
      member = name: set: if hasAttr name set then getAttr name set else { };
      declared = kind: suffix:
        map (name: name + suffix) (ownMembers (member kind network) (member kind config.systemd.network));
      own = declared "networks" ".network" ++ declared "netdevs" ".netdev" ++ declared "links" ".link"
        ++ ownMembers (network.units or { }) { };
    in builtins.removeAttrs units (filter (name: ! elem name own) (attrNames units));

  # What an option is set to, or null where nobody set it (1500 is the priority of defaults).
  definedOnly = option: value:
    if (option.highestPrio or 100) >= 1500 then null else value;

  shellPath = shell:
    if shell == null then null
    else if isAttrs shell && shell ? shellPath then "/run/current-system/sw" + shell.shellPath
    else text shell;

  hashKind = hash:
    if hash == null then "none"
    else if hash == "" then "empty-hash"
    else if elem (substring 0 1 hash) [ "!" "*" ] then "locked-hash"
    else "hash";
  # The order in which update-users-groups.pl lets one replace the other.
  passwordKind = user:
    if (user.hashedPasswordFile or (user.passwordFile or null)) != null then "file"
    else if (user.password or null) != null then "plain"
    else hashKind (user.hashedPassword or null);

  # Reading what a derivation has yet to build would build it: only files that are there are read.
  keyFiles = user: map (file: text file) (user.openssh.authorizedKeys.keyFiles or [ ]);
  keyLines = content: filter (line: match "[ \t]*#.*" line == null) (lines content);
  readKeys = file: keyLines (unsafeDiscardStringContext (readFile file));

  account = name: user: {
    uid = user.uid or null;
    isNormalUser = user.isNormalUser or false;
    isSystemUser = user.isSystemUser or false;
    group = user.group or "";
    extraGroups = user.extraGroups or [ ];
    description = user.description or "";
    home = text (user.home or "/var/empty");
    createHome = user.createHome or false;
    shell = shellPath (user.shell or null);
    password = passwordKind user;
    passwordFile = text (user.hashedPasswordFile or (user.passwordFile or null));
    hasInitialPassword = (user.initialPassword or null) != null
      || elem (hashKind (user.initialHashedPassword or null)) [ "hash" "empty-hash" ];
    authorizedKeys = map text (user.openssh.authorizedKeys.keys or [ ])
      ++ concatMap readKeys (filter pathExists (keyFiles user));
    unreadKeyFiles = filter (file: ! pathExists file) (keyFiles user);
  };
  isDisabled = set: name: (builtins.tryEval ((getAttr name set).enable or true)) == { success = true; value = false; };
  enabled = set: builtins.removeAttrs set (filter (isDisabled set) (attrNames set));

  # Rules of sudo that let somebody run everything as root.
  sudoRules = sudo: concatMap sudoRule (sudo.extraRules or [ ]);
  sudoRule = rule:
    let
      command = entry: if isString entry then { command = entry; options = [ ]; } else entry;
      all = filter (entry: entry.command == "ALL") (map command (rule.commands or [ ]));
      asRoot = elem (rule.runAs or "ALL:ALL") [ "ALL" "ALL:ALL" "root" "root:root" "root:ALL" "ALL:root" ];
    in if all == [ ] || ! asRoot then [ ] else [ {
      users = map toString (rule.users or [ ]);
      groups = map toString (rule.groups or [ ]);
      noPassword = builtins.any (entry: elem "NOPASSWD" (entry.options or [ ])) all;
    } ];
  sudos = filter (sudo: sudo.enable or false)
    [ (config.security.sudo or { }) (config.security.sudo-rs or { }) ];

  sshSetting = name: old: fallback:
    orElse (orElse fallback (getOr old ssh null)) (getOr name settings null);
  getOr = name: set: fallback: if hasAttr name set then getAttr name set else fallback;
  ownSshSettings = ownMembers (options.services.openssh.settings or { }) settings;
  sshKnown = [
    "PermitRootLogin" "PasswordAuthentication" "KbdInteractiveAuthentication"
    "ChallengeResponseAuthentication" "PubkeyAuthentication" "UsePAM" "AllowUsers" "DenyUsers"
    "AllowGroups" "DenyGroups"
  ];
  isScalar = value: isString value || isInt value || isBool value;
  isPlain = value: isScalar value || isList value && builtins.all isScalar value;
  plainSetting = value: if isList value then map toString value else value;

  ports = firewall: {
    tcp = firewall.allowedTCPPorts or [ ];
    udp = firewall.allowedUDPPorts or [ ];
    tcpRanges = map range (firewall.allowedTCPPortRanges or [ ]);
    udpRanges = map range (firewall.allowedUDPPortRanges or [ ]);
  };
  range = value: { inherit (value) from to; };

  gateway = value:
    if value == null then null
    else if isString value then { address = value; interface = null; metric = null; }
    else { inherit (value) address; interface = value.interface or null; metric = value.metric or null; };
  addresses = value: map (entry: { inherit (entry) address prefixLength; }) (value.addresses or [ ]);
  routes = value: map (entry: { inherit (entry) address prefixLength; via = entry.via or null; }) (value.routes or [ ]);

  starts = unit: (unit.enable or true)
    && (unit.wantedBy or [ ]) ++ (unit.requiredBy or [ ]) ++ (unit.upheldBy or [ ]) != [ ];
  startsSafely = set: name: hasAttr name set && (builtins.tryEval (starts (getAttr name set))).value;
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
      enable = guard (grub.enable or false);
      devices = guard ((grub.devices or [ ]) ++ (if (grub.device or "") == "" then [ ] else [ grub.device ]));
      efiSupport = guard (grub.efiSupport or false);
      efiInstallAsRemovable = guard (grub.efiInstallAsRemovable or false);
      zfsSupport = guard (grub.zfsSupport or false);
      useOSProber = guard (grub.useOSProber or false);
      enableCryptodisk = guard (grub.enableCryptodisk or false);
      configurationLimit = guard (grub.configurationLimit or null);
      mirroredBoots = guard (map (mirror: {
        path = text mirror.path;
        efiSysMountPoint = text (mirror.efiSysMountPoint or null);
        inherit (mirror) devices;
      }) (grub.mirroredBoots or [ ]));
    };
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
    initrdNetwork = guard (boot.initrd.network.enable or false);
    initrdSsh = guard (boot.initrd.network.ssh.enable or false);
    luks = each boot.initrd.luks.devices (name: luks: {
      device = text luks.device;
      keyFile = text (luks.keyFile or null);
      header = text (luks.header or null);
      preLVM = luks.preLVM or true;
      allowDiscards = luks.allowDiscards or false;
      bypassWorkqueues = luks.bypassWorkqueues or false;
      fallbackToPassword = luks.fallbackToPassword or false;
    });
    supportedFilesystems = guard (names boot.supportedFilesystems);
    zfsExtraPools = guard (boot.zfs.extraPools or [ ]);
    # Before 23.11 arrays were always assembled.
    swraid = guard (boot.swraid.enable or (boot.initrd.services.swraid.enable or true));
    resumeDevice = guard (boot.resumeDevice or "");
  };

  disks = {
    fileSystems = each config.fileSystems (mountPoint: fs: {
      mountPoint = fs.mountPoint or mountPoint;
      device = fs.device or null;
      fsType = fs.fsType or "auto";
      options = fs.options or [ ];
      neededForBoot = fs.neededForBoot or false;
    });
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

  network.network = {
    useDHCP = guard net.useDHCP;
    useNetworkd = guard (net.useNetworkd or false);
    networkManager = guard (net.networkmanager.enable or false);
    networkd = guard (config.systemd.network.enable or false);
    networkdUnits = each (ownUnits (enabled (config.systemd.network.units or { })))
      (name: unit: { text = text unit.text; });
    cloudInit = guard (config.services.cloud-init.enable or false);
    cloudInitNetwork = guard (config.services.cloud-init.network.enable or false);
    wireless = guard (net.wireless.enable or false);
    usePredictableInterfaceNames = guard (net.usePredictableInterfaceNames or null);
    interfaces = each (net.interfaces or { }) (name: interface: {
      useDHCP = interface.useDHCP or null;
      ipv4 = addresses interface.ipv4;
      ipv6 = addresses interface.ipv6;
      ipv4Routes = routes interface.ipv4;
      ipv6Routes = routes interface.ipv6;
      macAddress = interface.macAddress or null;
      mtu = interface.mtu or null;
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
  };

  services = {
    services = guard (filter (name:
      startsSafely config.systemd.services name
      || startsSafely (config.systemd.timers or { }) name
      || startsSafely (config.systemd.sockets or { }) name
    ) (attrNames config.systemd.services));
    libvirtd = guard (config.virtualisation.libvirtd.enable or false);
  };

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

/** The groups of {@link factsExpression}, each evaluated apart when all together fail. */
export const FACT_GROUPS = [
  "identity",
  "boot",
  "disks",
  "users",
  "ssh",
  "network",
  "firewall",
  "services",
  "messages",
] as const;
