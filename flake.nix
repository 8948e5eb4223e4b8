{
  description = "Hyper-NixOS: a NixOS machine that hosts virtual machines, and the tools that install and keep it";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixpkgs-unstable";

  # No name of an output depends on an input: Nix asks for names first, and would fetch nixpkgs for a
  # host that is built by its owner's.
  outputs =
    { self, nixpkgs }:
    let
      genAttrs =
        names: f:
        builtins.listToAttrs (
          map (name: {
            inherit name;
            value = f name;
          }) names
        );
      forEachSystem = f: genAttrs [ "x86_64-linux" "aarch64-linux" ] f;
      pkgsFor = system: nixpkgs.legacyPackages.${system};
      executables = import ./nix/executables.nix;
      toolkit =
        pkgs:
        import ./nix/packages.nix {
          inherit pkgs;
          source = self;
        };
      module = import ./nix/flake_module.nix { inherit toolkit; };
      nixosHost = modules: nixpkgs.lib.nixosSystem { modules = [ module ] ++ modules; };
      genericHost =
        system:
        nixosHost [
          ./nix/generic_host.nix
          { nixpkgs.hostPlatform = system; }
        ];
    in
    {
      packages = forEachSystem (
        system:
        let
          packages = toolkit (pkgsFor system);
        in
        genAttrs (
          executables
          ++ [
            "usb-kit"
            "default"
          ]
        ) (name: packages.${name})
      );
      apps = forEachSystem (
        system:
        let
          apps = import ./nix/apps.nix {
            inherit (nixpkgs) lib;
            packages = toolkit (pkgsFor system);
          };
        in
        genAttrs executables (name: apps.${name})
      );
      overlays.default = final: _: { hyper-nixos = (toolkit final).default; };
      nixosModules.default = module;
      lib.fleet = import ./nix/fleet.nix {
        inherit module;
        ownNixpkgs = nixpkgs;
      };
      nixosConfigurations = {
        hypervisor-x86_64 = genericHost "x86_64-linux";
        hypervisor-aarch64 = genericHost "aarch64-linux";
      }
      # Absolute paths are forbidden in pure evaluation; with --impure this is the installed machine.
      // (if builtins ? currentSystem then import ./nix/host.nix { inherit nixosHost; } else { });
      checks = forEachSystem (
        system:
        let
          pkgs = pkgsFor system;
        in
        import ./nix/checks.nix {
          inherit pkgs module;
          packages = toolkit pkgs;
          source = self;
          nixpkgs = nixpkgs.outPath;
        }
      );
      devShells = forEachSystem (system: {
        default = import ./nix/dev_shell.nix { pkgs = pkgsFor system; };
      });
      formatter = forEachSystem (system: import ./nix/formatter.nix { pkgs = pkgsFor system; });
    };
}
