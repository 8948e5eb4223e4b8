import * as v from "valibot";
import {
  type AccountFacts,
  type ConfigurationFacts,
  ConfigurationFactsSchema,
} from "../../lib/nix/evaluation/configuration_facts.ts";
import type { AccountState, MachineNow } from "../../lib/rebuild/proofs/machine_now.ts";
import { type ProofQuestion, proofQuestion } from "../../lib/rebuild/proofs/proof_question.ts";

/** A public key as it stands in authorized_keys. */
export const KEY =
  "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGsWcy7bYVJWmRjeVYzmB0g0hRgW8DVg2P0sX2Z5QkLm admin@example";

/** Facts of a declared account: one that nobody can log in to, with these changes. */
export function accountFacts(
  changes: Partial<AccountFacts> & { readonly name: string },
): AccountFacts {
  return {
    uid: null,
    isNormalUser: false,
    group: "users",
    extraGroups: [],
    description: "",
    home: `/home/${changes.name}`,
    createHome: false,
    shell: "/run/current-system/sw/bin/bash",
    password: "none",
    passwordFile: null,
    hasInitialPassword: false,
    authorizedKeys: [],
    ...changes,
  };
}

/** An encrypted device that is opened at boot with a password, or with a key file. */
export function luksDevice(
  name: string,
  device: string,
  keyFile: string | null = null,
): ConfigurationFacts["boot"]["luks"][number] {
  return {
    name,
    device,
    keyFile,
    header: null,
    preLVM: true,
    allowDiscards: false,
    bypassWorkqueues: false,
    fallbackToPassword: false,
  };
}

/**
 * Facts of a NixOS 24.05 with the defaults of NixOS: no SSH server, the firewall on, DHCP, only root,
 * changed by `change`.
 */
export function configurationFacts(
  change: (facts: ConfigurationFacts) => void = () => {},
): ConfigurationFacts {
  const facts = v.parse(ConfigurationFactsSchema, {
    nixosVersion: "24.05.20240710.a046c12",
    system: "x86_64-linux",
    hostName: "nixos",
    stateVersion: "24.05",
    timeZone: "UTC",
    defaultLocale: "en_US.UTF-8",
    consoleKeyMap: "us",
    xkbLayout: "us",
    boot: { timeout: 5, supportedFilesystems: ["ext4"] },
    fileSystems: [{
      mountPoint: "/",
      device: "/dev/vda1",
      fsType: "ext4",
      options: ["defaults"],
      neededForBoot: true,
    }],
    users: {
      accounts: [accountFacts({ name: "root", uid: 0, group: "root", home: "/root" })],
      groups: [{ name: "wheel", gid: 1, members: [] }],
    },
    sudo: { enable: true },
    ssh: {
      ports: [22],
      openFirewall: true,
      hostKeys: [
        { type: "rsa", path: "/etc/ssh/ssh_host_rsa_key", bits: 4096 },
        { type: "ed25519", path: "/etc/ssh/ssh_host_ed25519_key", bits: null },
      ],
      authorizedKeysFiles: ["%h/.ssh/authorized_keys", "/etc/ssh/authorized_keys.d/%u"],
    },
    network: { useDHCP: true, usePredictableInterfaceNames: true },
  });
  change(facts);
  return facts;
}

/** The typical rented server: only root, only a key, sshd on port 2222, static addresses. */
export function rentedServerFacts(
  change: (facts: ConfigurationFacts) => void = () => {},
): ConfigurationFacts {
  return configurationFacts((facts) => {
    facts.hostName = "vps4711";
    facts.users.accounts[0]!.authorizedKeys = [KEY];
    Object.assign(facts.ssh, {
      enable: true,
      ports: [2222],
      passwordAuthentication: false,
      kbdInteractiveAuthentication: false,
    });
    facts.firewall.open.tcp = [2222, 443];
    Object.assign(facts.network, {
      useDHCP: false,
      interfaces: [{
        name: "ens3",
        useDHCP: null,
        ipv4: [{ address: "203.0.113.42", prefixLength: 24 }],
        ipv6: [{ address: "2001:db8:4711::2", prefixLength: 64 }],
        ipv4Routes: [],
        ipv6Routes: [],
        macAddress: null,
        mtu: null,
      }],
      defaultGateway: { address: "203.0.113.1", interface: null, metric: null },
      defaultGateway6: { address: "fe80::1", interface: "ens3", metric: null },
      nameservers: ["203.0.113.53"],
    });
    change(facts);
  });
}

/** An account as it is now: a person with a password and bash, with these changes. */
export function accountState(
  changes: Partial<AccountState> & { readonly name: string },
): AccountState {
  return {
    uid: 1000,
    home: `/home/${changes.name}`,
    shell: "/run/current-system/sw/bin/bash",
    password: "hash",
    groups: ["users"],
    declaredKeys: [],
    ...changes,
  };
}

/** The rented server at this moment: root's SSH session over the address that it was rented with. */
export function rentedServerNow(changes: Partial<MachineNow> = {}): MachineNow {
  return {
    at: new Date("2026-06-15T12:00:00Z"),
    has: () => true,
    shells: [],
    session: {
      kind: "ssh",
      clientAddress: "198.51.100.7",
      serverAddress: "203.0.113.42",
      serverPort: 2222,
    },
    person: "root",
    accounts: [accountState({
      name: "root",
      uid: 0,
      home: "/root",
      password: "none",
      groups: ["root"],
      declaredKeys: [KEY],
    })],
    declaredBefore: ["root"],
    keyFiles: {},
    passwordFiles: {},
    interfaces: [
      { name: "lo", addresses: [{ address: "127.0.0.1", prefixLength: 8 }] },
      {
        name: "ens3",
        addresses: [
          { address: "203.0.113.42", prefixLength: 24 },
          { address: "2001:db8:4711::2", prefixLength: 64 },
          { address: "fe80::5054:ff:fe12:3456", prefixLength: 64 },
        ],
      },
    ],
    gateways: ["203.0.113.1", "fe80::1"],
    disks: { presence: () => "unknown", kernelName: (device) => device, below: [] },
    ...changes,
  };
}

/** What proofs are made on: two configurations, on the rented server with these changes. */
export function question(
  before: ConfigurationFacts | undefined,
  after: ConfigurationFacts,
  changes: Partial<MachineNow> = {},
): ProofQuestion {
  return proofQuestion(before, after, rentedServerNow(changes));
}
