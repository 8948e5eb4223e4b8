# One executable: compiled in the sandbox, without network, and wrapped.
{
  lib,
  stdenvNoCC,
  callPackage,
  deno,
  makeWrapper,
  runCommand,
  coreutils,
  curl,
  esbuild,
  git,
  gnutar,
  gzip,
  jq,
  less,
  util-linux,
  name,
  source,
}:
let
  inherit (lib.importJSON ../deno.json) version;

  # `deno compile` appends the program to this runtime. nixpkgs has it since mid 2026.
  denort =
    deno.denort
      or (throw "this nixpkgs has no deno.denort, which compiling ${name} needs: use the nixpkgs that flake.lock pins, or a later one");

  # What is compiled, and no other file: a change elsewhere in the tree compiles nothing again.
  code = lib.cleanSourceWith {
    name = "hyper-nixos-code";
    src = ../.;
    filter =
      path: _:
      let
        relative = lib.removePrefix (toString ../. + "/") (toString path);
      in
      lib.elem relative (
        [
          "cmd"
          "lib"
          "deno.json"
          "deno.lock"
          "nix"
        ]
        ++ map (file: "nix/${file}") [
          "bundle.ts"
          "code_maker.js"
          "compile.ts"
          "compiled_code.ts"
          "descriptions.json"
          "elf.ts"
          "launcher.js"
          "man.ts"
        ]
      )
      || lib.hasPrefix "cmd/" relative
      || lib.hasPrefix "lib/" relative;
  };

  program = stdenvNoCC.mkDerivation {
    pname = "${name}-program";
    inherit version;
    src = code;
    nativeBuildInputs = [ deno ];
    env.DENORT_BIN = "${denort}/bin/denort";
    # Deno would download its own; it is bundled for a sooner start (see bundle.ts).
    env.ESBUILD = lib.getExe esbuild;
    buildPhase = ''
      runHook preBuild
      export DENO_DIR="$PWD/.deno"
      mkdir "$DENO_DIR"
      cp -r ${callPackage ./npm_dependencies.nix { }} "$DENO_DIR/npm"
      chmod -R u+w "$DENO_DIR"
      deno run --allow-all --no-check --frozen --cached-only nix/compile.ts --into "$PWD/compiled" ${name}
      mkdir share
      deno run --allow-all --no-check --frozen --cached-only nix/man.ts share ${name}
      runHook postBuild
    '';
    installPhase = ''
      runHook preInstall
      mkdir -p $out/libexec
      mv compiled/${name} $out/libexec/${name}
      mv share $out/share
      runHook postInstall
    '';
    # The program lies behind the end of the ELF file: both would cut it off.
    dontStrip = true;
    dontPatchELF = true;
  };

  # What the tools and the installer's shell start, besides what belongs to the machine itself
  # (nixos-rebuild, systemctl, nix): those must be the machine's own.
  tools = [
    coreutils
    curl
    git
    gnutar
    gzip
    jq
    less
    util-linux
  ];

  # Where the runtime cannot start, it does not say why, or not so that people understand it. Nothing is sent
  # to /dev/null, which may be missing.
  surroundings = ''
    refuse() {
      printf '[${name}] error: %s\n[${name}]   next: %s\n' "$1" "$2" >&2
      exit "$3"
    }
    _=$(pwd -P 2>&1) || refuse 'the folder that you are in was removed' 'cd /, then run it again' 1
    [ -e /proc/self/exe ] || refuse '/proc is not mounted' \
      'mount it: mount -t proc proc /proc (for a chroot, nixos-enter does it)' 2
    [ "$(ulimit -v)" = unlimited ] || _=$(${program}/libexec/${name} --version 2>&1) ||
      refuse "it does not start with $(ulimit -v) KiB of address space" \
        'ulimit -v unlimited (for a service, LimitAS=infinity), then run it again' 1
  '';
in
runCommand "${name}-${version}"
  {
    pname = name;
    inherit version;
    nativeBuildInputs = [ makeWrapper ];
    passthru = { inherit program; };
    meta = {
      description = (lib.importJSON ./descriptions.json).${name};
      mainProgram = name;
      license = lib.licenses.mit;
      platforms = lib.platforms.linux;
    };
  }
  ''
    mkdir -p $out
    cp -r ${program}/share $out/share
    makeWrapper ${program}/libexec/${name} $out/bin/${name} \
      --run ${lib.escapeShellArg surroundings} \
      --prefix PATH : ${lib.makeBinPath tools} \
      --set HYPERVISOR_SOURCE ${source} \
      ${lib.optionalString (source ? rev) "--set HYPERVISOR_SOURCE_COMMIT ${source.rev}"} \
      --set HYPERVISOR_EXECUTABLE $out/bin/${name}
  ''
