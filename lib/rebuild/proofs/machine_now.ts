import type { PasswordState } from "../../machine/accounts/accounts.ts";
import type { DevicePresence } from "../../machine/hardware/device_names.ts";
import type { LeaseHolder } from "../../machine/hardware/dhcp_lease.ts";
import type { InterfaceTraits } from "../../machine/hardware/interface_traits.ts";
import type { InterfaceKind } from "../../machine/hardware/interface_kind.ts";
import type { MappedBelow } from "../../machine/hardware/mapped_below.ts";
import type { Session } from "../../machine/accounts/session.ts";
import type { ConfigurationFacts } from "../../nix/evaluation/configuration_facts.ts";
import type { PamTexts } from "../access/pam_stack.ts";

/** An account as it is now, or as it will be: what decides who gets in. Holds no hash. */
export interface AccountState {
  readonly name: string;
  readonly uid: number;
  readonly home: string;
  /** Empty means /bin/sh; undefined for none. */
  readonly shell: string | undefined;
  /** Whether the shell would not be there: sshd and login refuse such an account. */
  readonly lacksShell?: boolean;
  readonly password: PasswordState;
  /** Whether its last day is over: then neither a key nor a password opens a session. */
  readonly expired?: boolean | undefined;
  /** The primary and the supplementary groups. */
  readonly groups: readonly string[];
  /** Lines of authorized_keys that the configuration declares. */
  readonly declaredKeys: readonly string[];
}

/** An interface and its addresses, without zone and prefix length. */
export interface InterfaceNow {
  readonly name: string;
  /** A card when it is not said. */
  readonly kind?: InterfaceKind;
  /** Its hardware address. */
  readonly mac?: string;
  readonly traits?: InterfaceTraits;
  readonly addresses: readonly { readonly address: string; readonly prefixLength: number }[];
}

/** What tells an interface from others. */
export type Device = Pick<InterfaceNow, "name" | "mac" | "traits">;

/** The disks, which are asked when a configuration names one. */
export interface DisksNow {
  readonly presence: (device: string) => DevicePresence;
  /** The kernel's name (`sda2`) of a device that a configuration names. */
  readonly kernelName: (device: string) => string;
  /** What the root file system stands on. */
  readonly below: readonly MappedBelow[];
}

/** What the machine is at this moment, as far as the proofs need it. */
export interface MachineNow {
  /** When it was looked at. */
  readonly at: Date;
  readonly session: Session;
  /** Where the SSH server's own file lets it listen, for where no configuration tells it. */
  readonly sshServer?: Pick<ConfigurationFacts["ssh"], "ports" | "listenAddresses"> | undefined;
  /** Who is at work: the invoking user's name. */
  readonly person: string | undefined;
  readonly accounts: readonly AccountState[];
  /**
   * Accounts that the last activation declared; those no longer declared will be removed. Without those
   * that an installation declared for people, which are kept.
   */
  readonly declaredBefore: readonly string[];
  /** Lines of the files sshd would look for keys in, by machine path; without files that NixOS makes. */
  readonly keyFiles: Readonly<Record<string, readonly string[]>>;
  /** What the files named by `hashedPasswordFile` hold, by machine path; absent ones are missing. */
  readonly passwordFiles: Readonly<Record<string, PasswordState>>;
  /** Whether something is at a machine path; false also where that cannot be seen. */
  readonly has: (path: string) => boolean;
  /** What /etc/shells lists. */
  readonly shells: readonly string[];
  /** Texts of /etc/pam.d by service; those of the configuration that runs where they cannot be read. */
  readonly pam?: PamTexts | undefined;
  readonly interfaces: readonly InterfaceNow[];
  /** What answers to the session's client leave through, as `interfaceTo` finds it. */
  readonly wayOut?: string | undefined;
  /** Who got the session's address from a DHCP server. */
  readonly leaseHolder?: LeaseHolder | undefined;
  /** Kernel modules that are loaded, with `_` for `-`. */
  readonly loadedModules?: readonly string[];
  /** Who is at work, when /etc/passwd does not have them: accounts of LDAP, SSSD, systemd-homed. */
  readonly stranger?: string | undefined;
  /** Next hops of the default routes, that of the preferred one first. */
  readonly gateways: readonly string[];
  readonly disks: DisksNow;
}
