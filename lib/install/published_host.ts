import type { HostRecord } from "../machine/host_record.ts";
import { places } from "../machine/places.ts";
import { printExpression } from "../nix/expression_layout.ts";
import { commentLines } from "../nix/nix_string.ts";
import type { FileStep } from "./step.ts";

/** What a published tree's host is told of this machine beside host.json, which a pure flake cannot read. */
export interface PublishedHost {
  readonly host: HostRecord;
  /** Whether /etc/nixos/flake.nix leads to it while such a generation runs. */
  readonly flakeLink: boolean;
  /** The text of the machine's hardware file. */
  readonly hardware: string;
}

/** The name of the copy of the machine's hardware file. */
export const HARDWARE_COPY = "hardware-configuration.nix";

/**
 * The files of `places.host` that are the same for every machine, or that are made of one fact of it.
 * The flake copies its whole folder to the store: nothing else belongs there.
 */
export function publishedHostFiles({ host, flakeLink, hardware }: PublishedHost): FileStep[] {
  return [
    hostFile("flake.nix", "compose the host", FLAKE),
    hostFile("machine.nix", "add tools and nixos-rebuild", MACHINE),
    hostFile(HARDWARE_COPY, "copy the hardware file", hardware),
    hostFactsStep(host, flakeLink),
  ];
}

/** `host.nix`: the members of host.json that the flake reads. */
export function hostFactsStep(host: HostRecord, flakeLink: boolean): FileStep {
  const comment =
    "The host, written by system-installer. Do not edit: the next run writes it anew.";
  const facts = {
    hostName: host.hostName,
    system: host.system,
    tools: host.version === 2 ? host.tools : null,
    flakeLink,
  };
  const text = [...commentLines(comment), printExpression(facts), ""].join("\n");
  return hostFile("host.nix", "tell the flake of the host", text);
}

function hostFile(name: string, title: string, content: string): FileStep {
  return {
    kind: "file",
    id: `host/${name}`,
    title,
    path: `${places.host}/${name}`,
    mode: 0o644,
    content,
  };
}

/**
 * The pin is read from the tree's own lock file, so that it follows the tree. `fetchTree` of what is
 * locked works in pure evaluation (Nix manual, "builtins.fetchTree"); nixpkgs' flake has no inputs.
 */
const FLAKE = String
  .raw`# This machine, made of the Hyper-NixOS in /etc/hypervisor/src and of the modules beside this file.
# Written by system-installer. Do not edit: your own settings belong into local.nix.
# Everything in this folder is copied to the Nix store, which everybody can read.
{
  description = "This machine: Hyper-NixOS with the machine's own settings";

  # rebuild-helper and this host's nixos-rebuild always take the tree as it is now.
  inputs.tree = {
    url = "path:/etc/hypervisor/src";
    flake = false;
  };

  outputs = { self, tree }:
    let
      host = import ./host.nix;
      lock = builtins.fromJSON (builtins.readFile "${"${tree}"}/flake.lock");
      source = builtins.fetchTree lock.nodes.${"${lock.nodes.${lock.root}.inputs.nixpkgs}"}.locked;
      nixpkgs = source // (import "${"${source}"}/flake.nix").outputs { self = nixpkgs; };
    in
    {
      nixosConfigurations.${"${host.hostName}"} = nixpkgs.lib.nixosSystem {
        modules = [
          "${"${tree}"}/configuration.nix"
          ./hardware-configuration.nix
          ./hardware-local.nix
          ./users-local.nix
          ./system-local.nix
          ./machine.nix
        ] ++ (if builtins.pathExists ./local.nix then [ ./local.nix ] else [ ]);
      };
    };
}
`;

/** As nix/module/{tools,installed,nixos_rebuild}.nix do it, without an option in the tree's namespace. */
const MACHINE = String
  .raw`# What an installation adds to the tree: the five tools, a nixos-rebuild that builds this host, and the
# link in /etc/nixos. Written by system-installer. Do not edit.
{ lib, config, options, pkgs, ... }:
let
  host = import ./host.nix;

  # A store path that a garbage-collection root keeps.
  tools = {
    outPath = builtins.appendContext host.tools { ${"${host.tools}"}.path = true; };
    type = "derivation";
    name = "hyper-nixos-tools";
  };

  # NixOS's own nixos-rebuild, in shell or Python.
  others = lib.filter (definition: definition.file != file && definition.value ? nixos-rebuild)
    options.system.build.definitionsWithLocations;
  stock = (lib.mergeDefinitions [ "system" "build" "nixos-rebuild" ]
    (lib.types.uniq lib.types.unspecified)
    (map (definition: { inherit (definition) file; value = definition.value.nixos-rebuild; }) others)
  ).mergedValue;
  file = toString ./machine.nix;
  # Who names no flake, file or attribute gets this host, of the tree as it is now.
  script = pkgs.writeShellScript "nixos-rebuild" ''
    stock=${"${stock}"}/bin/nixos-rebuild
    action=
    for word in "$@"; do
      case $word in
        --flake | --flake=* | -F | --no-flake | --file | -f | --attr | -A | --store-path | --rollback | --help | -h)
          exec "$stock" "$@"
          ;;
        switch | boot | test | build | dry-build | dry-run | dry-activate | build-vm | build-vm-with-bootloader | repl | edit)
          action=$word
          ;;
      esac
    done
    if [ -z "$action" ]; then exec "$stock" "$@"; fi
    exec "$stock" "$@" --flake ${'${lib.escapeShellArg "path:/etc/hypervisor/host#${host.hostName}"}'} \
      --override-input tree path:/etc/hypervisor/src
  '';
  wrapper = pkgs.symlinkJoin {
    name = "nixos-rebuild";
    paths = [ stock ];
    postBuild = ''
      rm $out/bin/nixos-rebuild
      ln -s ${"${script}"} $out/bin/nixos-rebuild
    '';
    meta = { mainProgram = "nixos-rebuild"; priority = -10; };
  };
in
{
  _file = file;
  config = lib.mkMerge [
    {
      nixpkgs.hostPlatform = lib.mkOverride 1200 host.system;
      environment.systemPackages = [ wrapper ] ++ lib.optional (host.tools != null) tools;
      # Stronger than NixOS's plain definition; an owner's mkForce still wins.
      system.build.nixos-rebuild = lib.mkOverride 90 wrapper;
    }
    (lib.mkIf host.flakeLink {
      # Not mode "direct-symlink": see nix/module/installed.nix of the toolkit.
      environment.etc."nixos/flake.nix".source = lib.mkOverride 1200 "/etc/hypervisor/host/flake.nix";
      system.activationScripts = lib.mkIf (!(config.system.etc.overlay.enable or false)) {
        etc.deps = [ "hyper-nixos-flake" ];
        hyper-nixos-flake.text = ''
          case "$(readlink /etc/nixos/flake.nix || true)" in
            /etc/static/nixos/flake.nix | /etc/hypervisor/host/flake.nix) ;;
            *)
              if [[ -e /etc/nixos/flake.nix || -L /etc/nixos/flake.nix ]]; then
                cp --archive --backup=numbered /etc/nixos/flake.nix /etc/nixos/flake.nix.kept
                echo "/etc/nixos/flake.nix becomes a link to that of Hyper-NixOS; what it was is /etc/nixos/flake.nix.kept"
              fi
              ;;
          esac
        '';
      };
    })
  ];
}
`;
