# The folder to copy to a USB stick, with the executables of this system: docs/offline.md. They are built
# against this nixpkgs' glibc, so a machine whose glibc is older cannot start them; `deno task usb` makes a
# kit with Deno's own runtime, which asks for less.
{
  lib,
  runCommand,
  deno,
  executables,
  source,
  system,
}:
runCommand "hyper-nixos-usb-kit"
  {
    nativeBuildInputs = [ deno ];
    meta = {
      description = "Hyper-NixOS and its tools, to be copied to a USB stick";
      platforms = lib.platforms.linux;
    };
  }
  ''
    export HOME="$PWD" DENO_DIR="$PWD/.deno" DENO_NO_UPDATE_CHECK=1
    mkdir -p $out executables/${system}
    ${lib.concatStrings (
      lib.mapAttrsToList (name: executable: ''
        ln -s ${executable.program}/libexec/${name} executables/${system}/${name}
      '') executables
    )}
    deno run --allow-all --no-check --cached-only ${source}/nix/usb_kit.ts $out --executables "$PWD/executables" \
      ${lib.optionalString (source ? rev) "--commit ${source.rev}"}
  ''
