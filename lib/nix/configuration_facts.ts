import * as v from "valibot";

/**
 * What the toolkit needs to know of an *evaluated* NixOS configuration, old or new: what is carried
 * over by the installer and what the reachability proofs judge. One evaluation yields all of it (see
 * `read_configuration.ts`). A value that the configuration's NixOS does not have is null or empty.
 * Holds no password hash: only which kind of password an account declares.
 */
const Port = v.number();
const PortRange = v.object({ from: Port, to: Port });
const Address = v.object({ address: v.string(), prefixLength: v.number() });
const Gateway = v.nullable(v.object({
  address: v.string(),
  interface: v.nullable(v.string()),
  metric: v.nullable(v.number()),
}));
const Route = v.object({
  address: v.string(),
  prefixLength: v.number(),
  via: v.nullable(v.string()),
  /** Kind and further words of ip-route(8), where they are not the default. */
  type: v.optional(v.nullable(v.string())),
  options: v.optional(v.nullable(v.record(v.string(), v.string()))),
});
const PortSet = v.object({
  tcp: v.array(Port),
  udp: v.array(Port),
  tcpRanges: v.array(PortRange),
  udpRanges: v.array(PortRange),
});

/** One declared account (`users.users.<name>`). */
const AccountFactsSchema = v.object({
  name: v.string(),
  uid: v.nullable(v.number()),
  isNormalUser: v.boolean(),
  group: v.string(),
  extraGroups: v.array(v.string()),
  description: v.string(),
  home: v.string(),
  createHome: v.boolean(),
  /** Four or three octal digits; null where the option is not known. */
  homeMode: v.optional(v.nullable(v.string())),
  /** Whether its services run without a session (loginctl(1), enable-linger). */
  linger: v.optional(v.boolean()),
  /** A path, or null when the account cannot log in with a shell. */
  shell: v.nullable(v.string()),
  /** How the declaration sets the password; "none" leaves it to /etc/shadow or locked. */
  password: v.picklist(["none", "hash", "empty-hash", "locked-hash", "plain", "file"]),
  /** `hashedPasswordFile` (or the older `passwordFile`). */
  passwordFile: v.nullable(v.string()),
  /** `initialPassword` or an `initialHashedPassword` that is not locked: only for an account that does not exist yet. */
  hasInitialPassword: v.boolean(),
  /** `openssh.authorizedKeys.keys` and the lines of its `keyFiles`. */
  authorizedKeys: v.array(v.string()),
});

/** What the toolkit knows of an evaluated configuration. */
export const ConfigurationFactsSchema = v.object({
  nixosVersion: v.nullable(v.string()),
  /** `pkgs.stdenv.hostPlatform.system`, for example `x86_64-linux`. */
  system: v.nullable(v.string()),
  hostName: v.string(),
  domain: v.nullable(v.string()),
  hostId: v.nullable(v.string()),
  stateVersion: v.nullable(v.string()),
  timeZone: v.nullable(v.string()),
  defaultLocale: v.nullable(v.string()),
  extraLocaleSettings: v.record(v.string(), v.string()),
  supportedLocales: v.array(v.string()),
  consoleKeyMap: v.nullable(v.string()),
  consoleFont: v.nullable(v.string()),
  xkbLayout: v.nullable(v.string()),
  boot: v.object({
    systemdBoot: v.object({ enable: v.boolean(), configurationLimit: v.nullable(v.number()) }),
    grub: v.object({
      enable: v.boolean(),
      /** `devices` with `device` folded in; `["nodev"]` for EFI only. */
      devices: v.array(v.string()),
      efiSupport: v.boolean(),
      efiInstallAsRemovable: v.boolean(),
      zfsSupport: v.boolean(),
      useOSProber: v.boolean(),
      enableCryptodisk: v.boolean(),
      configurationLimit: v.nullable(v.number()),
      mirroredBoots: v.array(v.object({
        path: v.string(),
        efiSysMountPoint: v.nullable(v.string()),
        devices: v.array(v.string()),
      })),
    }),
    extlinux: v.boolean(),
    efi: v.object({ canTouchEfiVariables: v.boolean(), efiSysMountPoint: v.string() }),
    timeout: v.nullable(v.number()),
    /** These four without what NixOS's own modules add. */
    kernelParams: v.array(v.string()),
    kernelModules: v.array(v.string()),
    initrdAvailableKernelModules: v.array(v.string()),
    initrdKernelModules: v.array(v.string()),
    initrdSystemd: v.boolean(),
    /** Remote unlocking: `boot.initrd.network.ssh`. */
    initrdSsh: v.boolean(),
    luks: v.array(v.object({
      name: v.string(),
      device: v.string(),
      keyFile: v.nullable(v.string()),
      header: v.nullable(v.string()),
      preLVM: v.boolean(),
      allowDiscards: v.boolean(),
      bypassWorkqueues: v.boolean(),
      fallbackToPassword: v.boolean(),
      /** Members beside these that are set, as Nix data (keyFileSize, fido2 …). */
      further: v.optional(v.record(v.string(), v.unknown())),
      /** Members that are set elsewhere than in hardware-configuration.nix. */
      saidElsewhere: v.optional(v.array(v.string())),
    })),
    /** Names of `boot.initrd.secrets`: files that are put into the initial ramdisk. */
    initrdSecrets: v.optional(v.array(v.string())),
    /** Every module of the initial ramdisk, those of NixOS too. */
    initrdModules: v.optional(v.array(v.string())),
    /** Options that make the initial ramdisk assemble or open disks, those that are on. */
    assembles: v.optional(v.array(v.string())),
    /** Names of `boot.initrd.clevis.devices`. */
    clevis: v.optional(v.array(v.string())),
    /** Text of /etc/crypttab, empty without one. */
    crypttab: v.optional(v.string()),
    /** The owner's units of the initial ramdisk (`boot.initrd.systemd`), with their text. */
    initrdUnits: v.optional(v.array(v.object({ name: v.string(), text: v.string() }))),
    /** `boot.extraModulePackages`, by name without version. */
    extraModulePackages: v.optional(v.array(v.string())),
    /** `system.boot.loader.id`: empty when no module installs a boot loader. */
    loader: v.optional(v.string()),
    isContainer: v.optional(v.boolean()),
    supportedFilesystems: v.array(v.string()),
    zfsExtraPools: v.array(v.string()),
    swraid: v.boolean(),
    resumeDevice: v.string(),
  }),
  fileSystems: v.array(v.object({
    mountPoint: v.string(),
    device: v.nullable(v.string()),
    fsType: v.string(),
    options: v.array(v.string()),
    neededForBoot: v.boolean(),
    /** Members that are set elsewhere than in hardware-configuration.nix. */
    saidElsewhere: v.optional(v.array(v.string())),
  })),
  /** Installed packages by name, where a file system may need one to be mounted; else none. */
  mountHelpers: v.optional(v.array(v.string())),
  swapDevices: v.array(v.object({
    device: v.string(),
    /** MiB, for a swap file. */
    size: v.nullable(v.number()),
    priority: v.nullable(v.number()),
    randomEncryption: v.boolean(),
  })),
  zramSwap: v.boolean(),
  users: v.object({
    mutableUsers: v.boolean(),
    /** `users.allowNoPasswordLogin`. */
    allowNoPasswordLogin: v.boolean(),
    accounts: v.array(AccountFactsSchema),
    groups: v.array(v.object({
      name: v.string(),
      gid: v.nullable(v.number()),
      members: v.array(v.string()),
    })),
  }),
  sudo: v.object({
    enable: v.boolean(),
    wheelNeedsPassword: v.boolean(),
    /** Only members of wheel may start sudo at all. */
    execWheelOnly: v.optional(v.boolean()),
    /** Rules of `security.sudo.extraRules` that grant ALL commands. */
    grantsAll: v.array(v.object({
      users: v.array(v.string()),
      groups: v.array(v.string()),
      noPassword: v.boolean(),
    })),
    doas: v.boolean(),
    /** `security.sudo.extraConfig`, lines of sudoers(5). */
    extraConfig: v.optional(v.string()),
  }),
  ssh: v.object({
    enable: v.boolean(),
    startWhenNeeded: v.boolean(),
    ports: v.array(Port),
    listenAddresses: v.array(
      v.object({ addr: v.nullable(v.string()), port: v.nullable(Port) }),
    ),
    openFirewall: v.boolean(),
    hostKeys: v.array(v.object({
      type: v.string(),
      path: v.string(),
      bits: v.nullable(v.number()),
    })),
    /** Machine paths with %u and %h; empty entries dropped. */
    authorizedKeysFiles: v.array(v.string()),
    permitRootLogin: v.string(),
    passwordAuthentication: v.boolean(),
    kbdInteractiveAuthentication: v.boolean(),
    pubkeyAuthentication: v.boolean(),
    usePAM: v.boolean(),
    allowUsers: v.array(v.string()),
    denyUsers: v.array(v.string()),
    allowGroups: v.array(v.string()),
    denyGroups: v.array(v.string()),
    /** Other `settings` with a scalar or list value that the owner declared. */
    otherSettings: v.record(
      v.string(),
      v.union([v.string(), v.number(), v.boolean(), v.array(v.string())]),
    ),
    /** Without the lines that NixOS's own modules add. */
    extraConfig: v.string(),
  }),
  /** Texts of /etc/pam.d by service, those that the proofs stand on; one that is not there has none. */
  pam: v.optional(v.record(v.string(), v.string())),
  network: v.object({
    useDHCP: v.boolean(),
    useNetworkd: v.boolean(),
    networkManager: v.boolean(),
    /** `systemd.network.enable`. */
    networkd: v.boolean(),
    /** The owner's `systemd.network.networks`, `.netdevs` and `.links`: file name and generated text. */
    networkdUnits: v.array(v.object({ name: v.string(), text: v.string() })),
    /** Names of `systemd.network.config.routeTables`, which units may use in the place of numbers. */
    routeTables: v.optional(v.array(v.string())),
    /** NetworkManager's profiles that the configuration itself makes; their text may hold secrets. */
    networkProfiles: v.optional(v.array(v.object({
      /** The file's name without `.nmconnection`. */
      name: v.string(),
      /** SHA-256 of what it says. */
      content: v.string(),
      type: v.nullable(v.string()),
      /** `interface-name`. */
      interface: v.nullable(v.string()),
      addresses: v.array(v.string()),
      gateways: v.array(v.string()),
    }))),
    cloudInit: v.boolean(),
    cloudInitNetwork: v.boolean(),
    wireless: v.boolean(),
    /** Names of `networking.wireless.networks`. */
    wirelessNetworks: v.optional(v.array(v.string())),
    usePredictableInterfaceNames: v.nullable(v.boolean()),
    interfaces: v.array(v.object({
      name: v.string(),
      useDHCP: v.nullable(v.boolean()),
      ipv4: v.array(Address),
      ipv6: v.array(Address),
      ipv4Routes: v.array(Route),
      ipv6Routes: v.array(Route),
      macAddress: v.nullable(v.string()),
      mtu: v.nullable(v.number()),
      /** Whether NixOS makes it (tun or tap). */
      virtual: v.optional(v.boolean()),
    })),
    bridges: v.array(v.object({
      name: v.string(),
      interfaces: v.array(v.string()),
      rstp: v.boolean(),
    })),
    bonds: v.array(v.object({
      name: v.string(),
      interfaces: v.array(v.string()),
      driverOptions: v.record(v.string(), v.string()),
    })),
    vlans: v.array(v.object({ name: v.string(), id: v.number(), interface: v.string() })),
    defaultGateway: Gateway,
    defaultGateway6: Gateway,
    nameservers: v.array(v.string()),
    search: v.array(v.string()),
    resolved: v.boolean(),
    /** `networking.resolvconf.useLocalResolver`. */
    localResolver: v.optional(v.boolean()),
  }),
  firewall: v.object({
    enable: v.boolean(),
    nftables: v.boolean(),
    allowPing: v.boolean(),
    trustedInterfaces: v.array(v.string()),
    open: PortSet,
    perInterface: v.array(v.object({ name: v.string(), open: PortSet })),
    /** Without the lines that NixOS's own modules add. */
    extraCommands: v.string(),
    extraInputRules: v.string(),
  }),
  /** systemd services that something starts (wantedBy, requiredBy, or a timer, socket or target of that name). */
  services: v.array(v.string()),
  libvirtd: v.boolean(),
  /** `system.autoUpgrade.flake`, where that runs: what it builds is that flake's, not what is installed. */
  autoUpgradeFlake: v.optional(v.nullable(v.string())),
  /** What the owner set of `PLAIN_OPTIONS`, by the option's name with dots; one entry or none. */
  plain: v.optional(v.array(v.object({
    name: v.string(),
    said: v.array(v.object({
      option: v.array(v.string()),
      /** Whether other definitions add to it, as to a list. */
      merges: v.boolean(),
      value: v.unknown(),
    })),
  }))),
  /** Failed assertions of the configuration. */
  failedAssertions: v.array(v.string()),
  warnings: v.array(v.string()),
  /** What could not be evaluated, by its place in this object: it has the value of `NO_FACTS`. */
  unreadable: v.optional(v.array(v.string())),
  /** Why, where that is the same for everything: Nix's own message. */
  problem: v.optional(v.string()),
});

export type ConfigurationFacts = v.InferOutput<typeof ConfigurationFactsSchema>;
export type AccountFacts = v.InferOutput<typeof AccountFactsSchema>;
