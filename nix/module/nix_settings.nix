# Nix on a Hyper-NixOS host: flakes, and downloads that neither crawl nor hang.
{ lib, config, ... }:
let
  cfg = config.hypervisor;
in
{
  options.hypervisor.nix = {
    fast = lib.mkOption {
      type = lib.types.bool;
      default = true;
      example = false;
      description = ''
        Whether Nix downloads over 25 connections and builds with every core. When off, it uses 5
        connections, for lines that are shared.
      '';
    };
    substituters = lib.mkOption {
      type = lib.types.listOf lib.types.str;
      default = [ ];
      example = [ "https://cache.example.org" ];
      description = ''
        Binary caches to ask besides those of NixOS. Each needs its key in
        `hypervisor.nix.trustedPublicKeys`.
      '';
    };
    trustedPublicKeys = lib.mkOption {
      type = lib.types.listOf lib.types.str;
      default = [ ];
      example = [ "cache.example.org-1:Kv8YmYpY0p7w5Yy0n5hX0bXxFqf9mB2V4dC3sN1uT0E=" ];
      description = "The public keys of `hypervisor.nix.substituters`.";
    };
  };

  config = lib.mkIf cfg.enable {
    assertions = [{
      assertion = cfg.nix.substituters == [ ] || cfg.nix.trustedPublicKeys != [ ];
      message = "hypervisor.nix.substituters names a binary cache, but hypervisor.nix.trustedPublicKeys has no key for it: Nix would refuse everything from it. Add the cache's public key.";
    }];

    nix.settings = {
      experimental-features = lib.mkDefault [ "nix-command" "flakes" ];
      http-connections = lib.mkDefault (if cfg.nix.fast then 25 else 5);
      max-jobs = lib.mkIf cfg.nix.fast (lib.mkDefault "auto");
      cores = lib.mkIf cfg.nix.fast (lib.mkDefault 0);
      # A cache that is down delays a rebuild by seconds and does not fail it.
      connect-timeout = lib.mkDefault 5;
      fallback = lib.mkDefault true;
      extra-substituters = lib.mkIf (cfg.nix.substituters != [ ]) cfg.nix.substituters;
      extra-trusted-public-keys = lib.mkIf (cfg.nix.trustedPublicKeys != [ ]) cfg.nix.trustedPublicKeys;
    };
  };
}
