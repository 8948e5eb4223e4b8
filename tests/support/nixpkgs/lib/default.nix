# The library of the stand-in: the functions of nixpkgs' `lib` that the toolkit, its tests and ordinary
# machine configurations use, written for this repository. See ../README.md.
let
  self =
    import ./values.nix { lib = self; }
    // import ./strings.nix { lib = self; }
    // import ./options.nix { lib = self; }
    // import ./modules.nix { lib = self; }
    // {
      types = import ./types.nix { lib = self; };
      systems = import ./systems.nix { lib = self; };
      sources = import ./sources.nix { lib = self; };
      inherit (self.sources) cleanSource cleanSourceWith;
    };
in
self
