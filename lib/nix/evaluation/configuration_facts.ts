import * as v from "valibot";

/** The Nix code of what is read of a configuration, by its schema; see `facts_expression.ts`. */
const CODE = new WeakMap<object, string>();

/** The Nix code that reads a member of the facts; undefined for a group, and for what is not read. */
export function codeOf(schema: object): string | undefined {
  return CODE.get(schema);
}

const as = <T extends v.GenericSchema>(schema: T, code: string): T => {
  CODE.set(schema, code);
  return schema;
};
const guarded = <T extends v.GenericSchema>(schema: T, code: string | undefined): T =>
  code === undefined ? schema : as(schema, `guard (${code})`);

/*
 * What stands for a value that could not be evaluated: NixOS's default where there is one, else nothing.
 * Members of a list's entries have none: such an entry is dropped. A member that is newer than records
 * of systems (`system_record.ts`) is optional and has none either. With each stands the Nix code that
 * reads it, in which the names of `facts_functions.ts` are known.
 */
const flag = (code?: string, value = false) => guarded(v.optional(v.boolean(), value), code);
const text = (code?: string, value = "") => guarded(v.optional(v.string(), value), code);
const maybe = <T extends v.GenericSchema>(schema: T, code?: string) =>
  guarded(v.optional(v.nullable(schema), null), code);
const maybeText = (code?: string) => maybe(v.string(), code);
const maybeNumber = (code?: string) => maybe(v.number(), code);
const list = <T extends v.GenericSchema>(item: T, code?: string) =>
  guarded(v.optional(v.array(item), []), code);
const texts = (code?: string) => list(v.string(), code);
const newer = <T extends v.GenericSchema>(schema: T, code: string) =>
  guarded(v.optional(schema), code);
const newerTexts = (code: string) => newer(v.array(v.string()), code);
const group = <T extends v.ObjectEntries>(entries: T) =>
  v.optional(v.object(entries), {} as v.InferInput<v.ObjectSchema<T, undefined>>);
const codeOfEach = (entries: v.ObjectEntries) =>
  Object.entries(entries).map(([name, schema]) => {
    const code = codeOf(schema);
    return code === undefined ? "" : ` ${name} = ${code};`;
  }).join("");
/** An entry for each of a list; a function of it reads the entry's members. */
const all = <T extends v.ObjectEntries>(items: string, arg: string, entries: T) =>
  list(v.object(entries), `map (${arg}: {${codeOfEach(entries)} }) ${items}`);
/** An entry for each member of a set; a function of name and member reads those that have code. */
const each = <T extends v.ObjectEntries>(set: string, args: string, entries: T, more = "") =>
  as(list(v.object(entries)), `each ${set} (${args}: {${codeOfEach(entries)} ${more}})`);

const Port = v.number();
const PortRange = v.object({ from: Port, to: Port });
const Address = v.object({ address: v.string(), prefixLength: v.number() });
const Gateway = v.object({
  address: v.string(),
  interface: v.nullable(v.string()),
  metric: v.nullable(v.number()),
});
const Route = v.object({
  address: v.string(),
  prefixLength: v.number(),
  via: v.nullable(v.string()),
  /** Kind and further words of ip-route(8), where they are not the default. */
  type: v.optional(v.nullable(v.string())),
  options: v.optional(v.nullable(v.record(v.string(), v.string()))),
});
const ports = (code: string) =>
  as(
    group({
      tcp: list(Port),
      udp: list(Port),
      tcpRanges: list(PortRange),
      udpRanges: list(PortRange),
    }),
    code,
  );

/** What an owner set of an option, as JSON, to be written down again. */
export const PlainSchema = v.object({
  option: v.array(v.string()),
  /** Whether other definitions add to it: a list, or lines. */
  merges: v.boolean(),
  value: v.unknown(),
});

/** The declared accounts (`users.users.<name>`). */
const accounts = each("(enabled config.users.users)", "name: user", {
  name: v.string(),
  uid: as(maybeNumber(), "user.uid or null"),
  isNormalUser: as(flag(), "user.isNormalUser or false"),
  group: as(text(), 'user.group or ""'),
  extraGroups: as(texts(), "user.extraGroups or [ ]"),
  description: as(text(), 'user.description or ""'),
  home: as(text(undefined, "/var/empty"), 'text (user.home or "/var/empty")'),
  createHome: as(flag(), "user.createHome or false"),
  /** Four or three octal digits; null where the option is not known. */
  homeMode: as(v.optional(v.nullable(v.string())), "user.homeMode or null"),
  /** Whether its services run without a session (loginctl(1), enable-linger). */
  linger: as(v.optional(v.boolean()), "(user.linger or false) == true"),
  /** A path, also of one that refuses; null leaves the account the shell that it has. */
  shell: as(maybeText(), "shellPath (user.shell or null)"),
  /** YYYY-MM-DD: from this day on nobody gets in. */
  expires: as(v.optional(v.nullable(v.string())), "user.expires or null"),
  /** Whether NixOS installs the shell, or it is a path that has to be there. */
  shellIsPackage: as(
    v.optional(v.boolean()),
    "(builtins.tryEval (isAttrs (user.shell or null))).value",
  ),
  /** How the declaration sets the password; "none" leaves it to /etc/shadow or locked. */
  password: as(
    v.optional(
      v.picklist(["none", "hash", "empty-hash", "locked-hash", "plain", "file"]),
      "none",
    ),
    "passwordKind user",
  ),
  /** `hashedPasswordFile` (or the older `passwordFile`). */
  passwordFile: as(maybeText(), "text (user.hashedPasswordFile or (user.passwordFile or null))"),
  /** `initialPassword` or an `initialHashedPassword` that is not locked: only for an account that does not exist yet. */
  hasInitialPassword: as(
    flag(),
    `(user.initialPassword or null) != null
      || elem (hashKind (user.initialHashedPassword or null)) [ "hash" "empty-hash" ]`,
  ),
  /** `openssh.authorizedKeys.keys` and the lines of its `keyFiles`. */
  authorizedKeys: as(
    texts(),
    `map text (user.openssh.authorizedKeys.keys or [ ])
      ++ concatMap readKeys (filter pathExists (keyFiles user))`,
  ),
}, "unreadKeyFiles = filter (file: ! pathExists file) (keyFiles user); ");

/**
 * What the toolkit needs to know of an *evaluated* NixOS configuration, old or new: what is carried
 * over by the installer and what the reachability proofs judge. One evaluation yields all of it (see
 * `read_configuration.ts`). A value that the configuration's NixOS does not have is null or empty.
 * Holds no password hash: only which kind of password an account declares.
 */
export const ConfigurationFactsSchema = v.object({
  nixosVersion: maybeText("config.system.nixos.version or null"),
  /** `pkgs.stdenv.hostPlatform.system`, for example `x86_64-linux`. */
  system: maybeText("pkgs.stdenv.hostPlatform.system or (config.nixpkgs.system or null)"),
  hostName: text("net.hostName"),
  domain: maybeText("net.domain or null"),
  hostId: maybeText("net.hostId or null"),
  stateVersion: maybeText(
    "definedOnly (options.system.stateVersion or { }) config.system.stateVersion",
  ),
  timeZone: maybeText("config.time.timeZone"),
  defaultLocale: maybeText("config.i18n.defaultLocale"),
  extraLocaleSettings: guarded(
    v.optional(v.record(v.string(), v.string()), {}),
    "builtins.mapAttrs (_: text) (config.i18n.extraLocaleSettings or { })",
  ),
  supportedLocales: texts("orElse [ ] (config.i18n.supportedLocales or [ ])"),
  // A keymap made by a derivation is made from xkbLayout.
  consoleKeyMap: maybeText(
    "let keyMap = config.console.keyMap or (config.i18n.consoleKeyMap or null); " +
      "in if isString keyMap || isPath keyMap then text keyMap else null",
  ),
  consoleFont: maybeText("text (config.console.font or null)"),
  xkbLayout: maybeText(
    "config.services.xserver.xkb.layout or (config.services.xserver.layout or null)",
  ),
  boot: group({
    systemdBoot: group({
      enable: flag("boot.loader.systemd-boot.enable or false"),
      configurationLimit: maybeNumber("boot.loader.systemd-boot.configurationLimit or null"),
    }),
    grub: group({
      enable: flag("grub.enable or false"),
      /** `devices` with `device` folded in; `["nodev"]` for EFI only. */
      devices: texts(
        '(grub.devices or [ ]) ++ (if (grub.device or "") == "" then [ ] else [ grub.device ])',
      ),
      efiSupport: flag("grub.efiSupport or false"),
      efiInstallAsRemovable: flag("grub.efiInstallAsRemovable or false"),
      zfsSupport: flag("grub.zfsSupport or false"),
      useOSProber: flag("grub.useOSProber or false"),
      enableCryptodisk: flag("grub.enableCryptodisk or false"),
      configurationLimit: maybeNumber("grub.configurationLimit or null"),
      mirroredBoots: all("(grub.mirroredBoots or [ ])", "mirror", {
        path: as(v.string(), "text mirror.path"),
        efiSysMountPoint: as(v.nullable(v.string()), "text (mirror.efiSysMountPoint or null)"),
        devices: as(v.array(v.string()), "mirror.devices"),
      }),
    }),
    extlinux: flag("boot.loader.generic-extlinux-compatible.enable or false"),
    efi: group({
      canTouchEfiVariables: flag("boot.loader.efi.canTouchEfiVariables or false"),
      efiSysMountPoint: text('boot.loader.efi.efiSysMountPoint or "/boot"', "/boot"),
    }),
    timeout: maybeNumber("boot.loader.timeout or null"),
    /** These four without what NixOS's own modules add. */
    kernelParams: texts("ownNames (options.boot.kernelParams or { }) boot.kernelParams"),
    kernelModules: texts("ownNames (options.boot.kernelModules or { }) boot.kernelModules"),
    initrdAvailableKernelModules: texts(
      "ownNames (options.boot.initrd.availableKernelModules or { }) " +
        "boot.initrd.availableKernelModules",
    ),
    initrdKernelModules: texts(
      "ownNames (options.boot.initrd.kernelModules or { }) boot.initrd.kernelModules",
    ),
    initrdSystemd: flag("boot.initrd.systemd.enable or false"),
    /** Remote unlocking: `boot.initrd.network.ssh`. */
    initrdSsh: flag("boot.initrd.network.ssh.enable or false"),
    /** What people unlock it by: `port 22`, `host PATH` for each of its keys, `key LINE` for each of theirs. */
    initrdSshWays: newerTexts(`let ssh = boot.initrd.network.ssh or { }; in
        if ! (ssh.enable or false) then [ ]
        else [ "port \${toString (ssh.port or 22)}" ]
          ++ map (key: "host " + text key) (ssh.hostKeys or [ ])
          ++ map (key: "key " + text key) (ssh.authorizedKeys or [ ])`),
    luks: each("boot.initrd.luks.devices", "name: luks", {
      name: v.string(),
      device: as(v.string(), "text luks.device"),
      keyFile: as(v.nullable(v.string()), "text (luks.keyFile or null)"),
      header: as(v.nullable(v.string()), "text (luks.header or null)"),
      preLVM: as(v.boolean(), "luks.preLVM or true"),
      allowDiscards: as(v.boolean(), "luks.allowDiscards or false"),
      bypassWorkqueues: as(v.boolean(), "luks.bypassWorkqueues or false"),
      fallbackToPassword: as(v.boolean(), "luks.fallbackToPassword or false"),
      /** Members beside these that are set, as Nix data (keyFileSize, fido2 …). */
      further: as(
        v.optional(v.record(v.string(), v.unknown())),
        `given luks [ "keyFileSize" "keyFileOffset" "keyFileTimeout" "tryEmptyPassphrase"
          "crypttabExtraOpts" "preOpenCommands" "postOpenCommands" "gpgCard" "yubikey" ]
          // (if given (luks.fido2 or { }) [ "credential" "credentials" ] == { } then { }
            else given luks [ "fido2" ])`,
      ),
      /** Members that are set elsewhere than in hardware-configuration.nix. */
      saidElsewhere: as(
        v.optional(v.array(v.string())),
        "saidElsewhere (options.boot.initrd.luks.devices or { }) name",
      ),
    }),
    /** Names of `boot.initrd.secrets`: files that are put into the initial ramdisk. */
    initrdSecrets: newerTexts("attrNames (boot.initrd.secrets or { })"),
    /** Every module of the initial ramdisk, those of NixOS too. */
    initrdModules: newerTexts(
      "names boot.initrd.availableKernelModules ++ names boot.initrd.kernelModules",
    ),
    /** Options that make the initial ramdisk assemble or open disks, those that are on. */
    assembles: newerTexts(`filter (dotted: at (dots dotted) config == true) [
        "boot.initrd.clevis.enable" "boot.initrd.clevis.useTang" "boot.initrd.services.bcache.enable"
        "boot.initrd.services.lvm.enable" "boot.initrd.systemd.network.enable" "boot.initrd.unl0kr.enable"
        "services.lvm.boot.thin.enable" "services.lvm.boot.vdo.enable" "services.multipath.enable"
        "services.stratis.enable"
      ]`),
    /** Names of `boot.initrd.clevis.devices`. */
    clevis: newerTexts(`let devices = at (dots "boot.initrd.clevis.devices") config; in
        if at (dots "boot.initrd.clevis.enable") config == true then attrNames devices else [ ]`),
    /** Text of /etc/crypttab, empty without one. */
    crypttab: newer(v.string(), 'text (orElse "" (etcText "crypttab"))'),
    /** The owner's units of the initial ramdisk (`boot.initrd.systemd`), with their text. */
    initrdUnits: as(
      v.optional(v.array(v.object({ name: v.string(), text: v.string() }))),
      `map (name: { inherit name; text = guard (text (getAttr name initrdUnits).text); })
        ownInitrdUnits`,
    ),
    /** `boot.extraModulePackages`, by name without version. */
    extraModulePackages: newerTexts(`map packageName (concatMap (list: list)
        (orElse [ ] (ownDefinitions (options.boot.extraModulePackages or { }))))`),
    /** `system.boot.loader.id`: empty when no module installs a boot loader. */
    loader: newer(
      v.string(),
      `if boot.loader.external.enable or false then "external"
        else config.system.boot.loader.id or ""`,
    ),
    isContainer: newer(v.boolean(), "boot.isContainer or false"),
    supportedFilesystems: texts("names boot.supportedFilesystems"),
    zfsExtraPools: texts("boot.zfs.extraPools or [ ]"),
    // Before 23.11 arrays were always assembled.
    swraid: flag("boot.swraid.enable or (boot.initrd.services.swraid.enable or true)"),
    resumeDevice: text('boot.resumeDevice or ""'),
  }),
  fileSystems: each("config.fileSystems", "mountPoint: fs", {
    mountPoint: as(v.string(), "fs.mountPoint or mountPoint"),
    // NixOS writes the same into fstab.
    device: as(
      v.nullable(v.string()),
      `if (fs.device or null) == null && (fs.label or null) != null
        then "/dev/disk/by-label/" + fs.label else fs.device or null`,
    ),
    fsType: as(v.string(), 'fs.fsType or "auto"'),
    options: as(v.array(v.string()), "fs.options or [ ]"),
    neededForBoot: as(v.boolean(), "fs.neededForBoot or false"),
    /** Members beside these that are set, as Nix data (autoResize, encrypted …). */
    further: as(
      v.optional(v.record(v.string(), v.unknown())),
      `given fs [ "autoFormat" "autoResize" "depends" "noCheck" ] // givenIfOn fs "encrypted"`,
    ),
    /** Members that are set elsewhere than in hardware-configuration.nix. */
    saidElsewhere: as(
      v.optional(v.array(v.string())),
      "saidElsewhere (options.fileSystems or { }) mountPoint",
    ),
  }),
  /** Installed packages by name, where a file system may need one to be mounted; else none. */
  mountHelpers: newerTexts(
    `if builtins.any (fs: needsHelper (fs.fsType or "auto")) (builtins.attrValues config.fileSystems)
      then concatMap
        (package: let name = guard (packageName package); in if isString name then [ name ] else [ ])
        ((config.system.fsPackages or [ ]) ++ (config.environment.systemPackages or [ ]))
      else [ ]`,
  ),
  swapDevices: all("config.swapDevices", "swap", {
    device: as(v.string(), "text swap.device"),
    /** MiB, for a swap file. */
    size: as(v.nullable(v.number()), "swap.size or null"),
    priority: as(v.nullable(v.number()), "swap.priority or null"),
    randomEncryption: as(v.boolean(), "swap.randomEncryption.enable or false"),
    /** Members beside these that are set, as Nix data (options, encrypted, how it is encrypted …). */
    further: as(
      v.optional(v.record(v.string(), v.unknown())),
      `given swap [ "discardPolicy" ] // givenIfOn swap "encrypted" // givenIfOn swap "randomEncryption"
        // (if (swap.options or [ "defaults" ]) == [ "defaults" ] then { } else given swap [ "options" ])`,
    ),
  }),
  zramSwap: flag("config.zramSwap.enable or false"),
  users: group({
    mutableUsers: flag("config.users.mutableUsers", true),
    /** `users.allowNoPasswordLogin`. */
    allowNoPasswordLogin: flag("config.users.allowNoPasswordLogin or false"),
    accounts,
    /** `environment.shells`. */
    shells: newerTexts("map shellPath (config.environment.shells or [ ])"),
    groups: each("config.users.groups", "name: group", {
      name: v.string(),
      gid: as(v.nullable(v.number()), "group.gid or null"),
      members: as(v.array(v.string()), "group.members or [ ]"),
    }),
  }),
  sudo: group({
    enable: flag("sudos != [ ]"),
    wheelNeedsPassword: flag("builtins.all (sudo: sudo.wheelNeedsPassword or true) sudos", true),
    /** Only members of wheel may start sudo at all. */
    execWheelOnly: newer(
      v.boolean(),
      "builtins.any (sudo: sudo.execWheelOnly or false) sudos",
    ),
    /** Rules of `security.sudo.extraRules` that grant ALL commands. */
    grantsAll: list(
      v.object({
        users: v.array(v.string()),
        groups: v.array(v.string()),
        noPassword: v.boolean(),
      }),
      "concatMap sudoRules sudos",
    ),
    doas: flag("config.security.doas.enable or false"),
    /** `security.sudo.extraConfig`, lines of sudoers(5). */
    extraConfig: newer(v.string(), 'text (config.security.sudo.extraConfig or "")'),
    /** The whole file; null where sudo is off. */
    file: newer(
      v.nullable(v.string()),
      "if config.security.sudo.enable or false then text (config.security.sudo.configFile or null) else null",
    ),
  }),
  ssh: group({
    enable: flag("ssh.enable"),
    startWhenNeeded: flag("ssh.startWhenNeeded or false"),
    ports: list(Port, "ssh.ports or [ 22 ]"),
    listenAddresses: all("(ssh.listenAddresses or [ ])", "entry", {
      addr: as(v.nullable(v.string()), "entry.addr or null"),
      port: as(v.nullable(Port), "entry.port or null"),
    }),
    /** Whether the socket may be bound to an address that is not there yet. */
    freeBind: newer(
      v.boolean(),
      `let socket = getOr "sshd" (config.systemd.sockets or { }) { }; in
        elem ((socket.socketConfig or { }).FreeBind or false) [ true "yes" "true" "on" "1" ]`,
    ),
    openFirewall: flag("ssh.openFirewall or true"),
    hostKeys: all("(ssh.hostKeys or [ ])", "key", {
      type: as(v.string(), 'key.type or ""'),
      path: as(v.string(), "text key.path"),
      bits: as(v.nullable(v.number()), "key.bits or null"),
    }),
    /** Machine paths with %u and %h; empty entries dropped. */
    authorizedKeysFiles: texts("concatMap words (ssh.authorizedKeysFiles or [ ])"),
    permitRootLogin: text(
      'sshSetting "PermitRootLogin" "permitRootLogin" "prohibit-password"',
      "prohibit-password",
    ),
    passwordAuthentication: flag(
      'yes (sshSetting "PasswordAuthentication" "passwordAuthentication" true)',
      true,
    ),
    kbdInteractiveAuthentication: flag(
      `yes (sshSetting "KbdInteractiveAuthentication" "kbdInteractiveAuthentication"
        (orElse true (ssh.challengeResponseAuthentication or null)))`,
      true,
    ),
    pubkeyAuthentication: flag(
      'yes (sshSetting "PubkeyAuthentication" "pubkeyAuthentication" true)',
      true,
    ),
    usePAM: flag('yes (sshSetting "UsePAM" "usePAM" true)', true),
    allowUsers: texts("words (settings.AllowUsers or null)"),
    denyUsers: texts("words (settings.DenyUsers or null)"),
    allowGroups: texts("words (settings.AllowGroups or null)"),
    denyGroups: texts("words (settings.DenyGroups or null)"),
    /** Other `settings` with a scalar or list value that the owner declared. */
    otherSettings: guarded(
      v.optional(
        v.record(
          v.string(),
          v.union([v.string(), v.number(), v.boolean(), v.array(v.string())]),
        ),
        {},
      ),
      `builtins.mapAttrs (_: plainSetting) (builtins.removeAttrs settings
        (filter (name: elem name sshKnown || ! elem name ownSshSettings || ! isPlain (getAttr name settings))
          (attrNames settings)))`,
    ),
    /** Without the lines that NixOS's own modules add. */
    extraConfig: text(
      'ownLines (options.services.openssh.extraConfig or { }) (ssh.extraConfig or "")',
    ),
  }),
  /** Texts of /etc/pam.d by service, those that the proofs stand on; one that is not there has none. */
  pam: v.optional(v.record(v.string(), v.string())),
  /** Lines of limits.conf(5) by the PAM service that names them, sshd and login. */
  limits: newer(
    v.record(
      v.string(),
      v.array(v.object({
        domain: v.string(),
        type: v.string(),
        item: v.string(),
        value: v.string(),
      })),
    ),
    `builtins.listToAttrs (map (service: {
      name = service;
      value = map (limit: { inherit (limit) domain type item; value = text limit.value; })
        ((getOr service (config.security.pam.services or { }) { }).limits or [ ]);
    }) [ "sshd" "login" ])`,
  ),
  /** SHA-256 of the files below /etc/security that the configuration makes, by file name. */
  pamFiles: newer(
    v.record(v.string(), v.string()),
    `let folder = "security/"; in builtins.listToAttrs (map (file: {
        name = substring (stringLength folder) (-1) file;
        value = builtins.hashString "sha256" (orElse "" (etcText file));
      }) (filter (name: match (folder + ".*") name != null) (attrNames (config.environment.etc or { }))))`,
  ),
  network: group({
    useDHCP: flag("net.useDHCP"),
    useNetworkd: flag("net.useNetworkd or false"),
    networkManager: flag("net.networkmanager.enable or false"),
    /** `systemd.network.enable`. */
    networkd: flag("config.systemd.network.enable or false"),
    /** The owner's `systemd.network.networks`, `.netdevs` and `.links`: file name and generated text. */
    networkdUnits: each(
      "(ownUnits (enabled (config.systemd.network.units or { })))",
      "name: unit",
      { name: v.string(), text: as(v.string(), "text unit.text") },
    ),
    /** Names of `systemd.network.config.routeTables`, which units may use in the place of numbers. */
    routeTables: newerTexts('attrNames (at (dots "systemd.network.config.routeTables") config)'),
    /** NetworkManager's profiles that the configuration itself makes; their text may hold secrets. */
    networkProfiles: newer(
      v.array(v.object({
        /** The file's name without `.nmconnection`. */
        name: v.string(),
        /** SHA-256 of what it says. */
        content: v.string(),
        type: v.nullable(v.string()),
        /** `interface-name`. */
        interface: v.nullable(v.string()),
        addresses: v.array(v.string()),
        gateways: v.array(v.string()),
      })),
      "profiles (net.networkmanager or { })",
    ),
    cloudInit: flag("config.services.cloud-init.enable or false"),
    cloudInitNetwork: flag("config.services.cloud-init.network.enable or false"),
    wireless: flag("net.wireless.enable or false"),
    /** Names of `networking.wireless.networks`. */
    wirelessNetworks: newerTexts("attrNames (net.wireless.networks or { })"),
    /** SHA-256 of what each of them says, by name. */
    wirelessContents: newer(
      v.record(v.string(), v.string()),
      `builtins.mapAttrs (_: network: builtins.hashString "sha256" (builtins.toJSON (data (given network
        (filter (name: name != "_module") (attrNames network)))))) (net.wireless.networks or { })`,
    ),
    /** The file that secrets of `networking.wireless` are read from. */
    wirelessSecrets: newer(
      v.nullable(v.string()),
      "text (net.wireless.secretsFile or (net.wireless.environmentFile or null))",
    ),
    /** WireGuard's interfaces of `networking.wireguard` and `networking.wg-quick`. */
    tunnels: newer(
      v.array(v.object({
        name: v.string(),
        /** With their prefix lengths. */
        addresses: v.array(v.string()),
        listenPort: v.nullable(Port),
        keyFile: v.nullable(v.string()),
        peers: v.array(v.object({
          key: v.string(),
          allowedIPs: v.array(v.string()),
          endpoint: v.nullable(v.string()),
        })),
      })),
      "tunnels",
    ),
    /** `services.tailscale.interfaceName`; null where Tailscale does not run. */
    tailscale: newer(
      v.nullable(v.string()),
      `let tailscale = config.services.tailscale or { };
        in if tailscale.enable or false then tailscale.interfaceName or null else null`,
    ),
    usePredictableInterfaceNames: maybe(
      v.boolean(),
      "net.usePredictableInterfaceNames or null",
    ),
    interfaces: each("(net.interfaces or { })", "name: interface", {
      name: v.string(),
      useDHCP: as(v.nullable(v.boolean()), "interface.useDHCP or null"),
      ipv4: as(v.array(Address), "addresses interface.ipv4"),
      ipv6: as(v.array(Address), "addresses interface.ipv6"),
      ipv4Routes: as(v.array(Route), "routes interface.ipv4"),
      ipv6Routes: as(v.array(Route), "routes interface.ipv6"),
      macAddress: as(v.nullable(v.string()), "interface.macAddress or null"),
      mtu: as(v.nullable(v.number()), "interface.mtu or null"),
      /** Whether NixOS makes it (tun or tap). */
      virtual: as(v.optional(v.boolean()), "interface.virtual or false"),
    }),
    bridges: each("(net.bridges or { })", "name: bridge", {
      name: v.string(),
      interfaces: as(v.array(v.string()), "bridge.interfaces"),
      rstp: as(v.boolean(), "bridge.rstp or false"),
    }),
    bonds: each("(net.bonds or { })", "name: bond", {
      name: v.string(),
      interfaces: as(v.array(v.string()), "bond.interfaces"),
      driverOptions: as(
        v.record(v.string(), v.string()),
        "builtins.mapAttrs (_: text) (bond.driverOptions or { })",
      ),
    }),
    vlans: each("(net.vlans or { })", "name: vlan", {
      name: v.string(),
      id: as(v.number(), "vlan.id"),
      interface: as(v.string(), "vlan.interface"),
    }),
    defaultGateway: maybe(Gateway, "gateway (net.defaultGateway or null)"),
    defaultGateway6: maybe(Gateway, "gateway (net.defaultGateway6 or null)"),
    nameservers: texts("net.nameservers or [ ]"),
    search: texts("net.search or [ ]"),
    resolved: flag("config.services.resolved.enable or false"),
    /** `networking.resolvconf.useLocalResolver`. */
    localResolver: newer(v.boolean(), "net.resolvconf.useLocalResolver or false"),
  }),
  firewall: group({
    enable: flag("net.firewall.enable", true),
    nftables: flag("net.nftables.enable or false"),
    allowPing: flag("net.firewall.allowPing or true", true),
    /** Whether packets have to come in where answers to them would leave; NixOS's words. */
    checkReversePath: newer(
      v.picklist(["strict", "loose", "off"]),
      `let check = net.firewall.checkReversePath or false; in
        if check == false then "off" else if check == "loose" then "loose" else "strict"`,
    ),
    trustedInterfaces: texts("net.firewall.trustedInterfaces or [ ]"),
    open: ports("guard (ports net.firewall)"),
    perInterface: each("(net.firewall.interfaces or { })", "name: interface", {
      name: v.string(),
      open: ports("ports interface"),
    }),
    /** Without the lines that NixOS's own modules add. */
    extraCommands: text(
      'ownLines (options.networking.firewall.extraCommands or { }) (net.firewall.extraCommands or "")',
    ),
    extraInputRules: text('text (net.firewall.extraInputRules or "")'),
    /** Every rule beside the options, NixOS's own modules' too: iptables commands, or nftables' tables. */
    rules: text(
      `builtins.concatStringsSep "\\n" (if net.nftables.enable or false
        then map (table: text (table.content or ""))
            (builtins.attrValues (enabled (net.nftables.tables or { })))
          ++ [ (text (net.nftables.ruleset or "")) ]
        else [ (text (net.firewall.extraCommands or "")) ])`,
    ),
    /** What nftables gets beside the table of the options (nixos-fw), as `nft -f` would read it. */
    ownTables: newer(
      v.string(),
      `let
        nft = net.nftables or { };
        tables = enabled (nft.tables or { });
        file = nft.rulesetFile or null;
      in if ! (nft.enable or false) then "" else builtins.concatStringsSep "\\n" (
        map (name: let table = getAttr name tables; in
          "table \${table.family} \${table.name or name} {\\n\${text table.content}\\n}")
          (filter (name: name != "nixos-fw") (attrNames tables))
        ++ [ (text (nft.ruleset or "")) ]
        ++ (if file == null then [ ]
          else [ (if isPath file then builtins.readFile file else "include " + text file) ]))`,
    ),
  }),
  /** systemd services that something starts (wantedBy, requiredBy, or a timer, socket or target of that name). */
  services: texts(
    `filter (name:
      startsSafely config.systemd.services name
      || startsSafely (config.systemd.timers or { }) name
      || startsSafely (config.systemd.sockets or { }) name
      || startsSafely (config.systemd.targets or { }) name
    ) (attrNames config.systemd.services)`,
  ),
  libvirtd: flag("config.virtualisation.libvirtd.enable or false"),
  /** `system.autoUpgrade.flake`, where that runs: what it builds is that flake's, not what is installed. */
  autoUpgradeFlake: newer(
    v.nullable(v.string()),
    `let upgrade = config.system.autoUpgrade or { };
      in if upgrade.enable or false then text (upgrade.flake or null) else null`,
  ),
  /** What the owner set of `PLAIN_OPTIONS`, by the option's name with dots; one entry or none. */
  plain: as(
    v.optional(v.array(v.object({ name: v.string(), said: v.array(PlainSchema) }))),
    `filter (option: option.said != [ ])
      (each plainOptions (dotted: _: { said = plainOption dotted; }))`,
  ),
  /** Failed assertions of the configuration. */
  failedAssertions: as(
    texts(),
    `concatMap (entry:
      let holds = builtins.tryEval entry.assertion; in
      if ! holds.success then [ { unreadable = true; } ]
      else if holds.value then [ ]
      else [ (guard (text entry.message)) ]
    ) config.assertions`,
  ),
  warnings: texts("map text config.warnings"),
  /** What could not be evaluated, by its place in this object: it has its default. */
  unreadable: v.optional(v.array(v.string())),
  /** Why, where that is the same for everything: Nix's own message. */
  problem: v.optional(v.string()),
});

/** See {@link ConfigurationFactsSchema}. */
export type ConfigurationFacts = v.InferOutput<typeof ConfigurationFactsSchema>;
/** One declared account, as it is evaluated. */
export type AccountFacts = v.InferOutput<typeof accounts>[number];
/** See {@link PlainSchema}. */
export type PlainDefinition = v.InferOutput<typeof PlainSchema>;
