# Nix on a Hyper-NixOS host: flakes, and downloads that neither crawl nor hang.
{ lib, config, ... }:
let
  cfg = config.hypervisor;
  features = [
    "nix-command"
    "flakes"
  ];
  words = value: if builtins.isString value then lib.splitString " " value else value;
  missing = lib.subtractLists (lib.concatMap (name: words (config.nix.settings.${name} or [ ])) [
    "experimental-features"
    "extra-experimental-features"
  ]) features;
in
{
  options.hypervisor.nix = {
    fast = lib.mkOption {
      type = lib.types.bool;
      default = true;
      example = false;
      description = ''
        Whether Nix downloads over 25 connections. When off, it uses 5, for lines that are shared.
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
    assertions = [
      {
        assertion = cfg.nix.substituters == [ ] || cfg.nix.trustedPublicKeys != [ ];
        message = "hypervisor.nix.substituters names a binary cache, but hypervisor.nix.trustedPublicKeys has no key for it: Nix would refuse everything from it. Add the cache's public key.";
      }
    ];

    nix.settings = {
      # Beside the owner's experimental-features, which may be a text or a list and would not merge.
      extra-experimental-features = lib.mkOverride 1200 features;
      http-connections = lib.mkOverride 1200 (if cfg.nix.fast then 25 else 5);
      # A cache that is down delays a rebuild by seconds and does not fail it.
      connect-timeout = lib.mkOverride 1200 5;
      fallback = lib.mkOverride 1200 true;
      substituters = lib.mkIf (cfg.nix.substituters != [ ]) cfg.nix.substituters;
      trusted-public-keys = lib.mkIf (cfg.nix.trustedPublicKeys != [ ]) cfg.nix.trustedPublicKeys;
    };
    # Where the owner's extra-experimental-features takes the place of ours and lacks one.
    nix.extraOptions = lib.mkIf (missing != [ ]) (
      lib.mkAfter "extra-experimental-features = ${toString missing}"
    );
  };
}
