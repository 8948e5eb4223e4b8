import * as v from "valibot";

/*
 * What stands for a value that could not be evaluated: NixOS's default where there is one, else nothing.
 * Members of a list's entries have none: such an entry is dropped. A member that is newer than records
 * of systems (`system_record.ts`) is optional and has none either.
 */
const flag = (value = false) => v.optional(v.boolean(), value);
const text = (value = "") => v.optional(v.string(), value);
const maybe = <T extends v.GenericSchema>(schema: T) => v.optional(v.nullable(schema), null);
const list = <T extends v.GenericSchema>(item: T) => v.optional(v.array(item), []);
const group = <T extends v.ObjectEntries>(entries: T) =>
  v.optional(v.object(entries), {} as v.InferInput<v.ObjectSchema<T, undefined>>);

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
const PortSet = group({
  tcp: list(Port),
  udp: list(Port),
  tcpRanges: list(PortRange),
  udpRanges: list(PortRange),
});

/** What an owner set of an option, as JSON, to be written down again. */
export const PlainSchema = v.object({
  option: v.array(v.string()),
  /** Whether other definitions add to it: a list, or lines. */
  merges: v.boolean(),
  value: v.unknown(),
});

/** One declared account (`users.users.<name>`). */
const AccountFactsSchema = v.object({
  name: v.string(),
  uid: maybe(v.number()),
  isNormalUser: flag(),
  group: text(),
  extraGroups: list(v.string()),
  description: text(),
  home: text("/var/empty"),
  createHome: flag(),
  /** Four or three octal digits; null where the option is not known. */
  homeMode: v.optional(v.nullable(v.string())),
  /** Whether its services run without a session (loginctl(1), enable-linger). */
  linger: v.optional(v.boolean()),
  /** A path, or null when the account cannot log in with a shell. */
  shell: maybe(v.string()),
  /** How the declaration sets the password; "none" leaves it to /etc/shadow or locked. */
  password: v.optional(
    v.picklist(["none", "hash", "empty-hash", "locked-hash", "plain", "file"]),
    "none",
  ),
  /** `hashedPasswordFile` (or the older `passwordFile`). */
  passwordFile: maybe(v.string()),
  /** `initialPassword` or an `initialHashedPassword` that is not locked: only for an account that does not exist yet. */
  hasInitialPassword: flag(),
  /** `openssh.authorizedKeys.keys` and the lines of its `keyFiles`. */
  authorizedKeys: list(v.string()),
});

/**
 * What the toolkit needs to know of an *evaluated* NixOS configuration, old or new: what is carried
 * over by the installer and what the reachability proofs judge. One evaluation yields all of it (see
 * `read_configuration.ts`). A value that the configuration's NixOS does not have is null or empty.
 * Holds no password hash: only which kind of password an account declares.
 */
export const ConfigurationFactsSchema = v.object({
  nixosVersion: maybe(v.string()),
  /** `pkgs.stdenv.hostPlatform.system`, for example `x86_64-linux`. */
  system: maybe(v.string()),
  hostName: text(),
  domain: maybe(v.string()),
  hostId: maybe(v.string()),
  stateVersion: maybe(v.string()),
  timeZone: maybe(v.string()),
  defaultLocale: maybe(v.string()),
  extraLocaleSettings: v.optional(v.record(v.string(), v.string()), {}),
  supportedLocales: list(v.string()),
  consoleKeyMap: maybe(v.string()),
  consoleFont: maybe(v.string()),
  xkbLayout: maybe(v.string()),
  boot: group({
    systemdBoot: group({ enable: flag(), configurationLimit: maybe(v.number()) }),
    grub: group({
      enable: flag(),
      /** `devices` with `device` folded in; `["nodev"]` for EFI only. */
      devices: list(v.string()),
      efiSupport: flag(),
      efiInstallAsRemovable: flag(),
      zfsSupport: flag(),
      useOSProber: flag(),
      enableCryptodisk: flag(),
      configurationLimit: maybe(v.number()),
      mirroredBoots: list(v.object({
        path: v.string(),
        efiSysMountPoint: v.nullable(v.string()),
        devices: v.array(v.string()),
      })),
    }),
    extlinux: flag(),
    efi: group({ canTouchEfiVariables: flag(), efiSysMountPoint: text("/boot") }),
    timeout: maybe(v.number()),
    /** These four without what NixOS's own modules add. */
    kernelParams: list(v.string()),
    kernelModules: list(v.string()),
    initrdAvailableKernelModules: list(v.string()),
    initrdKernelModules: list(v.string()),
    initrdSystemd: flag(),
    /** Remote unlocking: `boot.initrd.network.ssh`. */
    initrdSsh: flag(),
    luks: list(v.object({
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
    supportedFilesystems: list(v.string()),
    zfsExtraPools: list(v.string()),
    swraid: flag(),
    resumeDevice: text(),
  }),
  fileSystems: list(v.object({
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
  swapDevices: list(v.object({
    device: v.string(),
    /** MiB, for a swap file. */
    size: v.nullable(v.number()),
    priority: v.nullable(v.number()),
    randomEncryption: v.boolean(),
  })),
  zramSwap: flag(),
  users: group({
    mutableUsers: flag(true),
    /** `users.allowNoPasswordLogin`. */
    allowNoPasswordLogin: flag(),
    accounts: list(AccountFactsSchema),
    groups: list(v.object({
      name: v.string(),
      gid: v.nullable(v.number()),
      members: v.array(v.string()),
    })),
  }),
  sudo: group({
    enable: flag(),
    wheelNeedsPassword: flag(true),
    /** Only members of wheel may start sudo at all. */
    execWheelOnly: v.optional(v.boolean()),
    /** Rules of `security.sudo.extraRules` that grant ALL commands. */
    grantsAll: list(v.object({
      users: v.array(v.string()),
      groups: v.array(v.string()),
      noPassword: v.boolean(),
    })),
    doas: flag(),
    /** `security.sudo.extraConfig`, lines of sudoers(5). */
    extraConfig: v.optional(v.string()),
  }),
  ssh: group({
    enable: flag(),
    startWhenNeeded: flag(),
    ports: list(Port),
    listenAddresses: list(
      v.object({ addr: v.nullable(v.string()), port: v.nullable(Port) }),
    ),
    openFirewall: flag(),
    hostKeys: list(v.object({
      type: v.string(),
      path: v.string(),
      bits: v.nullable(v.number()),
    })),
    /** Machine paths with %u and %h; empty entries dropped. */
    authorizedKeysFiles: list(v.string()),
    permitRootLogin: text("prohibit-password"),
    passwordAuthentication: flag(true),
    kbdInteractiveAuthentication: flag(true),
    pubkeyAuthentication: flag(true),
    usePAM: flag(true),
    allowUsers: list(v.string()),
    denyUsers: list(v.string()),
    allowGroups: list(v.string()),
    denyGroups: list(v.string()),
    /** Other `settings` with a scalar or list value that the owner declared. */
    otherSettings: v.optional(
      v.record(
        v.string(),
        v.union([v.string(), v.number(), v.boolean(), v.array(v.string())]),
      ),
      {},
    ),
    /** Without the lines that NixOS's own modules add. */
    extraConfig: text(),
  }),
  /** Texts of /etc/pam.d by service, those that the proofs stand on; one that is not there has none. */
  pam: v.optional(v.record(v.string(), v.string())),
  network: group({
    useDHCP: flag(),
    useNetworkd: flag(),
    networkManager: flag(),
    /** `systemd.network.enable`. */
    networkd: flag(),
    /** The owner's `systemd.network.networks`, `.netdevs` and `.links`: file name and generated text. */
    networkdUnits: list(v.object({ name: v.string(), text: v.string() })),
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
    cloudInit: flag(),
    cloudInitNetwork: flag(),
    wireless: flag(),
    /** Names of `networking.wireless.networks`. */
    wirelessNetworks: v.optional(v.array(v.string())),
    usePredictableInterfaceNames: maybe(v.boolean()),
    interfaces: list(v.object({
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
    bridges: list(v.object({
      name: v.string(),
      interfaces: v.array(v.string()),
      rstp: v.boolean(),
    })),
    bonds: list(v.object({
      name: v.string(),
      interfaces: v.array(v.string()),
      driverOptions: v.record(v.string(), v.string()),
    })),
    vlans: list(v.object({ name: v.string(), id: v.number(), interface: v.string() })),
    defaultGateway: maybe(Gateway),
    defaultGateway6: maybe(Gateway),
    nameservers: list(v.string()),
    search: list(v.string()),
    resolved: flag(),
    /** `networking.resolvconf.useLocalResolver`. */
    localResolver: v.optional(v.boolean()),
  }),
  firewall: group({
    enable: flag(true),
    nftables: flag(),
    allowPing: flag(true),
    trustedInterfaces: list(v.string()),
    open: PortSet,
    perInterface: list(v.object({ name: v.string(), open: PortSet })),
    /** Without the lines that NixOS's own modules add. */
    extraCommands: text(),
    extraInputRules: text(),
    /** Every rule beside the options, NixOS's own modules' too: iptables commands, or nftables' tables. */
    rules: text(),
  }),
  /** systemd services that something starts (wantedBy, requiredBy, or a timer, socket or target of that name). */
  services: list(v.string()),
  libvirtd: flag(),
  /** `system.autoUpgrade.flake`, where that runs: what it builds is that flake's, not what is installed. */
  autoUpgradeFlake: v.optional(v.nullable(v.string())),
  /** What the owner set of `PLAIN_OPTIONS`, by the option's name with dots; one entry or none. */
  plain: v.optional(v.array(v.object({
    name: v.string(),
    said: v.array(PlainSchema),
  }))),
  /** Failed assertions of the configuration. */
  failedAssertions: list(v.string()),
  warnings: list(v.string()),
  /** What could not be evaluated, by its place in this object: it has its default. */
  unreadable: v.optional(v.array(v.string())),
  /** Why, where that is the same for everything: Nix's own message. */
  problem: v.optional(v.string()),
});

/** See {@link ConfigurationFactsSchema}. */
export type ConfigurationFacts = v.InferOutput<typeof ConfigurationFactsSchema>;
/** One declared account, as it is evaluated. */
export type AccountFacts = v.InferOutput<typeof AccountFactsSchema>;
/** See {@link PlainSchema}. */
export type PlainDefinition = v.InferOutput<typeof PlainSchema>;
