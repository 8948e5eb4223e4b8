# What `nix flake check` builds.
{
  pkgs,
  packages,
  module,
  source,
  # The store path of nixpkgs.
  nixpkgs,
}:
let
  inherit (pkgs) lib;
  names = import ./executables.nix;

  # Runs a script in a writable copy of this tree, with the npm packages at hand and no network.
  inTree =
    name: inputs: script:
    pkgs.runCommand "hyper-nixos-${name}"
      {
        nativeBuildInputs = [ pkgs.deno ] ++ inputs;
      }
      ''
        cp -r ${source} tree
        chmod -R u+w tree
        cd tree
        export HOME="$PWD/.home" DENO_DIR="$PWD/.deno" DENO_NO_UPDATE_CHECK=1
        mkdir "$HOME" "$DENO_DIR"
        cp -r ${pkgs.callPackage ./npm_dependencies.nix { }} "$DENO_DIR/npm"
        chmod -R u+w "$DENO_DIR"
        ${script}
        touch $out
      '';

  # Tests that look for what an ordinary Linux has and a sandbox has not: /usr/bin, /mnt, disks, the
  # machine's other processes.
  unboxed = [
    "tests/campaign"
    "tests/demo"
    "tests/docs"
    "tests/machine/child_environment_test.ts"
    "tests/machine/hardware/device_names_test.ts"
    "tests/machine/accounts/session_test.ts"
  ];

  host =
    modules:
    import (pkgs.path + "/nixos/lib/eval-config.nix") {
      system = null;
      modules = [
        module
        { nixpkgs.hostPlatform = pkgs.stdenv.hostPlatform.system; }
      ]
      ++ modules;
    };
  evaluates =
    name: modules:
    pkgs.runCommand "hyper-nixos-${name}" {
      # Evaluated as a whole, not built.
      toplevel = builtins.unsafeDiscardStringContext (host modules).config.system.build.toplevel.drvPath;
    } "echo $toplevel > $out";
in
{
  format = inTree "format" [ ] "deno fmt --check cmd lib tests nix";
  lint = inTree "lint" [ ] "deno lint cmd lib tests nix";
  shell-and-nix = inTree "shell-and-nix" [
    pkgs.shellcheck
    pkgs.nixfmt
    pkgs.deadnix
  ] "deno run -A nix/lint.ts";
  types = inTree "types" [ ] "deno check --frozen --cached-only cmd lib tests nix";
  # The tests skip what a sandbox lacks (Nix, root) and say so. Tools run there as root of a user
  # namespace (tests/support/launch.ts); where there is none, the tests that start them are left out.
  tests = inTree "tests" [ pkgs.curl pkgs.git pkgs.jq pkgs.openssl pkgs.util-linux ] ''
    ignore=${lib.concatStringsSep "," unboxed}
    unshare --map-root-user true || ignore=$ignore,tests/e2e
    deno test --allow-all --frozen --cached-only --ignore=$ignore tests
  '';

  # The built executables start, find their wrapper's commands, and are what they say.
  run = pkgs.runCommand "hyper-nixos-run" { } (
    lib.concatMapStrings (name: ''
      ${packages.${name}}/bin/${name} --version | grep -F ${lib.escapeShellArg "${name} "}
      ${packages.${name}}/bin/${name} --help > /dev/null
    '') names
    + "touch $out"
  );

  module-disabled = evaluates "module-disabled" [
    ./generic_host.nix
    { hypervisor.enable = lib.mkForce false; }
  ];
  module-enabled = evaluates "module-enabled" [
    ./generic_host.nix
    {
      hypervisor = {
        cpu.vendor = "intel";
        iommu.enable = true;
        operators = [ "operator" ];
      };
      users.users.operator.isNormalUser = true;
    }
  ];
}
// lib.optionalAttrs (pkgs.stdenv.hostPlatform.system == "x86_64-linux") {
  vm = import ./vm_test {
    inherit
      pkgs
      module
      packages
      source
      nixpkgs
      ;
  };
}
