/**
 * What a scratch machine is made from, and what tests compare the toolkit's findings with. Each
 * machine of this folder is one such description.
 */

/** One line of /etc/passwd with its line of /etc/shadow and its memberships. */
export interface MachineAccount {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  /** The GECOS field as it is in the file. */
  readonly gecos: string;
  readonly home: string;
  readonly shell: string;
  /** The second field of /etc/shadow. */
  readonly hash: string;
  /** Supplementary groups. */
  readonly groups: readonly string[];
  /** Lines of ~/.ssh/authorized_keys. */
  readonly keys: readonly string[];
  /** Lines of /etc/ssh/authorized_keys.d/<name>: the keys that the configuration declares. */
  readonly declaredKeys: readonly string[];
  /** Whether the configuration declares it; otherwise useradd(8) made it. */
  readonly declared: boolean;
}

export interface MachineGroup {
  readonly name: string;
  readonly gid: number;
}

/** A file system of the machine, for /proc/mounts and hardware-configuration.nix. */
export interface MachineMount {
  readonly mountPoint: string;
  /** The kernel's name of the device, for example `nvme0n1p2` or `dm-0`. */
  readonly device: string;
  readonly uuid: string;
  readonly fsType: string;
  readonly options: string;
}

export interface MachineDisk {
  readonly name: string;
  readonly model: string;
  readonly bytes: number;
  readonly rotational: boolean;
  /** The name below /dev/disk/by-id. */
  readonly id: string;
  /** The folder of its controller below /sys/devices. */
  readonly controller: string;
  readonly partitions: readonly {
    readonly name: string;
    readonly bytes: number;
    readonly uuid: string;
    readonly partUuid: string;
    readonly label?: string;
  }[];
}

export interface MachinePci {
  readonly address: string;
  /** Six hexadecimal digits: base class, sub-class, interface. */
  readonly class: string;
  readonly vendor: string;
  readonly device: string;
  readonly driver?: string;
  readonly iommuGroup?: number;
  readonly bootVga?: boolean;
}

export interface MachineNetworkCard {
  readonly name: string;
  readonly mac: string;
  readonly driver: string;
  /** The PCI address; for virtio the device below it is named by `virtio`. */
  readonly pci: string;
  readonly virtio?: string;
  readonly up: boolean;
  /** Megabits per second; -1 when unknown, as /sys says it. */
  readonly speed: number;
  /** Addresses in use, with prefix length. */
  readonly ipv4: readonly string[];
  readonly ipv6: readonly string[];
}

export interface MachineHardware {
  readonly cpu: {
    readonly vendor: "GenuineIntel" | "AuthenticAMD";
    readonly model: string;
    readonly count: number;
    readonly flags: string;
  };
  readonly memoryKiB: number;
  readonly uefi: boolean;
  readonly iommu: boolean;
  readonly dmi: { readonly vendor: string; readonly product: string; readonly chassis: number };
  readonly pci: readonly MachinePci[];
  readonly disks: readonly MachineDisk[];
  readonly cards: readonly MachineNetworkCard[];
  readonly gateway4: string | null;
  readonly gateway6: string | null;
}

export type MachineKind = "uefi" | "bios" | "flake" | "rented" | "hostile";

export interface MachineDescription {
  readonly kind: MachineKind;
  readonly hostName: string;
  readonly nixosVersion: string;
  readonly stateVersion: string;
  readonly timeZone: string;
  readonly locale: string;
  readonly extraLocale: Readonly<Record<string, string>>;
  readonly keyMap: string;
  readonly font: string | null;
  readonly accounts: readonly MachineAccount[];
  /** Groups besides NixOS's own and those of the accounts. */
  readonly groups: readonly MachineGroup[];
  /** Put at the end of the files as they are. */
  readonly extraPasswdLines?: readonly string[];
  readonly extraShadowLines?: readonly string[];
  readonly hardware: MachineHardware;
  readonly mounts: readonly MachineMount[];
  readonly luks: readonly {
    readonly name: string;
    readonly device: string;
    readonly uuid: string;
  }[];
  readonly swap: readonly {
    readonly device: string;
    readonly uuid: string | null;
    readonly kiB: number;
  }[];
  readonly resumeDevice: string | null;
  readonly kernelParams: string;
  readonly boot: { readonly loader: "systemd-boot" | "grub"; readonly device: string | null };
  readonly nameServers: readonly string[];
  readonly sshdConfig: string | null;
  readonly sshPort: number | null;
  /** The current generation's number. */
  readonly generation: number;
  /** Files of /etc/nixos by name. */
  readonly nixos: Readonly<Record<string, string>>;
  /** Whether root's channel is there. */
  readonly channel: boolean;
}
