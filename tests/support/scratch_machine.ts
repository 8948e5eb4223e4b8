/**
 * Scratch machines: whole NixOS file trees under a temporary root, with the modes, owners, links and
 * formats of real ones. What is in them is the description each is made from (`facts`).
 *
 *   using machine = scratchMachine("rented");
 *   const ctx = testContext({ root: machine.root });
 */
import { changeText } from "./change_text.ts";
import { OFFLINE_NIX_CONFIG } from "./context.ts";
import { copySync } from "./copy.ts";
import { isNixUsable } from "./nix_usable.ts";
import { writeAccounts } from "./machines/accounts.ts";
import { bios } from "./machines/bios.ts";
import type { MachineDescription, MachineKind } from "./machines/description.ts";
import { flake } from "./machines/flake.ts";
import { writeHardware } from "./machines/hardware.ts";
import { hostile } from "./machines/hostile.ts";
import { MachineFiles, storePath } from "./machines/machine_files.ts";
import { mustRun } from "./must_run.ts";
import { rented } from "./machines/rented.ts";
import { toplevel, writeSystem } from "./machines/system.ts";
import { uefi } from "./machines/uefi.ts";

export type { MachineAccount, MachineDescription, MachineKind } from "./machines/description.ts";

/** The five machines. */
export const MACHINE_KINDS: readonly MachineKind[] = ["uefi", "bios", "flake", "rented", "hostile"];

/** What differs from the healthy machine. */
export interface ScratchOptions {
  /** Changes to the description before anything is written. */
  readonly change?: (machine: MachineDescription) => MachineDescription;
  /** No /etc/NIXOS, ID=debian in os-release, no /run/current-system, no system profile. */
  readonly notNixos?: boolean;
  /** No /etc/nixos/hardware-configuration.nix (and no import of it would be found). */
  readonly withoutHardwareConfiguration?: boolean;
  /** /var/lib/hyper-nixos is there and its mode is this, for example 0o777. */
  readonly stateFolderMode?: number;
  /** The owner of /var/lib/hyper-nixos. */
  readonly stateFolderOwner?: number;
  /** /etc/nixos (flake machines) is a git repository with everything committed. */
  readonly git?: boolean;
  /** Make these machine paths immutable (chattr +i), as on a machine with an immutable /etc. */
  readonly immutable?: readonly string[];
}

export interface ScratchMachine extends Disposable {
  readonly kind: MachineKind;
  /** The host path of the machine's `/`: an absolute path without links. */
  readonly root: string;
  /** What was written, for comparison. */
  readonly facts: MachineDescription;
  /** The machine path of the current system. */
  readonly toplevel: string;
  /** The host path of the stand-in nixpkgs (root's channel, or the flake's input). */
  readonly nixpkgs: string;
  /** The host path of a machine path; links are not looked at. */
  host(path: string): string;
  read(path: string): string;
  write(path: string, text: string, mode?: number): void;
  /** Replaces in a file; see {@link changeText}. */
  change(path: string, from: string | RegExp, to: string): void;
  exists(path: string): boolean;
  /** Removes the machine; also called by `using`. */
  dispose(): void;
}

/** The stand-in for nixpkgs that evaluates the machines' configurations. */
export const STAND_IN_NIXPKGS: string = new URL("./nixpkgs", import.meta.url).pathname;

/** Builds a machine. Takes some tens of milliseconds. */
export function scratchMachine(kind: MachineKind, options: ScratchOptions = {}): ScratchMachine {
  const root = Deno.realPathSync(Deno.makeTempDirSync({ prefix: `machine-${kind}-` }));
  // As /: readable by everyone, so that other users' processes can be tried on it.
  Deno.chmodSync(root, 0o755);
  const files = new MachineFiles(root);
  const nixpkgs = storePath("nixos-24.05.20240815.883180e", "nixpkgs") + "/nixos";
  const base = description(kind, `path:${root}${nixpkgs}`);
  const facts = options.change ? options.change(base) : base;

  writeSystem(files, facts);
  writeAccounts(files, facts);
  writeHardware(files, facts);
  copySync(STAND_IN_NIXPKGS, root + nixpkgs);
  if (facts.channel) writeChannel(files, nixpkgs);
  if (kind === "flake" && isNixUsable) lockFlake(root, root + nixpkgs);
  vary(files, facts, options);
  const made = { kind, facts, toplevel: toplevel(facts), nixpkgs: root + nixpkgs };
  return machineAt(root, made, options.immutable);
}

/**
 * Another machine with the same files and what was done to them, such as an installation.
 * @throws Error for a flake machine: its lock file names its own root
 */
export function copyMachine(machine: ScratchMachine): ScratchMachine {
  if (machine.kind === "flake") throw new Error("a flake machine cannot be copied");
  const root = Deno.realPathSync(Deno.makeTempDirSync({ prefix: `machine-${machine.kind}-` }));
  mustRun("cp", ["-a", `${machine.root}/.`, root]);
  const nixpkgs = root + machine.nixpkgs.slice(machine.root.length);
  return machineAt(root, { ...machine, nixpkgs });
}

function machineAt(
  root: string,
  made: Pick<ScratchMachine, "kind" | "facts" | "toplevel" | "nixpkgs">,
  immutable: readonly string[] = [],
): ScratchMachine {
  const files = new MachineFiles(root);
  const dispose = () => {
    for (const path of immutable) chattr("-i", root + path);
    Deno.removeSync(root, { recursive: true });
  };
  return {
    ...made,
    root,
    host: (path) => root + path,
    read: (path) => Deno.readTextFileSync(root + path),
    write: (path, text, mode) => files.file(path, text, mode === undefined ? {} : { mode }),
    change: (path, from, to) => changeText(root + path, from, to),
    exists: (path) => {
      try {
        Deno.lstatSync(root + path);
        return true;
      } catch {
        return false;
      }
    },
    dispose,
    [Symbol.dispose]: dispose,
  };
}

function description(kind: MachineKind, nixpkgs: string): MachineDescription {
  return { uefi, bios, flake: flake(nixpkgs), rented, hostile }[kind];
}

/** Root's channel as nix-channel(1) leaves it. */
function writeChannel(files: MachineFiles, nixpkgs: string): void {
  const environment = storePath("user-environment", "channels");
  const perUser = "/nix/var/nix/profiles/per-user/root";
  files.file(`${environment}/manifest.nix`, "[ ]\n", { mode: 0o444 });
  files.link(`${environment}/nixos`, nixpkgs);
  files.link(`${perUser}/channels-1-link`, environment);
  files.link(`${perUser}/channels`, "channels-1-link");
  files.file("/root/.nix-channels", "https://nixos.org/channels/nixos-24.05 nixos\n");
  files.link("/root/.nix-defexpr/channels_root", `${perUser}/channels`);
}

function vary(files: MachineFiles, facts: MachineDescription, options: ScratchOptions): void {
  const remove = (path: string) => Deno.removeSync(files.host(path), { recursive: true });
  if (options.notNixos) {
    for (
      const path of [
        "/etc/NIXOS",
        "/etc/os-release",
        "/etc/nixos",
        "/run/current-system",
        "/run/booted-system",
        "/nix",
      ]
    ) remove(path);
    files.file("/etc/os-release", 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\n');
  }
  if (options.withoutHardwareConfiguration) remove("/etc/nixos/hardware-configuration.nix");
  if (options.stateFolderMode !== undefined || options.stateFolderOwner !== undefined) {
    files.folder("/var/lib/hyper-nixos", {
      mode: options.stateFolderMode ?? 0o700,
      uid: options.stateFolderOwner ?? 0,
    });
  }
  if (options.git) commitAll(files.host("/etc/nixos"), facts.hostName);
  for (const path of options.immutable ?? []) chattr("+i", files.host(path));
}

/** The lock file that a flake has from its first build on. */
/** When the stand-in was changed last, as lock files of machines say it (seconds since 1970). */
const CHANGED = 1_723_766_400;
/** Lock files by their flakes, with another word for the machine's root, which is all that differs. */
const locks = new Map<string, string>();
const ROOT = "@root@";

/** Locks the machine's flake; Nix is asked once for equal ones. */
function lockFlake(root: string, nixpkgs: string): void {
  setTimes(nixpkgs);
  const folder = `${root}/etc/nixos`;
  const flake = Deno.readTextFileSync(`${folder}/flake.nix`).replaceAll(root, ROOT);
  const file = `${folder}/flake.lock`;
  const known = locks.get(flake);
  if (known === undefined) {
    mustRun("nix", ["flake", "lock", `path:${folder}`], { NIX_CONFIG: OFFLINE_NIX_CONFIG });
    locks.set(flake, Deno.readTextFileSync(file).replaceAll(root, ROOT));
  } else Deno.writeTextFileSync(file, known.replaceAll(ROOT, root));
  Deno.chmodSync(file, 0o644);
}

function setTimes(path: string): void {
  if (Deno.lstatSync(path).isDirectory) {
    for (const { name } of Deno.readDirSync(path)) setTimes(`${path}/${name}`);
  }
  Deno.utimeSync(path, CHANGED, CHANGED);
}

function commitAll(folder: string, name: string): void {
  const identity = ["-c", `user.name=${name}`, "-c", `user.email=root@${name}`];
  for (const args of [["init", "-q"], ["add", "."], ["commit", "-q", "-m", "Configuration"]]) {
    const env = { GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_SYSTEM: "/dev/null" };
    mustRun("git", [...identity, "-C", folder, ...args], env);
  }
}

function chattr(flag: "+i" | "-i", path: string): void {
  new Deno.Command("chattr", { args: [flag, path], stderr: "null" }).outputSync();
}
