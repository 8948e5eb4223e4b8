# Ways to build: every one is a derivation whose builder is /bin/sh.
{
  lib,
  system,
  pkgs,
}:
let
  platform = lib.systems.elaborate system;
  # The builder's own PATH is empty; these are where commands are on any Linux and on NixOS.
  hostPath = "/run/current-system/sw/bin:/usr/bin:/bin";

  runShell =
    name: attrs: script:
    let
      passthru = attrs.passthru or { };
      meta = attrs.meta or { };
      drv = derivation (
        removeAttrs attrs [
          "passthru"
          "meta"
        ]
        // {
          inherit name;
          system = attrs.system or builtins.currentSystem or system;
          builder = "/bin/sh";
          args = [
            "-eu"
            "-c"
            "export PATH=\"\${toolPath:+$toolPath:}${hostPath}\"; umask 022; ${script}"
          ];
          inherit script;
        }
      );
    in
    passthru
    // drv
    // {
      inherit meta passthru;
      version = attrs.version or "";
    }
    // lib.optionalAttrs (attrs ? pname) { inherit (attrs) pname; }
    // lib.genAttrs (attrs.outputs or [ ]) (output: drv.${output});

  setupHooks = lib.concatMapStrings (input: input.setupHook or "");
  # Without a real Deno (see placeholders.nix) nothing is downloaded: a result of fixed hash is then an
  # ordinary one, with placeholder content.
  forgetHash =
    attrs:
    if builtins.getEnv "STANDIN_DENO" != "" then
      attrs
    else
      removeAttrs attrs [
        "outputHash"
        "outputHashAlgo"
        "outputHashMode"
      ];

  # As in nixpkgs: made where it is needed, and never taken from a cache.
  local = {
    preferLocalBuild = true;
    allowSubstitutes = false;
  };

  phases = [
    "unpackPhase"
    "patchPhase"
    "configurePhase"
    "buildPhase"
    "checkPhase"
    "installPhase"
    "fixupPhase"
    "installCheckPhase"
  ];
  mkDerivation =
    given:
    let
      attrs = if builtins.isFunction given then lib.fix given else given;
      name = attrs.name or "${attrs.pname}-${attrs.version}";
      inputs =
        attrs.nativeBuildInputs or [ ] ++ attrs.buildInputs or [ ] ++ attrs.nativeCheckInputs or [ ];
      default = {
        unpackPhase = lib.optionalString (attrs ? src) ''
          cp -r "$src" source; chmod -R u+w source; cd source
        '';
        installPhase = ''mkdir -p "$out"'';
      };
      body =
        phase:
        let
          skipped =
            attrs."dont${lib.toUpper (builtins.substring 0 1 phase)}${
              lib.removeSuffix "Phase" (builtins.substring 1 (-1) phase)
            }" or false;
          wanted =
            {
              checkPhase = attrs.doCheck or false;
              installCheckPhase = attrs.doInstallCheck or false;
            }
            .${phase} or true;
        in
        lib.optionalString (wanted && !skipped) (attrs.${phase} or default.${phase} or "");
      passed = removeAttrs (forgetHash attrs) (
        phases
        ++ [
          "env"
          "nativeBuildInputs"
          "buildInputs"
          "nativeCheckInputs"
          "passthru"
          "meta"
          "doCheck"
          "doInstallCheck"
        ]
      );
    in
    runShell name
      (
        passed
        // attrs.env or { }
        // {
          toolPath = lib.makeBinPath inputs;
          passthru = attrs.passthru or { } // {
            overrideAttrs =
              f: mkDerivation (attrs // (if builtins.isFunction (f attrs) then f attrs attrs else f attrs));
          };
          meta = attrs.meta or { };
        }
      )
      ''
        runHook() { :; }
        substituteInPlace() { echo "the stand-in has no substituteInPlace" >&2; exit 1; }
        export HOME="$PWD"
        ${setupHooks inputs}
        ${lib.concatMapStrings (phase: "${body phase}\n") phases}
      '';
in
rec {
  inherit runShell;
  stdenv = {
    inherit mkDerivation;
    hostPlatform = platform;
    buildPlatform = platform;
    targetPlatform = platform;
    isLinux = true;
    shell = "/bin/sh";
    cc.libc = runShell "libc-0" { } "mkdir -p $out/lib";
    cc.bintools.dynamicLinker = "/lib64/ld-linux-x86-64.so.2";
  };
  stdenvNoCC = stdenv;
  inherit (stdenv) shell;
  runtimeShell = "/bin/sh";

  runCommand =
    name: attrs: script:
    let
      inputs = attrs.nativeBuildInputs or [ ] ++ attrs.buildInputs or [ ];
    in
    runShell name (
      removeAttrs attrs [
        "nativeBuildInputs"
        "buildInputs"
      ]
      // {
        toolPath = lib.makeBinPath inputs;
      }
    ) "${setupHooks inputs}\n${script}";
  runCommandLocal = runCommand;
  runCommandNoCC = runCommand;
  emptyDirectory = runShell "empty" { } "mkdir $out";

  writeTextFile =
    {
      name,
      text,
      executable ? false,
      destination ? "",
      meta ? { },
      ...
    }:
    # A text in the environment is limited to 128 KiB (execve(2)); a file is not.
    runShell name
      (
        local
        // {
          inherit
            text
            executable
            destination
            meta
            ;
          passAsFile = [ "text" ];
        }
      )
      ''
        target="$out$destination"
        [ -z "$destination" ] || mkdir -p "''${target%/*}"
        cat "$textPath" > "$target"
        if [ -n "$executable" ]; then chmod +x "$target"; fi
      '';
  writeText = name: text: writeTextFile { inherit name text; };
  writeTextDir =
    path: text:
    writeTextFile {
      name = baseNameOf path;
      inherit text;
      destination = "/${path}";
    };
  writeScript =
    name: text:
    writeTextFile {
      inherit name text;
      executable = true;
    };
  writeShellScript = name: text: writeScript name "#!/usr/bin/env bash\n${text}";
  writeShellScriptBin =
    name: text:
    writeTextFile {
      inherit name;
      text = "#!${runtimeShell}\n${text}";
      executable = true;
      destination = "/bin/${name}";
      meta.mainProgram = name;
    };
  writeShellApplication =
    {
      name,
      text,
      runtimeInputs ? [ ],
      meta ? { },
      ...
    }:
    writeTextFile {
      inherit name;
      text = "#!${runtimeShell}\nset -eu\nexport PATH=\"${lib.makeBinPath runtimeInputs}:$PATH\"\n${text}";
      executable = true;
      destination = "/bin/${name}";
      meta = {
        mainProgram = name;
      }
      // meta;
    };

  # Links of every package's files, first one wins.
  buildEnv =
    {
      name,
      paths,
      postBuild ? "",
      meta ? { },
      passthru ? { },
      ...
    }:
    let
      priority = package: package.meta.priority or 5;
      sorted = builtins.sort (a: b: priority a < priority b) paths;
    in
    # Of two files with one name, the one of the package with the lower priority is there.
    runShell name
      (
        local
        // {
          inherit meta passthru;
          paths = map toString sorted;
        }
      )
      ''
        mkdir -p $out
        for package in $paths; do
          (cd "$package" && find . -type d) | (cd "$out" && xargs mkdir -p)
          (cd "$package" && find . ! -type d) | while read -r file; do
            [ -e "$out/$file" ] || [ -L "$out/$file" ] || ln -s "$package/$file" "$out/$file"
          done
        done
        ${postBuild}
      '';
  symlinkJoin = buildEnv;
  linkFarm =
    name: entries:
    let
      list =
        if builtins.isList entries then
          entries
        else
          lib.mapAttrsToList (name: path: { inherit name path; }) entries;
    in
    runShell name (local // { links = lib.concatMapStrings (e: "${e.name}\t${e.path}\n") list; }) ''
      mkdir -p $out
      printf '%s' "$links" | while IFS="$(printf '\t')" read -r link target; do
        link="$out/$link"
        [ -d "''${link%/*}" ] || mkdir -p "''${link%/*}"
        ln -s "$target" "$link"
      done
    '';

  mkShell =
    attrs:
    runShell (attrs.name or "nix-shell") {
      toolPath = lib.makeBinPath (
        attrs.packages or [ ] ++ attrs.nativeBuildInputs or [ ] ++ attrs.buildInputs or [ ]
      );
    } "mkdir $out";
  mkShellNoCC = mkShell;

  # The part of makeWrapper that is used here: --set, --set-default, --prefix, --suffix, --run, --add-flags.
  makeWrapper = runShell "make-wrapper" {
    passthru.setupHook = builtins.readFile ./make_wrapper.sh;
  } "mkdir $out";
  makeBinaryWrapper = makeWrapper;

  # The machines of a VM test are evaluated, the test itself becomes a list of their systems and its script.
  testers.runNixOSTest =
    test:
    let
      module =
        if builtins.isFunction test then
          test { inherit pkgs lib; }
        else if builtins.isAttrs test then
          test
        else
          lib.toFunction (import test) { inherit pkgs lib; };
      nodes = lib.mapAttrs (
        name: node:
        import ../nixos/lib/eval-config.nix {
          inherit system;
          modules = [
            node
            (module.defaults or { })
            {
              networking.hostName = lib.mkDefault name;
              system.stateVersion = lib.mkDefault lib.release;
              fileSystems."/".device = lib.mkDefault "/dev/vda";
              boot.loader.grub.device = lib.mkDefault "/dev/vda";
            }
          ];
        }
      ) (module.nodes or { });
    in
    runShell "vm-test-run-${module.name}"
      {
        systems = lib.mapAttrsToList (
          _: node: builtins.unsafeDiscardStringContext node.config.system.build.toplevel.drvPath
        ) nodes;
        testScript = module.testScript or "";
        passAsFile = [ "testScript" ];
        passthru = { inherit nodes; };
      }
      ''
        mkdir $out
        printf '%s\\n' $systems > $out/systems
        cp "$testScriptPath" $out/test-script
      '';
  nixosTest = testers.runNixOSTest;
}
