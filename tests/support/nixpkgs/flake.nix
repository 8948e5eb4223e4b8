{
  description = "A stand-in for nixpkgs, small enough for tests without a network (see README.md)";

  outputs =
    _:
    let
      lib = import ./lib;
      systems = [
        "x86_64-linux"
        "aarch64-linux"
      ];
    in
    {
      lib = lib // {
        nixos.evalModules = lib.evalModules;
        nixosSystem =
          args:
          import ./nixos/lib/eval-config.nix (
            {
              inherit lib;
              system = null;
            }
            // args
          );
      };
      legacyPackages = lib.genAttrs systems (system: import ./. { inherit system; });
    };
}
