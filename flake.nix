{
  description = "Hyper-NixOS: a NixOS machine that hosts virtual machines, and the tools that install and keep it";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixpkgs-unstable";

  outputs = { self, nixpkgs }:
    let
      inherit (nixpkgs) lib;
      systems = [ "x86_64-linux" "aarch64-linux" ];
      forEachSystem = f: lib.genAttrs systems (system: f nixpkgs.legacyPackages.${system});
      toolkit = pkgs: import ./nix/packages.nix { inherit pkgs; source = self; };
      module = import ./nix/flake_module.nix { inherit toolkit; };
      nixosHost = modules: lib.nixosSystem { modules = [ module ] ++ modules; };
    in
    {
      packages = forEachSystem toolkit;
      apps = forEachSystem (pkgs: import ./nix/apps.nix { inherit lib; packages = toolkit pkgs; });
      overlays.default = final: _: { hyper-nixos = (toolkit final).default; };
      nixosModules.default = module;
      nixosConfigurations =
        lib.listToAttrs (map
          (system: {
            name = "hypervisor-${lib.removeSuffix "-linux" system}";
            value = nixosHost [ ./nix/generic_host.nix { nixpkgs.hostPlatform = system; } ];
          })
          systems)
        # Absolute paths are forbidden in pure evaluation; with --impure this is the installed machine.
        // lib.optionalAttrs (builtins ? currentSystem) (import ./nix/host.nix { inherit lib nixosHost; });
      checks = forEachSystem (pkgs: import ./nix/checks.nix {
        inherit pkgs module;
        packages = toolkit pkgs;
        source = self;
        nixpkgs = nixpkgs.outPath;
      });
      devShells = forEachSystem (pkgs: { default = import ./nix/dev_shell.nix { inherit pkgs; }; });
      formatter = forEachSystem (pkgs: import ./nix/formatter.nix { inherit pkgs; });
    };
}
