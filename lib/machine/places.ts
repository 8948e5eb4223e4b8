/**
 * Where things are on a machine (machine paths, to be mapped by `Root`). One list, so that the tools,
 * the tests and the documentation agree.
 */
export const places = {
  /** The flake: Hyper-NixOS's source tree. */
  source: "/etc/hypervisor/src",
  /** Generated NixOS modules and host.json; world-readable, no secrets. */
  configuration: "/etc/hypervisor/configuration",
  /** Which host this machine is; see host_record.ts. */
  hostRecord: "/etc/hypervisor/configuration/host.json",
  /** The flake and the generated modules of a host of a published tree; see tree_layout.ts. */
  host: "/etc/hypervisor/host",
  hypervisor: "/etc/hypervisor",
  /** Who may sign the commits that are synced; the NixOS module writes it. */
  signers: "/etc/hypervisor/signers",
  nixos: "/etc/nixos",
  flakeLink: "/etc/nixos/flake.nix",
  hardwareConfiguration: "/etc/nixos/hardware-configuration.nix",
  /** Root-only state: passwords, receipts, backups, cache, sync state. */
  state: "/var/lib/hyper-nixos",
  passwords: "/var/lib/hyper-nixos/passwords",
  receipts: "/var/lib/hyper-nixos/receipts",
  backups: "/var/lib/hyper-nixos/backups",
  /** Copies of guests' definitions, which the module's timer makes. */
  guestBackups: "/var/lib/hyper-nixos/guests",
  cache: "/var/lib/hyper-nixos/cache",
  /** Which commit the source tree is, and what it is made of; see source_tree.ts. */
  syncState: "/var/lib/hyper-nixos/sync/state.json",
  syncIndex: "/var/lib/hyper-nixos/sync/index",
  activations: "/var/lib/hyper-nixos/activations",
  lock: "/run/hyper-nixos.lock",
  logs: "/var/log/hypervisor",
  rebuildLogs: "/var/log/nixos",
  systemProfile: "/nix/var/nix/profiles/system",
  currentSystem: "/run/current-system",
  bootedSystem: "/run/booted-system",
} as const;
